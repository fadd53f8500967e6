/** Where things of the host bundle are. Versions stand beside each other; `current` is the one that runs, `previous` the one before. */
import { join } from 'node:path';

export interface Layout {
  /** `<version>-<build>/` for each version, and the links `current` and `previous`. */
  bundles: string;
  current: string;
  previous: string;
  /** Settings, trusted keys and the marks of a change of version. */
  settings: string;
  state: string;
  units: string;
  /** Made by systemd when the worker starts, gone when it ends. */
  runtime: string;
  command: string;
  environmentFile: string;
}

export function layoutAt(root = '/'): Layout {
  const bundles = join(root, 'opt/maestro-host');
  const state = join(root, 'var/lib/maestro');
  return {
    bundles, state,
    current: join(bundles, 'current'),
    previous: join(bundles, 'previous'),
    settings: join(state, 'bundle'),
    units: join(root, 'etc/systemd/system'),
    runtime: join(root, 'run/maestro-host'),
    command: join(root, 'usr/local/bin/maestro-host'),
    environmentFile: join(root, 'etc/maestro/host-worker.env'),
  };
}

export const workerUnit = 'maestro-host.service';
export const upgradeUnit = 'maestro-host-upgrade.service';
/** Of the install script's downloads, and of our own. */
export const incomingPrefix = '.incoming-';
export const upgradePrefix = '.upgrade-';
