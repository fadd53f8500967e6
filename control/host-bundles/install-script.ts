/** The install script with what it is to know. It goes into a root shell: nothing is filled in that could be more than a word. */
import { MaestroError } from '../../spec/errors.js';
import type { ArchiveFacts, TrustedKey } from '../../spec/host-bundle/shapes.js';

export interface ScriptFacts { url: string; key: TrustedKey; archives: readonly ArchiveFacts[] }

/** Without anything that ends a word in single quotes, or that a shell or sed would read. */
const plainUrl = /^https?:\/\/[A-Za-z0-9.\-_~:[\]/]+$/;

function plain(what: string, text: string, pattern: RegExp): string {
  if (pattern.test(text)) return text;
  throw new MaestroError('unavailable', `The install script cannot be made: its ${what} has characters that do not belong there`, { fix: 'Set MAESTRO_PUBLIC_URL to a plain http or https address.' });
}

export function installScript(template: string, { url, key, archives }: ScriptFacts): string {
  const lines = archives.map(({ platform, file, sha256 }) => [plain('platform', platform, /^[a-z0-9-]+$/), plain('file', file, /^[0-9A-Za-z.-]+$/), plain('SHA-256', sha256, /^[0-9a-f]{64}$/)].join(' '));
  const values: Record<string, string> = {
    URL: plain('address', url, plainUrl),
    KEY: plain('key', key.public_key, /^[0-9a-f]{64}$/),
    GLIBC: plain('glibc', archives[0]?.glibc ?? '', /^2\.\d+$/),
    ARCHIVES: lines.join('\n'),
  };
  return template.replaceAll(/@MAESTRO_([A-Z]+)@/g, (whole, name: string) => values[name] ?? whole);
}
