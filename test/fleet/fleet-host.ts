import { z } from 'zod';
import { runCommand, runCommandOrThrow, type CommandResult } from './run-command.js';
import { stageWorkerBundle } from './worker-bundle.js';

const COMMAND_TIMEOUT_MS = 30_000;
const REBOOT_TIMEOUT_MS = 120_000;
// Several hosts are installed at once, on a machine that does other things as well.
const INSTALL_TIMEOUT_MS = 180_000;
/** As the host bundle has it. */
const INSTALLED_UNIT = 'maestro-host.service';
const MOUNTED_UNIT = 'maestro-host-worker.service';
const WORKER_FOLDER = '/opt/maestro-worker';
const WORKER_ENVIRONMENT_FILE = '/etc/maestro/host-worker.env';
const WORKER_STATE_FOLDER = '/var/lib/maestro';

// No limit on starts: tests kill the worker more often than a real host would lose it.
const MOUNTED_UNIT_FILE = `[Unit]
Description=Maestro host worker
Wants=docker.service
After=docker.service
StartLimitIntervalSec=0

[Service]
ExecStart=${WORKER_FOLDER}/node ${WORKER_FOLDER}/worker.cjs
EnvironmentFile=${WORKER_ENVIRONMENT_FILE}
StateDirectory=maestro
StateDirectoryMode=0700
WorkingDirectory=${WORKER_STATE_FOLDER}
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

const inspectedContainer = z.looseObject({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  RestartCount: z.number(),
  State: z.looseObject({ Status: z.string(), Running: z.boolean(), ExitCode: z.number(), Pid: z.number(), StartedAt: z.string() }),
  Config: z.looseObject({
    Image: z.string(),
    Env: z.array(z.string()).nullish(),
    Cmd: z.array(z.string()).nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
  }),
  HostConfig: z.looseObject({
    Memory: z.number(),
    NanoCpus: z.number(),
    Binds: z.array(z.string()).nullish(),
    RestartPolicy: z.looseObject({ Name: z.string() }),
  }),
  NetworkSettings: z.looseObject({
    Ports: z.record(z.string(), z.array(z.looseObject({ HostIp: z.string(), HostPort: z.string() })).nullable()),
    Networks: z.record(z.string(), z.looseObject({ IPAddress: z.string() })),
  }),
});
export type InspectedContainer = z.infer<typeof inspectedContainer>;

const interfaces = z.array(z.looseObject({ ifindex: z.number(), ifname: z.string() }));

/** What a worker is told besides its state folder: for tests alone, since its identity says the rest. */
export type WorkerEnvironment = Readonly<Record<string, string>>;

export interface WorkerStatus {
  active: boolean;
  pid: number;
  restarts: number;
}

export interface ExecOptions {
  timeoutMs?: number;
  input?: string | Buffer;
  user?: string;
}

export interface FileOptions {
  mode?: string;
  owner?: string;
}

export interface FleetHostSettings {
  id: string;
  container: string;
  address: string;
  workerBundle: string;
}

/** systemd reads double quotes in an EnvironmentFile as a shell does. */
function environmentLine(name: string, value: string): string {
  return `${name}="${value.replace(/[\\"`$]/g, '\\$&')}"`;
}

export class FleetHost {
  readonly id: string;
  readonly container: string;
  readonly address: string;
  private unit = INSTALLED_UNIT;

  constructor(private readonly settings: FleetHostSettings) {
    this.id = settings.id;
    this.container = settings.container;
    this.address = settings.address;
  }

  /** Runs a command on the host, as root unless told otherwise. A non-zero exit is a result, not an error. */
  exec(argv: readonly string[], options: ExecOptions = {}): Promise<CommandResult> {
    return runCommand('docker', this.dockerExec(argv, options), {
      timeoutMs: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
      input: options.input,
    });
  }

  private execOrThrow(argv: readonly string[], options: ExecOptions = {}): Promise<string> {
    return runCommandOrThrow('docker', this.dockerExec(argv, options), {
      timeoutMs: options.timeoutMs ?? COMMAND_TIMEOUT_MS,
      input: options.input,
    });
  }

  private dockerExec(argv: readonly string[], options: ExecOptions): string[] {
    const input = options.input === undefined ? [] : ['--interactive'];
    const user = options.user === undefined ? [] : ['--user', options.user];
    return ['exec', ...input, ...user, this.container, ...argv];
  }

  readFile(path: string): Promise<string> {
    return this.execOrThrow(['cat', '--', path]);
  }

  /** Makes missing parent folders; 0644 root unless told otherwise. */
  async writeFile(path: string, content: string | Buffer, options: FileOptions = {}): Promise<void> {
    const owner = options.owner === undefined ? [] : ['--owner', options.owner];
    await this.execOrThrow(['install', '-D', '--mode', options.mode ?? '0644', ...owner, '/dev/stdin', path], { input: content });
  }

