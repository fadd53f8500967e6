/** What the activities of a host work with. */
import type { Logger } from 'pino';
import type { ControlPlane } from '../control-plane/client.js';
import type { Reporter } from '../control-plane/reporter.js';
import type { Fault } from '../faults.js';
import type { ObserveDeps } from '../observe/observe.js';
import type { Locks } from '../locks.js';
import type { DaemonReload } from '../systemd/systemctl.js';

export interface HostDeps extends ObserveDeps {
  node: string;
  control: ControlPlane;
  reporter: Reporter;
  locks: Locks;
  reload: DaemonReload;
  fault: Fault;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}
