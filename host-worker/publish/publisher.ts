/**
 * Published ports of the components that are deployed without an interruption: which container or unit they lead to is in a
 * file of the host's journal, and the kernel's rules are made of that file and of the containers' addresses, all at once.
 */
import type Dockerode from 'dockerode';
import { MaestroError } from '../../spec/errors.js';
import type { PortMapping } from '../../spec/desired.js';
import type { Colour, PortPair } from '../../spec/slots.js';
import { readDurable, writeDurably } from '../journal/durable-file.js';
import type { PlacementKey } from '../journal/journal.js';
import { allowFromLocalhost, type Reach, reachOf } from './address.js';
import type { KernelRules } from './kernel-rules.js';
import { type Publication, type Publications, publications } from './record.js';
import { hasAnyOfOurs, isEverywhere, isHookedForPublishing, isInPlace, publishChain, restoreText, type Target, wantedChains } from './rules.js';
import { liveRules, SavedRules } from './saved-rules.js';
import { choosePair } from './slot-ports.js';
import { type Socket, socketsOf } from './sockets.js';

export interface PublisherDeps {
  /** The file, in the journal's folder. */
  path: string;
  docker: Dockerode;
  kernel: KernelRules;
  /** Of the host. */
  sockets?: () => Promise<Socket[]>;
}

/** What was told of a container by the rules that are there. */
export type LivePorts = (container: string) => Promise<{ ports: PortMapping[] } | null>;

