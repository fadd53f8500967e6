/**
 * The host's rules that lead published ports to containers and to other ports of the host, as text of `iptables-restore --noflush`. Pure.
 *
 * Chains of our own stand in front of Docker's, so that a port leads to our container even while the one before it is
 * still published by Docker. NAT is decided by a connection's first packet: those that are open stay where they are.
 */
import type { PortMapping } from '../../spec/desired.js';
import { sha256Hex } from '../../spec/hash.js';
import type { SavedRules } from './saved-rules.js';

/** Where a container is reached, and the size of its network. */
export interface Address { ip: string; prefix: number }
/** `address`: null: a program of the host itself. */
export interface Target { ports: readonly PortMapping[]; address: Address | null; /** Of containers whose open connections go on. */ draining: readonly Address[] }

export const publishChain = 'MAESTRO-PUBLISH';

interface Hook { table: 'nat' | 'filter'; chain: string; into: string; match: string; /** It has to stand behind these and in front of those. */ behind: readonly string[]; before: readonly string[] }

const hooks: readonly Hook[] = [
  { table: 'nat', chain: publishChain, into: 'PREROUTING', match: '-m addrtype --dst-type LOCAL', behind: [], before: ['DOCKER'] },
  { table: 'nat', chain: publishChain, into: 'OUTPUT', match: '-m addrtype --dst-type LOCAL', behind: [], before: ['DOCKER'] },
  { table: 'nat', chain: 'MAESTRO-MASQUERADE', into: 'POSTROUTING', match: '', behind: [], before: [] },
  // What an administrator forbids in DOCKER-USER stays forbidden.
  { table: 'filter', chain: 'MAESTRO-FORWARD', into: 'FORWARD', match: '-m conntrack --ctstate DNAT', behind: ['DOCKER-USER'], before: ['DOCKER', 'DOCKER-ISOLATION-STAGE-1', 'DOCKER-FORWARD'] },
  { table: 'filter', chain: 'MAESTRO-INPUT', into: 'INPUT', match: '', behind: [], before: [] },
];
const tables = ['nat', 'filter'] as const;
const chainsOf = (table: Hook['table']): string[] => [...new Set(hooks.filter((hook) => hook.table === table).map(({ chain }) => chain))];

type Chains = ReadonlyMap<string, readonly string[]>;

/** What each chain shall hold; its first rule matches everything, does nothing and carries the digest of all of them. */
export function wantedChains(all: readonly Target[]): Chains {
  const targets = all.filter(isElsewhere);
  const here = all.filter(({ address }) => address === null).flatMap(({ ports }) => ports);
  const rules: [string, string[]][] = [
    [publishChain, [...targets.flatMap(({ ports, address }) => ports.map((port) => `${toPort(port)} -j DNAT --to-destination ${address.ip}:${String(port.container_port)}`)), ...here.map(redirect)]],
    ['MAESTRO-MASQUERADE', targets.flatMap(({ ports, address }) => endpoints(ports).flatMap((port) => masquerade(address, port)))],
    ['MAESTRO-FORWARD', targets.flatMap(({ ports, address, draining }) => [address, ...draining].flatMap(({ ip }) => endpoints(ports).map((port) => accept(ip, port))))],
    // Hosts beside a container must not reach what listens on 127.0.0.1 alone, which route_localnet would let them do.
    ['MAESTRO-INPUT', [...(targets.length === 0 ? [] : ['-d 127.0.0.0/8 ! -i lo -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP']), ...here.map(onlyLed)]],
  ];
  const mark = `-m comment --comment ${markOf(rules)}`;
  return new Map(rules.map(([chain, lines]) => [chain, [mark, ...lines]]));
}

const isElsewhere = (target: Target): target is Target & { address: Address } => target.address !== null;

const toPort = (port: PortMapping): string => `${destination(port)}-p ${port.protocol} -m ${port.protocol} --dport ${String(port.host_port)}`;

/** First packets alone: what the kernel has not followed from its beginning stays with the program that has it. */
const redirect = (port: PortMapping): string => `${toPort(port)}${port.protocol === 'tcp' ? ' --syn' : ''} -j REDIRECT --to-ports ${String(port.container_port)}`;

/** From other machines there is one way to a program: the published port. */
const onlyLed = ({ protocol, container_port: port }: PortMapping): string =>
  `! -i lo -p ${protocol} -m ${protocol} --dport ${String(port)} -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP`;

const markOf = (rules: unknown): string => `maestro-${sha256Hex(JSON.stringify(rules)).slice(0, 16)}`;
export const isEverywhere = (ip: string): boolean => ip === '' || ip === '0.0.0.0';
const destination = ({ ip }: PortMapping): string => (isEverywhere(ip) ? '' : `-d ${ip}/32 `);

