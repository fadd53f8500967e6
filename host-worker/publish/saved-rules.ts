/** What `iptables-save` says, by table and chain. Pure. */

export interface LiveRule { protocol: 'tcp' | 'udp'; /** '' = every address of the host. */ ip: string; host_port: number; /** '' = the host itself. */ to_ip: string; to_port: number }

export class SavedRules {
  private readonly chains = new Map<string, string[]>();

  constructor(text: string) {
    let table = '';
    for (const line of text.split('\n')) {
      if (line.startsWith('*')) table = line.slice(1).trim();
      if (line.startsWith(':')) this.chains.set(`${table} ${line.slice(1).split(' ')[0] ?? ''}`, []);
      const [, chain, rule] = /^-A (\S+) ?(.*)$/.exec(line.trim()) ?? [];
      if (chain !== undefined) this.chains.get(`${table} ${chain}`)?.push(rule ?? '');
    }
  }

  /** In their order, without the chain's name; null: there is no such chain. */
  rules(table: string, chain: string): readonly string[] | null {
    return this.chains.get(`${table} ${chain}`) ?? null;
  }
}

/** The rules of the chain that lead somewhere. */
export function liveRules(lines: readonly string[]): LiveRule[] {
  return lines.flatMap((line) => {
    const [, toIp, toPort] = /--to-destination (\d+\.\d+\.\d+\.\d+):(\d+)/.exec(line) ?? /-j REDIRECT --to-ports ()(\d+)/.exec(line) ?? [];
    const [, port] = /--dport (\d+)/.exec(line) ?? [];
    if (toIp === undefined || port === undefined) return [];
    return [{ protocol: / ?-p udp\b/.test(line) ? 'udp' as const : 'tcp' as const, ip: /(?:^| )-d (\d+\.\d+\.\d+\.\d+)/.exec(line)?.[1] ?? '', host_port: Number(port), to_ip: toIp, to_port: Number(toPort) }];
  });
}
