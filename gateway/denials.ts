/** What hosts tried and may not is in the audit; a host that tries without end fills no table with it. */
import { recordAudit } from '../control/audit/index.js';
import type { PrismaClient } from '../prisma/client.js';

const windowMs = 10 * 60 * 1000;
/** More than Temporal has methods. */
const pathsMax = 300;
const pathCharactersMax = 200;

export class Denials {
  /** One after the other: whoever is being attacked has better use for its connections to the database. */
  private writing: Promise<void> = Promise.resolve();
  private readonly windows = new Map<string, { since: number; paths: Set<string> }>();

  constructor(private readonly db: PrismaClient, private readonly onError: (error: unknown) => void, private readonly now: () => number = () => performance.now()) {}

  /** Written once in ten minutes for a host and a path; made-up paths come to an end. */
  note(host: string, path: string, message: string): void {
    const target = path.slice(0, pathCharactersMax);
    const { paths } = this.windowOf(host);
    if (paths.has(target) || paths.size >= pathsMax) return;
    paths.add(target);
    const entry = { actor: { kind: 'system', id: 'gateway', name: `host ${host}` }, action: 'host.call', target, result: 'refused', details: { host, message } } as const;
    this.writing = this.writing.then(() => recordAudit(this.db, entry)).catch(this.onError);
  }

  /** What was noted so far is written. */
  settled(): Promise<void> {
    return this.writing;
  }

  private windowOf(host: string): { since: number; paths: Set<string> } {
    const known = this.windows.get(host);
    if (known !== undefined && this.now() - known.since < windowMs) return known;
    const fresh = { since: this.now(), paths: new Set<string>() };
    this.windows.set(host, fresh);
    return fresh;
  }
}
