/**
 * What the sections of a document share (language.md §3). Descriptions are for the JSON Schema and the reference; so are
 * defaults, which is why a default stands as it would be written (`prefault`) wherever that differs from what it is read as.
 */
import { z } from 'zod';
import { cpus, duration, idPattern, idRule, memory } from './scalars.js';

export const text = z.string();
export const texts = z.array(text);
export const id = z.string().regex(idPattern, { error: `not an id: ${idRule}` }).meta({ title: 'id' });
export const port = z.number().int().min(1).max(65535);

/** Kept as text however it is written (check-structure.ts), so that `1.10` and `true` need no quotes. */
const asWritten = { type: ['string', 'number', 'boolean'] };
const notBlank = { pattern: '\\S' };

const lineOf = (input: z.ZodString) => input.transform((value) => value.trim())
  .refine((value) => value !== '', { error: 'must not be empty', params: { fix: 'Write a value, or remove the key.' } })
  .refine((value) => !/[\n\r]/.test(value), { error: 'must be one line', params: { fix: 'Remove the line break.' } })
  // It is shown in terminals, and stands in unit files and in arguments of programs. A tab parts words.
  .refine((value) => !/(?![\t\n\r])\p{Cc}/u.test(value), { error: 'must not have control characters', params: { fix: 'Remove them.' } });
export const oneLine = lineOf(z.string().meta(notBlank));
/** For `tag` and `ref`. */
export const writtenLine = lineOf(z.string().meta({ ...notBlank, ...asWritten }));

export const command = text.meta(notBlank).refine((value) => value.trim() !== '', { error: 'must not be empty', params: { fix: 'Write the command.' } });
export const someTime = duration.refine((ms) => ms > 0, { error: 'must be longer than nothing', params: { fix: 'Write a duration such as 5s.' } });

const envKey = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: 'names of environment variables are letters, digits and "_", and do not start with a digit' });
export const env = z.record(envKey, text.meta(asWritten)).default({});

export const resources = z.strictObject({
  memory: memory.optional().describe('The most memory it may use; beyond that it is ended'),
  cpus: cpus.optional().describe('How much processor time it may use; 1 is one processor'),
});