type Endpoint = Pick<PortMapping, 'protocol' | 'container_port'>;
const endpoints = (ports: readonly PortMapping[]): Endpoint[] =>
  [...new Map(ports.map(({ protocol, container_port }) => [`${protocol} ${String(container_port)}`, { protocol, container_port }])).values()];

/** From the host's own 127.0.0.1, and from neighbours in the same network, answers have to come back through the host. */
const masquerade = ({ ip, prefix }: Address, { protocol, container_port }: Endpoint): string[] => ['127.0.0.0/8', network(ip, prefix)]
  .map((from) => `-s ${from} -d ${ip}/32 -p ${protocol} -m ${protocol} --dport ${String(container_port)} -m conntrack --ctstate DNAT -j MASQUERADE`);

const protocolNumbers = { tcp: 6, udp: 17 } as const;
/** Both directions of a connection that was led to it. */
const accept = (ip: string, { protocol, container_port }: Endpoint): string =>
  `-p ${protocol} -m conntrack --ctstate DNAT --ctproto ${String(protocolNumbers[protocol])} --ctreplsrc ${ip} --ctreplsrcport ${String(container_port)} -j ACCEPT`;

export function network(ip: string, prefix: number): string {
  const bits = ip.split('.').reduce((value, part) => value * 256 + Number(part), 0);
  const size = 2 ** (32 - prefix);
  const first = bits - (bits % size);
  return `${[24, 16, 8, 0].map((shift) => Math.floor(first / 2 ** shift) % 256).join('.')}/${String(prefix)}`;
}

/** Whether the host has exactly these rules, in the place where they work. */
export function isInPlace(saved: SavedRules, wanted: Chains): boolean {
  return hooks.every((hook) => isHooked(saved, hook))
    && [...wanted].every(([chain, lines]) => tables.some((table) => chainsOf(table).includes(chain) && sameRules(saved.rules(table, chain), lines)));
}

/** iptables writes rules in spellings of its own; that they are ours is told by the mark, and that all are there by their number. */
const sameRules = (found: readonly string[] | null, [mark = '', ...lines]: readonly string[]): boolean =>
  found !== null && found.length === lines.length + 1 && (found[0] ?? '').replaceAll('"', '').includes(mark.split(' ').at(-1) ?? mark);

export const isHookedForPublishing = (saved: SavedRules): boolean => hooks.filter(({ chain }) => chain === publishChain).every((hook) => isHooked(saved, hook));

function isHooked(saved: SavedRules, hook: Hook): boolean {
  const lines = saved.rules(hook.table, hook.into) ?? [];
  const own = lines.flatMap((line, index) => (jumpsTo(line, hook.chain) ? [index] : []));
  const [at] = own;
  return own.length === 1 && at !== undefined && at >= placeOf(lines, hook) && !lines.slice(0, at).some((line) => hook.before.some((chain) => jumpsTo(line, chain)));
}

const jumpsTo = (line: string, chain: string): boolean => line.endsWith(`-j ${chain}`) || line.includes(`-j ${chain} `);

const placeOf = (lines: readonly string[], { behind }: Hook): number => lines.findLastIndex((line) => behind.some((chain) => jumpsTo(line, chain))) + 1;

/** One transaction for each table. Without targets the chains are taken away. */
export function restoreText(saved: SavedRules, wanted: Chains, some: boolean): string {
  return tables.map((table) => [`*${table}`, ...chainsOf(table).map((chain) => `:${chain} - [0:0]`), ...hooks.filter((hook) => hook.table === table).flatMap((hook) => hooking(saved, hook, some)),
    ...chainsOf(table).flatMap((chain) => (some ? (wanted.get(chain) ?? []).map((line) => `-A ${chain} ${line}`) : [`-X ${chain}`])), 'COMMIT', ''].join('\n')).join('');
}

function hooking(saved: SavedRules, hook: Hook, some: boolean): string[] {
  if (some && isHooked(saved, hook)) return [];
  const lines = saved.rules(hook.table, hook.into) ?? [];
  const own = lines.flatMap((line, index) => (jumpsTo(line, hook.chain) ? [index + 1] : []));
  const others = lines.filter((line) => !jumpsTo(line, hook.chain));
  const hang = some ? [`-I ${hook.into} ${String(placeOf(others, hook) + 1)} ${hook.match === '' ? '' : `${hook.match} `}-j ${hook.chain}`] : [];
  return [...own.reverse().map((number) => `-D ${hook.into} ${String(number)}`), ...hang];
}

export const hasAnyOfOurs = (saved: SavedRules): boolean => tables.some((table) => chainsOf(table).some((chain) => saved.rules(table, chain) !== null));