  /** A container of the host's own Docker; undefined when there is none of that name. */
  async dockerInspect(name: string): Promise<InspectedContainer | undefined> {
    const result = await this.exec(['docker', 'container', 'inspect', name]);
    if (result.exitCode !== 0) {
      if (/no such container/i.test(result.stderr)) return undefined;
      throw new Error(`${this.id}: docker inspect ${name}: ${result.stderr}`);
    }
    return z.tuple([inspectedContainer]).parse(JSON.parse(result.stdout))[0];
  }

  /** The worker's unit, by whichever way it came here. */
  get workerUnit(): string {
    return this.unit;
  }

  /**
   * Runs the command that POST /api/enrollments answers, as it is; resolves when the worker is ready, under the unit that
   * users have. By standard input, as a person types it: the token is in no list of processes and in no error message.
   * `environment`: settings of this host, which are there before the worker starts.
   */
  async install(command: string, environment: WorkerEnvironment = {}): Promise<void> {
    if (Object.keys(environment).length > 0) await this.writeEnvironment(environment);
    this.unit = INSTALLED_UNIT;
    await this.execOrThrow(['bash', '-o', 'pipefail', '-s'], { input: `${command}\n`, timeoutMs: INSTALL_TIMEOUT_MS });
  }

  private writeEnvironment(environment: WorkerEnvironment): Promise<void> {
    const lines = Object.entries(environment).map(([name, value]) => environmentLine(name, value));
    return this.writeFile(WORKER_ENVIRONMENT_FILE, `${lines.join('\n')}\n`, { mode: '0600' });
  }

  /**
   * The quick way, for programs that stand in for the worker: run from a folder that is mounted, by a unit without limits.
   * It comes back after a kill and after a reboot, too.
   */
  async startWorker(environment: WorkerEnvironment, workerBundle = this.settings.workerBundle): Promise<void> {
    const bundleOnHost = await stageWorkerBundle(workerBundle);
    this.unit = MOUNTED_UNIT;
    await this.writeEnvironment({ MAESTRO_STATE: WORKER_STATE_FOLDER, ...environment });
    await this.writeFile(`/etc/systemd/system/${MOUNTED_UNIT}`, MOUNTED_UNIT_FILE);
    await this.execOrThrow(['ln', '-sfn', bundleOnHost, WORKER_FOLDER]);
    await this.execOrThrow(['systemctl', 'daemon-reload']);
    await this.execOrThrow(['systemctl', 'enable', '--quiet', MOUNTED_UNIT]);
    await this.execOrThrow(['systemctl', 'restart', MOUNTED_UNIT]);
  }

  /** Stops the worker for good; `killWorker` is the crash it recovers from. */
  async stopWorker(): Promise<void> {
    await this.execOrThrow(['systemctl', 'stop', this.unit]);
  }

  async killWorker(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    await this.execOrThrow(['systemctl', 'kill', `--signal=${signal}`, this.unit]);
  }

  async workerStatus(): Promise<WorkerStatus> {
    const properties = ['ActiveState', 'MainPID', 'NRestarts'];
    const shown = await this.execOrThrow(['systemctl', 'show', `--property=${properties.join(',')}`, this.unit]);
    const value = (name: string): string => new RegExp(`^${name}=(.*)$`, 'm').exec(shown)?.[1] ?? '';
    return { active: value('ActiveState') === 'active', pid: Number(value('MainPID')), restarts: Number(value('NRestarts')) };
  }

  /** All the worker has printed since the host was made, reboots included. */
  workerLog(): Promise<string> {
    return this.execOrThrow(['journalctl', '--unit', this.unit, '--output', 'cat', '--no-pager', '--quiet']);
  }

  /** Reboots, by an orderly shutdown or as if the power had failed, and waits until the host is ready again. */
  async reboot(how: 'orderly' | 'power-loss' = 'orderly'): Promise<void> {
    const options = { timeoutMs: REBOOT_TIMEOUT_MS };
    await runCommandOrThrow('docker', how === 'orderly' ? ['stop', this.container] : ['kill', this.container], options);
    await runCommandOrThrow('docker', ['start', this.container], options);
    await this.execOrThrow(['fleet-ready', '90'], options);
  }

  /** Pulls the network cable: packets vanish in both directions, nothing on the host is told. `exec` still works. */
  disconnect(): Promise<void> {
    return this.setLink('down');
  }

  reconnect(): Promise<void> {
    return this.setLink('up');
  }

  /** At this machine's end of the cable: "docker network disconnect" would take the interface and its routes away. */
  private async setLink(state: 'up' | 'down'): Promise<void> {
    const peer = Number(await this.readFile('/sys/class/net/eth0/iflink'));
    const argv = ['-json', 'link', 'show', 'type', 'veth'];
    const links = interfaces.parse(JSON.parse(await runCommandOrThrow('ip', argv, { timeoutMs: COMMAND_TIMEOUT_MS })));
    const link = links.find((candidate) => candidate.ifindex === peer);
    if (link === undefined) throw new Error(`${this.id}: no interface ${String(peer)} on this machine`);
    await runCommandOrThrow('ip', ['link', 'set', 'dev', link.ifname, state], { timeoutMs: COMMAND_TIMEOUT_MS });
  }
}
