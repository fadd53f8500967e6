/** What may be told of what a check of a placement printed: it runs where the secrets are, and may print them. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { redactor, withoutTerminalCodes } from '../control-plane/redact.js';

export type Tell = (said: string) => string;

export type Secretive = Pick<DesiredPlacement, 'digest_key' | 'redact'>;

/** All of it without secrets; without the values of them where they are known here; else, and where they are not, nothing. */
export function tellOf({ digest_key: key, redact }: Secretive): Tell {
  if (key === undefined && redact === undefined) return withoutTerminalCodes;
  if (redact === undefined) return () => '';
  const without = redactor(redact);
  return (said) => without(withoutTerminalCodes(said));
}
