/** Optimistic concurrency: the latest version the client knows, from the body, the query or If-Match. */
import { MaestroError } from '../../spec/errors.js';

/** `"3"`, `W/"3"` or `3`; `*` and nothing expect nothing. */
export function versionOfIfMatch(header: string | null): number | undefined {
  if (header === null || header.trim() === '*') return undefined;
  const number = /^(?:W\/)?"?([1-9]\d{0,8})"?$/.exec(header.trim())?.[1];
  if (number !== undefined) return Number(number);
  throw new MaestroError('validation_error', 'If-Match does not name a version', { fix: 'Send the number of the latest version, such as If-Match: "3".' });
}

export function expectedVersion(ifMatch: string | null, ...given: (number | undefined)[]): number | undefined {
  return given.find((number) => number !== undefined) ?? versionOfIfMatch(ifMatch);
}
