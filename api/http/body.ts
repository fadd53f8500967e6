/** What bodies a route takes: media types with their largest size, and how bytes become the handler's input. */
import type { z } from 'zod';
import { MaestroError } from '../../spec/errors.js';
import { invalid, parseOrThrow } from './parse.js';

export interface MediaLimit { limitBytes: number; /** null: raw text or bytes. */ schema: z.ZodType | null }

export interface BodyReader<T> {
  media: Readonly<Record<string, MediaLimit>>;
  /** False: no body at all means the schema's defaults. */
  required: boolean;
  read(mediaType: string | null, bytes: Buffer): Promise<T>;
  /** The handler reads it while it comes (RequestFacts.bytes) and minds its size; what `read` is given is empty then. */
  streamed?: boolean;
}

const smallBytes = 64 << 10;

export function parseJson(bytes: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return value;
  } catch {
    throw invalid([{ code: 'validation_error', path: '', line: 0, column: 0, message: 'The body is not valid JSON', suggested_fix: 'Send valid JSON, or YAML with its own content type.' }]);
  }
}

export function jsonBody<T>(schema: z.ZodType<T>, options: { limitBytes?: number; required?: boolean } = {}): BodyReader<T> {
  return {
    media: { 'application/json': { limitBytes: options.limitBytes ?? smallBytes, schema } },
    required: options.required ?? true,
    read: (_mediaType, bytes) => Promise.resolve(parseOrThrow('body', schema, bytes.length === 0 && options.required === false ? {} : parseJson(bytes))),
  };
}

/** The media type without parameters; null when none is given. */
export const mediaTypeOf = (header: string | undefined): string | null => header?.split(';')[0]?.trim().toLowerCase() || null;

/** The reader's entry for a content type, or what the client should send in its place. */
export function limitOf(reader: BodyReader<unknown>, mediaType: string | null): MediaLimit {
  const limit = mediaType === null ? undefined : reader.media[mediaType];
  if (limit !== undefined && Object.hasOwn(reader.media, mediaType ?? '')) return limit;
  const known = Object.keys(reader.media).join(', ');
  throw new MaestroError('unsupported_media_type', mediaType === null ? 'The body has no content type' : `A body of type ${mediaType.slice(0, 100)} is not understood here`, {
    fix: `Send Content-Type: ${known.replace(/, ([^,]*)$/, ' or $1')}.`,
    details: { supported: Object.keys(reader.media) },
  });
}

/** Any bytes, as they come. */
export const streamedBody = (mediaTypes: readonly string[]): BodyReader<null> => ({
  media: Object.fromEntries(mediaTypes.map((type) => [type, { limitBytes: Number.MAX_SAFE_INTEGER, schema: null }])), required: true, streamed: true, read: () => Promise.resolve(null),
});
