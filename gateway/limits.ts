/** What one host may take of the gateway, so that no host is slow because of another. */
export interface HostLimits {
  connections: number;
  /** Calls and requests under way. */
  atOnce: number;
  /** Of messages that are being received or answered. */
  bytesAtOnce: number;
  perSecond: number;
  burst: number;
}

export const standardLimits: HostLimits = { connections: 48, atOnce: 256, bytesAtOnce: 32 << 20, perSecond: 300, burst: 1200 };

interface Use { connections: number; calls: number; bytes: number; tokens: number; at: number }

export class Usage {
  private readonly uses = new Map<string, Use>();

  constructor(private readonly limits: HostLimits, private readonly now: () => number = () => performance.now()) {}

  private of(host: string): Use {
    const known = this.uses.get(host) ?? { connections: 0, calls: 0, bytes: 0, tokens: this.limits.burst, at: this.now() };
    this.uses.set(host, known);
    return known;
  }

  /** False: no more connections for this host. */
  connect(host: string): boolean {
    const use = this.of(host);
    if (use.connections >= this.limits.connections) return false;
    use.connections += 1;
    return true;
  }

  /** What a host has used is forgotten with its last connection, but for its rate: that would be a way around it. */
  disconnect(host: string): void {
    const use = this.of(host);
    use.connections -= 1;
    if (use.connections === 0 && use.calls === 0 && use.bytes === 0 && this.refilled(use) >= this.limits.burst) this.uses.delete(host);
  }

  /** False: too many at once, or too many a second. Every true is followed by an `end`. */
  begin(host: string): boolean {
    const use = this.of(host);
    use.tokens = this.refilled(use);
    use.at = this.now();
    if (use.calls >= this.limits.atOnce || use.tokens < 1) return false;
    use.tokens -= 1;
    use.calls += 1;
    return true;
  }

  end(host: string): void {
    this.of(host).calls -= 1;
  }

  take(host: string, bytes: number): boolean {
    const use = this.of(host);
    if (use.bytes + bytes > this.limits.bytesAtOnce) return false;
    use.bytes += bytes;
    return true;
  }

  give(host: string, bytes: number): void {
    this.of(host).bytes -= bytes;
  }

  private refilled({ tokens, at }: Use): number {
    return Math.min(this.limits.burst, tokens + ((this.now() - at) / 1000) * this.limits.perSecond);
  }
}
