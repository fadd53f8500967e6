/** Under which key Temporal's history is written, and under which it may still be read. */
import { createHmac } from 'node:crypto';
import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { requireRight, type Actor } from '../actor.js';
import { recordAudit } from '../audit/index.js';
import type { Db } from '../database.js';
import { existingKeyFile } from '../key-file.js';
import { addKey, keyRing, settledKey } from '../key-ring.js';

export interface PayloadKey { id: string; key: Buffer }
/** `current` writes; all of `known` read. */
export interface PayloadKeys {
  readonly current: PayloadKey;
  readonly known: ReadonlyMap<string, PayloadKey>;
  /** Before every use, where keys may have changed. */
  fresh?(): Promise<void>;
}

export interface PayloadKeyView { id: string; created_at: string; state: 'writes' | 'reads' }

const purpose = 'payload';
const fix = 'Restore it from a backup: without it nothing that runs in Temporal can be read, and nothing that ran.';
/** As keys were changed by hand: what was written before is read under it. */
const previous = 'payload.previous.key';
/** A key writes half a minute after it was made; by then all have looked. */
const lookMs = 3_000;

/** The id says nothing of the key, and is the same wherever the key is. */
export const idOf = (key: Buffer): string => createHmac('sha256', key).update('maestro-payload-key-id').digest('hex').slice(0, 16);

const asKey = (hex: string): PayloadKey => {
  const key = Buffer.from(hex, 'hex');
  return { id: idOf(key), key };
};

/** The keys as they are in the folder, looked at again while they are used: a new one needs no restart. */
export class PayloadKeyRing implements PayloadKeys {
  private lookedAt = -Infinity;
  private looking: Promise<void> | null = null;
  private held: PayloadKeys | null = null;

  private constructor(private readonly dataDir: string) {}

  static async open(dataDir: string): Promise<PayloadKeyRing> {
    const ring = new PayloadKeyRing(dataDir);
    await ring.look();
    return ring;
  }

  get current(): PayloadKey { return this.keys().current; }
  get known(): ReadonlyMap<string, PayloadKey> { return this.keys().known; }

  private keys(): PayloadKeys {
    if (this.held === null) throw new Error('the keys of payloads are not read yet');
    return this.held;
  }

  /** What cannot be read at the moment stays as it was. */
  async fresh(): Promise<void> {
    if (performance.now() - this.lookedAt < lookMs) return;
    this.looking ??= this.look().catch(() => undefined).finally(() => { this.looking = null; });
    await this.looking;
  }

  private async look(): Promise<void> {
    const ring = await keyRing(this.dataDir, purpose, fix);
    const writes = settledKey(ring);
    if (writes === undefined) throw new Error('there is no key of payloads');
    const hasPrevious = await access(join(this.dataDir, 'keys', previous)).then(() => true, () => false);
    const all = [...ring.map(({ hex }) => hex), ...(hasPrevious ? [await existingKeyFile(this.dataDir, previous, fix)] : [])].map(asKey);
    this.held = { current: asKey(writes.hex), known: new Map(all.map((one) => [one.id, one])) };
    this.lookedAt = performance.now();
  }

  /** Newest first. */
  async view(): Promise<PayloadKeyView[]> {
    const ring = await keyRing(this.dataDir, purpose, fix);
    const writes = settledKey(ring);
    return ring.map((row) => ({ id: asKey(row.hex).id, created_at: row.createdAt.toISOString(), state: row.number === writes?.number ? 'writes' : 'reads' }));
  }

  /** A new key, which writes from half a minute later on. Asked again before that, it is the same one. */
  async rotate(db: Db, actor: Actor): Promise<PayloadKeyView[]> {
    requireRight(actor, 'secret.write');
    const { added } = await addKey(this.dataDir, purpose, fix);
    await recordAudit(db, { actor, action: 'payload_key.rotate', target: added === null ? 'none' : asKey(added.hex).id, result: 'ok', details: { added: added !== null } });
    return this.view();
  }
}

/** From `keys/payload.key`, made on first use, those that came after it, and `keys/payload.previous.key` where there is one. Throws config_error. */
export const payloadKeys = (dataDir: string): Promise<PayloadKeyRing> => PayloadKeyRing.open(dataDir);
