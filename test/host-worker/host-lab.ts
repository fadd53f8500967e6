/** A real host (systemd and Docker of its own), a stand-in for the control plane, and the driver that acts on the host. */
import { z } from 'zod';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { type Fleet, type FleetHost, type InspectedContainer, startFleet } from '../fleet/fleet.js';
import { ControlPlaneStandIn } from './control-plane-stand-in.js';
import { bundleDriver } from './driver/bundle-driver.js';
import type { DriverAnswer, DriverCall, DriverRequest } from './driver/protocol.js';

const driverPath = '/root/driver.cjs';
const statePath = '/var/lib/maestro-test';
const driverTimeoutMs = 120_000;
const killedBySigkill = 137;

export interface ActOptions { fault?: string; rounds?: number; cancelAfterMs?: number; leave?: boolean; attempt?: number; keepMs?: number; hold?: boolean; takeBack?: boolean }

export class HostLab {
  private runs = 0;
  private since = '0';

  private constructor(readonly fleet: Fleet, readonly host: FleetHost, readonly control: ControlPlaneStandIn) {}

  static async start(): Promise<HostLab> {
    const [fleet, driver] = await Promise.all([startFleet({ hosts: ['h1'] }), bundleDriver()]);
    const host = fleet.host('h1');
    const lab = new HostLab(fleet, host, await ControlPlaneStandIn.start(fleet.gatewayAddress));
    await host.writeFile(driverPath, driver);
    return lab;
  }

  async stop(): Promise<void> {
    await this.control.stop();
    await this.fleet.stop();
  }

  /** Takes everything off the host that a test made; images stay. */
  async reset(): Promise<void> {
    await this.succeed(['fleet-reset'], 120_000);
    await this.succeed(['rm', '-rf', statePath, '/etc/maestro/units']);
    await this.succeed(['sh', '-c', 'if iptables-save | grep -q MAESTRO; then iptables-save | grep -v MAESTRO | iptables-restore; fi']);
    this.control.runs.clear();
    this.control.pins.clear();
    this.since = (await this.succeed(['date', '+%s.%N'])).trim();
  }

  /** A new run in which these placements are wanted. */
  open(...placements: DesiredPlacement[]): string {
    this.runs += 1;
    const run = `rol_${String(this.runs).padStart(16, '0')}`;
    this.control.runs.set(run, placements);
    return run;
  }

  /** null: the driver was killed by the fault it was given. */
  async ask(calls: DriverCall[], options: ActOptions = {}): Promise<DriverAnswer | null> {
    const request: DriverRequest = {
      node: 'h1', url: `http://${this.fleet.gatewayAddress}:${String(this.control.port)}`, state: statePath, calls,
      ...(options.rounds === undefined ? {} : { rounds: options.rounds }),
      ...(options.keepMs === undefined ? {} : { keep_ms: options.keepMs }),
      ...(options.cancelAfterMs === undefined ? {} : { cancel_after_ms: options.cancelAfterMs, leave: options.leave === true }),
    };
    const fault = options.fault === undefined ? [] : ['MAESTRO_TEST_FAULTS=1', `MAESTRO_FAULT=${options.fault}:kill`];
    const result = await this.host.exec(['env', ...fault, 'node', driverPath, JSON.stringify(request)], { timeoutMs: driverTimeoutMs });
    if (options.fault !== undefined && result.exitCode === killedBySigkill) return null;
    if (result.exitCode !== 0) throw new Error(`the driver failed (${String(result.exitCode)}): ${result.stderr}\n${result.stdout}`);
    return JSON.parse(result.stdout) as DriverAnswer;
  }

  activate(run: string, component = 'web', options: ActOptions = {}): Promise<DriverAnswer | null> {
    const { activity, work } = this.call('activate', run, component, options.attempt);
    return this.ask([{ activity, work: { ...work, ...(options.hold === true ? { hold_switch: true } : {}), ...(options.takeBack === true ? { take_back: true } : {}) } }], options);
  }

  call(activity: DriverCall['activity'], run: string, component: string, attempt = 1): DriverCall {
    const wanted = this.control.runs.get(run)?.find((placement) => placement.component === component);
    return { activity, work: { deploy_id: wanted?.deploy_id ?? 'dpl_aaaaaaaaaaaaaaaa', version: wanted?.version ?? 1, host: 'h1', run_id: run, component, attempt } };
  }

  /** Applies placements one after the other, as a rollout would: prepare, then activate. */
  async apply(...placements: DesiredPlacement[]): Promise<string> {
    const run = this.open(...placements);
    for (const { component } of placements) {
      for (const activity of ['prepare', 'activate'] as const) {
        const answer = await this.ask([this.call(activity, run, component)]);
        if (answer?.ended !== 'well') throw new Error(`${activity} of ${component}: ${JSON.stringify(answer)}`);
      }
    }
    return run;
  }

  /** What the host would do about these placements now. */
  async plan(...placements: DesiredPlacement[]): Promise<PlacementPlan[]> {
    const run = this.open(...placements);
    const answer = await this.ask([{ activity: 'observe', work: { deploy_id: placements[0]?.deploy_id ?? '', version: 1, host: 'h1', run_id: run } }]);
    if (answer?.ended !== 'well') throw new Error(`observe: ${JSON.stringify(answer)}`);
    return (answer.results[0] as { placements: PlacementPlan[] }).placements;
  }

  async succeed(argv: readonly string[], timeoutMs = 60_000): Promise<string> {
    const result = await this.host.exec(argv, { timeoutMs });
    if (result.exitCode !== 0) throw new Error(`${argv.join(' ')}: exit ${String(result.exitCode)}: ${result.stderr}${result.stdout}`);
    return result.stdout;
  }

  inspect(name: string): Promise<InspectedContainer | undefined> {
    return this.host.dockerInspect(name);
  }

  /** Names of all containers, running or not. */
  async containers(): Promise<string[]> {
    return (await this.succeed(['docker', 'ps', '--all', '--format', '{{.Names}} {{.State}}'])).trim().split('\n').filter((line) => line !== '').sort();
  }

  /** Docker's own record of what happened since the last reset: an account that the worker does not keep. */
  async dockerEvents(action: string): Promise<{ name: string; attempt: string | undefined }[]> {
    const argv = ['docker', 'events', '--since', this.since, '--until', await this.now(), '--filter', 'type=container', '--filter', `event=${action}`, '--format', '{{json .Actor.Attributes}}'];
    const lines = (await this.succeed(argv)).trim().split('\n').filter((line) => line !== '');
    return lines.map((line) => z.looseObject({ name: z.string(), 'maestro.attempt': z.string().optional() }).parse(JSON.parse(line))).map((attributes) => ({ name: attributes.name, attempt: attributes['maestro.attempt'] }));
  }

  private async now(): Promise<string> {
    return (await this.succeed(['date', '+%s.%N'])).trim();
  }

  async journal(deployId: string, component: string): Promise<{ applied: { version: number } | null; files: string[]; units: string[]; attempt: { state: string } | null }> {
    return JSON.parse(await this.host.readFile(`${statePath}/journal/placements/${deployId}/${component}.json`));
  }

  async httpBody(url: string): Promise<string> {
    return (await this.host.exec(['curl', '-sS', '-m', '5', url])).stdout;
  }
}
