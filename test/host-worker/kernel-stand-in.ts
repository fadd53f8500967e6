/** The kernel's packet rules in memory: the part of iptables-restore that our texts use, refused when it is anything else. */
import type { KernelRules } from '../../host-worker/publish/kernel-rules.js';
import { liveRules, SavedRules } from '../../host-worker/publish/saved-rules.js';

type Table = Map<string, string[]>;

const docker = `*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A DOCKER-USER -j RETURN
COMMIT
`;

export class KernelStandIn implements KernelRules {
  private tables = parse(new Map(), docker);
  restores = 0;

  async save(): Promise<string> {
    return [...this.tables].map(([name, chains]) => [`*${name}`, ...[...chains.keys()].map((chain) => `:${chain} - [0:0]`), ...[...chains].flatMap(([chain, rules]) => rules.map((rule) => `-A ${chain} ${rule}`)), 'COMMIT', ''].join('\n')).join('');
  }

  /** All or nothing. */
  async restore(text: string): Promise<void> {
    this.tables = parse(new Map([...this.tables].map(([name, chains]) => [name, new Map([...chains].map(([chain, rules]) => [chain, [...rules]]))])), text);
    this.restores += 1;
  }

  /** `iptables -t <table> -F`. */
  flush(table: string): void {
    for (const rules of this.tables.get(table)?.values() ?? []) rules.length = 0;
  }

  /** Host port → address that new connections to it come to; as the kernel goes through the chains. */
  async leadsTo(): Promise<Record<string, string>> {
    const saved = new SavedRules(await this.save());
    const isFirst = /-j (\S+)/.exec(saved.rules('nat', 'PREROUTING')?.[0] ?? '')?.[1] === 'MAESTRO-PUBLISH';
    return isFirst ? Object.fromEntries(liveRules(saved.rules('nat', 'MAESTRO-PUBLISH') ?? []).map((rule) => [`${String(rule.host_port)}/${rule.protocol}`, `${rule.to_ip}:${String(rule.to_port)}`])) : {};
  }

  async ours(): Promise<string[]> {
    return (await this.save()).split('\n').filter((line) => line.includes('MAESTRO'));
  }
}

function parse(tables: Map<string, Table>, text: string): Map<string, Table> {
  let table: Table = new Map();
  for (const line of text.split('\n').filter((one) => one !== '' && one !== 'COMMIT')) {
    if (line.startsWith('*')) {
      table = tables.get(line.slice(1)) ?? new Map();
      tables.set(line.slice(1), table);
    } else if (line.startsWith(':')) table.set(line.slice(1).split(' ')[0] ?? '', []);
    else change(table, line.split(' '));
  }
  return tables;
}

function change(table: Table, [verb, chain = '', ...rest]: readonly string[]): void {
  const rules = table.get(chain);
  if (rules === undefined) throw new Error(`iptables-restore: no chain ${chain}`);
  const number = Number(rest[0]);
  if (verb === '-A') rules.push(rest.join(' '));
  else if (verb === '-I' && number >= 1 && number <= rules.length + 1) rules.splice(number - 1, 0, rest.slice(1).join(' '));
  else if (verb === '-D' && number >= 1 && number <= rules.length) rules.splice(number - 1, 1);
  else if (verb === '-X' && rules.length === 0 && ![...table.values()].some((other) => other.some((rule) => rule.endsWith(`-j ${chain}`)))) table.delete(chain);
  else throw new Error(`iptables-restore: ${verb ?? ''} ${chain} ${rest.join(' ')}`);
}