export class Publisher {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly deps: PublisherDeps) {}

  async of(key: PlacementKey): Promise<Publication | null> {
    return (await this.read()).find((entry) => isFor(entry, key)) ?? null;
  }

  /** Of placements that a unit serves. */
  async ofUnits(): Promise<Publication[]> {
    return (await this.read()).filter(({ unit }) => unit === true);
  }

  /** The ports of a placement's two units, chosen when it has none. `idle`: nothing of ours listens there now, so that its port is given up when somebody else does. */
  takeSlots(key: PlacementKey, idle: readonly Colour[]): Promise<PortPair> {
    return this.inTurn(async () => {
      const all = await this.readAll();
      const mine = all.slots.find((slot) => isFor(slot, key)) ?? null;
      const pair = await choosePair(all, key, mine, idle, this.deps.sockets ?? (() => socketsOf('self')));
      if (mine === null || mine.blue !== pair.blue || mine.green !== pair.green) await this.write({ ...all, slots: [...all.slots.filter((slot) => !isFor(slot, key)), { deploy_id: key.deploy_id, component: key.component, ...pair }] });
      return pair;
    });
  }

  giveUpSlots(key: PlacementKey): Promise<void> {
    return this.inTurn(async () => {
      const all = await this.readAll();
      if (all.slots.some((slot) => isFor(slot, key))) await this.write({ ...all, slots: all.slots.filter((slot) => !isFor(slot, key)) });
    });
  }

  async isUsed(): Promise<boolean> {
    return (await this.read()).length > 0;
  }

  /** Written down first, so that whoever makes the rules next makes these. null: nothing of the placement is published any more. */
  record(key: PlacementKey, entry: Publication | null): Promise<void> {
    return this.inTurn(async () => {
      const all = await this.readAll();
      const others = all.published.filter((other) => !isFor(other, key));
      await this.write({ ...all, published: entry === null ? others : [...others, entry] });
    });
  }

  /**
   * Makes the rules what the records and the containers' addresses ask for; nothing is written when they are. Answers
   * with what a person should know. A container that does not run gets none.
   */
  refresh(): Promise<string[]> {
    return this.inTurn(async () => {
      const entries = await this.read();
      const saved = entries.length === 0 ? await this.savedIfAny() : new SavedRules(await this.deps.kernel.save());
      if (saved === null || (entries.length === 0 && !hasAnyOfOurs(saved))) return [];
      const reaches = await Promise.all(entries.map((entry) => this.reaches(entry)));
      const wanted = wantedChains(entries.flatMap((entry, index) => targetOf(entry, reaches[index])));
      if (entries.length === 0 || !isInPlace(saved, wanted)) await this.deps.kernel.restore(restoreText(saved, wanted, entries.length > 0));
      return this.allowLocalhost(entries, reaches);
    });
  }

  /** Nothing is published: a host without iptables has none of our rules. */
  private async savedIfAny(): Promise<SavedRules | null> {
    const found = await readDurable(this.deps.path, publications);
    if (found === null) return null;
    return new SavedRules(await this.deps.kernel.save());
  }

  /** Reads only; null when nothing was ever published here. */
  async live(): Promise<LivePorts | null> {
    const entries = await this.read();
    if (entries.length === 0) return null;
    const saved = new SavedRules(await this.deps.kernel.save());
    const rules = isHookedForPublishing(saved) ? liveRules(saved.rules('nat', publishChain) ?? []) : [];
    return async (container) => {
      const entry = entries.find((candidate) => candidate.container === container);
      if (entry === undefined) return null;
      const isLive = (port: PortMapping, ip: string): boolean => rules.some((rule) => rule.protocol === port.protocol && rule.host_port === port.host_port && isSameIp(rule.ip, port.ip) && rule.to_ip === ip && rule.to_port === port.container_port);
      if (entry.unit === true) return { ports: entry.ports.filter((port) => isLive(port, '')) };
      const reach = await reachOf(this.deps.docker, container);
      // While it does not run, there are no rules that could be wrong.
      if (reach === null) return { ports: entry.ports };
      return { ports: entry.ports.filter((port) => isLive(port, reach.ip)) };
    };
  }

  reach(container: string): Promise<Reach | null> {
    return reachOf(this.deps.docker, container);
  }

  /**
   * Before anything is touched: throws conflict when one of the ports is somebody else's, who would not be reached any
   * more. `held`: ports that the placement has now, in whichever way.
   */
  async refuseTaken(key: PlacementKey, ports: readonly PortMapping[], held: readonly PortMapping[]): Promise<void> {
    await this.deps.kernel.save();
    const others = (await this.read()).filter((entry) => !isFor(entry, key));
    const fresh = ports.filter((port) => !held.some((has) => meets(has, port)));
    for (const port of ports) {
      const other = others.find((entry) => entry.ports.some((has) => meets(has, port)));
      if (other !== undefined) throw taken(port, `${other.component} of the deploy ${other.deploy_id} publishes it`);
    }
    const sockets = fresh.length === 0 ? [] : await (this.deps.sockets ?? (() => socketsOf('self')))();
    for (const port of fresh) {
      if (sockets.some((socket) => socket.state === 'listening' && socket.protocol === port.protocol && socket.port === port.host_port && addressMeets(socket.ip, port.ip))) throw taken(port, 'something on this host listens there');
    }
  }

  private async read(): Promise<Publication[]> {
    return (await this.readAll()).published;
  }

  private async readAll(): Promise<Publications> {
    return (await readDurable(this.deps.path, publications)) ?? { format: 1, published: [], slots: [] };
  }

  private write(all: Publications): Promise<void> {
    return writeDurably(this.deps.path, all);
  }

  private async reaches({ container, draining, unit }: Publication): Promise<{ serving: Reach | null; draining: Reach | null }> {
    if (unit === true) return { serving: null, draining: null };
    const { docker } = this.deps;
    return { serving: await reachOf(docker, container), draining: draining === null ? null : await reachOf(docker, draining) };
  }

  private async allowLocalhost(entries: readonly Publication[], reaches: readonly { serving: Reach | null }[]): Promise<string[]> {
    const wanting = entries.flatMap(({ ports }, index) => (ports.some(({ ip }) => isEverywhere(ip) || ip.startsWith('127.')) ? [reaches[index]?.serving ?? null] : []));
    const told = await Promise.all(wanting.filter((reach) => reach !== null).map(allowFromLocalhost));
    return [...new Set(told.filter((line) => line !== null))];
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.turn.then(work, work);
    this.turn = turn.catch(() => undefined);
    return turn;
  }
}

const isFor = (entry: PlacementKey, key: PlacementKey): boolean => entry.deploy_id === key.deploy_id && entry.component === key.component;

function targetOf({ ports, unit }: Publication, reaches: { serving: Reach | null; draining: Reach | null } | undefined): Target[] {
  if (unit === true) return [{ ports, address: null, draining: [] }];
  if (reaches === undefined || reaches.serving === null) return [];
  return [{ ports, address: reaches.serving, draining: reaches.draining === null ? [] : [reaches.draining] }];
}

const isSameIp = (a: string, b: string): boolean => a === b || (isEverywhere(a) && isEverywhere(b));
const addressMeets = (a: string | null, b: string): boolean => a !== null && (isEverywhere(a) || isEverywhere(b) || a === b);
const meets = (a: PortMapping, b: PortMapping): boolean => a.protocol === b.protocol && a.host_port === b.host_port && addressMeets(a.ip, b.ip);

const taken = ({ host_port: port, protocol }: PortMapping, why: string): MaestroError =>
  new MaestroError('conflict', `port ${String(port)}/${protocol} of this host is taken: ${why}`, { fix: 'Free the port, or publish another one.', details: { port, protocol } });
