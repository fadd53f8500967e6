/**
 * Where the chain stood last, kept outside of the database and signed with a key that is not in it. Whoever can write the database alone can rewrite
 * the chain from any entry on, or cut off its end, and make the hashes fit; what the anchor says they cannot.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { canonicalJson } from '../../spec/hash.js';
import type { Db, Reader } from '../database.js';
import { hasCode, keyFile } from '../key-file.js';
import { walkChain, type AuditVerdict } from './chain.js';

const anchorSchema = z.strictObject({
  /** How many entries there were, the id and the hash of the last one, and when that was. */
  entries: z.int().min(0), id: z.int().min(0), hash: z.string(), at: z.iso.datetime(),
  /** When anchoring began: a later time than expected means that an anchor was lost. */
  since: z.iso.datetime(),
});
export type Anchor = z.infer<typeof anchorSchema>;
export type AnchoredVerdict = AuditVerdict & { anchor: Pick<Anchor, 'entries' | 'id' | 'at' | 'since'> | null };

export class AuditAnchor {
  private constructor(private readonly path: string, private readonly key: Buffer) {}

  static async open(dataDir: string): Promise<AuditAnchor> {
    const key = await keyFile(dataDir, 'audit.key', 'Restore it from a backup; without one delete it together with audit/anchor.json, and a new anchor begins.');
    await mkdir(join(dataDir, 'audit'), { recursive: true, mode: 0o700 });
    return new AuditAnchor(join(dataDir, 'audit', 'anchor.json'), Buffer.from(key, 'hex'));
  }

  /** Null: none yet. Throws `config_error` for one that was not written with our key. */
  async read(): Promise<Anchor | null> {
    const text = await readFile(this.path, 'utf8').catch((error: unknown) => { if (hasCode(error, 'ENOENT')) return null; throw error; });
    if (text === null) return null;
    const anchor = this.parse(text);
    if (anchor !== null) return anchor;
    throw new MaestroError('config_error', `${this.path} is not what was written`, { fix: 'Restore it and keys/audit.key from a backup; find out who changed them.' });
  }

  private parse(text: string): Anchor | null {
    try {
      const { mac, ...rest } = z.looseObject({ mac: z.string() }).parse(JSON.parse(text));
      const anchor = anchorSchema.parse(rest);
      const [given, wanted] = [Buffer.from(mac, 'hex'), this.mac(anchor)];
      return given.length === wanted.length && timingSafeEqual(given, wanted) ? anchor : null;
    } catch {
      return null;
    }
  }

  private mac(anchor: Anchor): Buffer {
    return createHmac('sha256', this.key).update(canonicalJson(anchor)).digest();
  }

  /** Moves on to the newest entry, when everything from the anchor up to it is one chain. Throws `runtime_error` otherwise, and stays. */
  async advance(db: Db): Promise<void> {
    const [anchor, last] = await Promise.all([this.read(), db.auditEntry.findFirst({ orderBy: { id: 'desc' }, select: { id: true, hash: true } })]);
    if (last === null && anchor === null) return;
    if (last !== null && anchor !== null && Number(last.id) === anchor.id && last.hash === anchor.hash) return;
    const { verdict, head } = await walkChain(db, anchor === null ? {} : { from: anchor });
    if (!verdict.ok) throw new MaestroError('runtime_error', `The audit trail is not whole: entry ${verdict.bad_id}: ${verdict.reason}`, { fix: 'Ask GET /api/audit/verify; restore the database from a backup, and find out who changed it.' });
    const at = new Date().toISOString();
    await this.write({ ...head, at, since: anchor?.since ?? at });
  }

  /** Under another name first, so that a reader never sees half of it. */
  private async write(anchor: Anchor): Promise<void> {
    const draft = `${this.path}.${randomBytes(6).toString('hex')}`;
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(JSON.stringify({ ...anchor, mac: this.mac(anchor).toString('hex') }));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.path).catch(async (error: unknown) => { await rm(draft, { force: true }); throw error; });
  }

  /** The whole chain, and that it has what the anchor says. */
  async verify(db: Reader): Promise<AnchoredVerdict> {
    const anchor = await this.read();
    const { verdict } = await walkChain(db, anchor === null ? {} : { passing: anchor });
    return { ...verdict, anchor: anchor === null ? null : { entries: anchor.entries, id: anchor.id, at: anchor.at, since: anchor.since } };
  }
}

/** Keeps the anchor close behind the newest entry. `troubled` is told once of each trouble. The answer ends it, after a last move. */
export function keepAnchored(db: Db, anchor: AuditAnchor, troubled: (error: unknown) => void, everyMs = 1_000): () => Promise<void> {
  let told = '';
  let moving: Promise<void> | null = null;
  const move = (): Promise<void> => {
    moving ??= anchor.advance(db).then(() => { told = ''; }, (error: unknown) => {
      if (String(error) !== told) troubled(error);
      told = String(error);
    }).finally(() => { moving = null; });
    return moving;
  };
  const timer = setInterval(() => void move(), everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await moving;
    await move();
  };
}
