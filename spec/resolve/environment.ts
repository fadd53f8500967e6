/** The environment of a process: what is clear, and by name and digest what holds secrets. */
import type { SecretValue } from '../desired.js';
import type { Path } from '../document/path.js';
import { mayHoldMark } from '../secrets/marks.js';
import type { ReportProblem } from './problems.js';

/** The digest of a rendered text, which is kept for whoever needs its content. */
export type DigestText = (text: string) => { sha256: string; size: number; keyed?: true };

export interface Environment { clear: Record<string, string>; /** Texts with marks. */ secret: Record<string, string> }

export function splitEnvironment(env: Readonly<Record<string, string>>, path: Path, report: ReportProblem): Environment {
  for (const [name, value] of Object.entries(env)) {
    if (value.includes('\0')) report({ path: [...path, name], message: 'a value cannot hold a NUL character', fix: 'Remove it.' });
  }
  const split = (secret: boolean): Record<string, string> => Object.fromEntries(Object.entries(env).filter(([, value]) => mayHoldMark(value) === secret));
  return { clear: split(false), secret: split(true) };
}

export function environmentOf(env: Readonly<Record<string, string>>, path: Path, digest: DigestText, report: ReportProblem): { env: Record<string, string>; secret_env?: Record<string, SecretValue> } {
  const { clear, secret } = splitEnvironment(env, path, report);
  if (Object.keys(secret).length === 0) return { env: clear };
  return { env: clear, secret_env: Object.fromEntries(Object.entries(secret).map(([name, text]) => [name, { digest: digest(text).sha256 }])) };
}
