/**
 * One payload of Temporal's as history has it: AES-256-GCM over the whole payload, bound to the workflow that it belongs
 * to. A payload that was changed, or was moved over from another workflow, does not open.
 *
 *   metadata: encoding = binary/encrypted, encryption-key-id = …, maestro-workflow-id = …; data: nonce (12) ‖ ciphertext ‖ tag (16)
 *   (the workflow's id is for people who ask what is in it, see decode.ts; who works with it knows where it has it from)
 *   in the ciphertext: length of the metadata (4) ‖ metadata as JSON, values in base64 ‖ data
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import type { PayloadKeys } from './payload-keys.js';

export interface Payload { metadata?: Record<string, Uint8Array> | null | undefined; data?: Uint8Array | null | undefined }
/** Whose it is; empty for what belongs to no workflow, such as why a worker could not go on. */
export interface PayloadPlace { namespace: string; workflowId: string }

const cipher = 'aes-256-gcm';
const encoding = 'binary/encrypted';
const workflowIdKey = 'maestro-workflow-id';
const nonceBytes = 12;
const tagBytes = 16;
const lengthBytes = 4;

const textOf = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

/** The length keeps one part from running into the next. */
function withLength(bytes: Buffer): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

const placeBytes = ({ namespace, workflowId }: PayloadPlace): Buffer => Buffer.concat(['maestro-payload-v1', namespace, workflowId].map((text) => withLength(Buffer.from(text))));

const metadataSchema = z.record(z.string(), z.base64());

function pack({ metadata, data }: Payload): Buffer {
  const text = JSON.stringify(Object.fromEntries(Object.entries(metadata ?? {}).map(([name, value]) => [name, Buffer.from(value).toString('base64')])));
  return Buffer.concat([withLength(Buffer.from(text)), Buffer.from(data ?? [])]);
}

function unpack(bytes: Buffer): Payload {
  const end = lengthBytes + bytes.readUInt32BE(0);
  const metadata = metadataSchema.parse(JSON.parse(bytes.subarray(lengthBytes, end).toString('utf8')));
  return { metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value, 'base64')])), data: bytes.subarray(end) };
}

export function sealPayload({ current: { id, key } }: PayloadKeys, place: PayloadPlace, payload: Payload): Payload {
  const nonce = randomBytes(nonceBytes);
  const sealing = createCipheriv(cipher, key, nonce).setAAD(placeBytes(place));
  const data = Buffer.concat([nonce, sealing.update(pack(payload)), sealing.final(), sealing.getAuthTag()]);
  return { metadata: { encoding: Buffer.from(encoding), 'encryption-key-id': Buffer.from(id), ...(place.workflowId === '' ? {} : { [workflowIdKey]: Buffer.from(place.workflowId) }) }, data };
}

export const isSealed = ({ metadata }: Payload): boolean => textOf(metadata?.['encoding']) === encoding;

/** Which workflow a sealed payload says it is of: as good as nothing until it has opened for that. Empty: it says nothing. */
export const claimedWorkflow = ({ metadata }: Payload): string => textOf(metadata?.[workflowIdKey]);

/** Throws internal for what was not sealed by us for this place. */
export function openPayload({ known }: PayloadKeys, place: PayloadPlace, { metadata, data }: Payload): Payload {
  if (textOf(metadata?.['encoding']) !== encoding) throw refused('is not encrypted', 'Whoever wrote it is not this control plane: see who can reach Temporal.');
  const id = textOf(metadata?.['encryption-key-id']);
  const found = known.get(id);
  if (found === undefined) throw refused(`is written under a key that is not here${/^[0-9a-f]{16}$/.test(id) ? ` (${id})` : ''}`, 'Put the key that was used before into keys/payload.previous.key.');
  const bytes = Buffer.from(data ?? []);
  try {
    const opening = createDecipheriv(cipher, found.key, bytes.subarray(0, nonceBytes)).setAAD(placeBytes(place)).setAuthTag(bytes.subarray(-tagBytes));
    return unpack(Buffer.concat([opening.update(bytes.subarray(nonceBytes, -tagBytes)), opening.final()]));
  } catch {
    throw refused('was changed, or belongs to another workflow', 'See who can write to Temporal and its database.');
  }
}

const refused = (what: string, fix: string): MaestroError => new MaestroError('internal', `A payload in Temporal ${what}`, { fix });
