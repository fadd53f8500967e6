/** The one place that a login may be sent to. */
import { repositoryOf } from '../image-reference.js';
import type { LoginPurpose } from './login.js';

export interface Origin { purpose: LoginPurpose; /** `https://git.example.com:8443`, `ssh://git.example.com`, `registry.example.com:5000`; in lower case. */ name: string }

const scp = /^[^/@]+@(\[[^\]]+\]|[^/:[]+):/;

/** null: a folder of the host, which asks for no login. */
export function originOfRepo(repo: string): Origin | null {
  const [, scheme, authority = ''] = /^(https|ssh):\/\/([^/]+)/.exec(repo) ?? [];
  const host = authority.slice(authority.lastIndexOf('@') + 1).toLowerCase();
  if (scheme === 'https' || scheme === 'ssh') return { purpose: scheme, name: `${scheme}://${withoutPort(host, scheme)}` };
  const [, short] = scp.exec(repo) ?? [];
  return short === undefined ? null : { purpose: 'ssh', name: `ssh://${short.toLowerCase()}` };
}

/** Of the image as it is run or pulled. */
export function originOfImage(image: string): Origin {
  const repository = repositoryOf(image);
  return { purpose: 'registry', name: repository.slice(0, repository.indexOf('/')).toLowerCase() };
}

const usualPorts = { https: ':443', ssh: ':22' };
const withoutPort = (host: string, scheme: 'https' | 'ssh'): string => (host.endsWith(usualPorts[scheme]) ? host.slice(0, -usualPorts[scheme].length) : host);

/** As somebody may have written it into a secret: `https://git.example.com/`, `registry.example.com`. */
export const isOrigin = (written: string, { name, purpose }: Origin): boolean => {
  const plain = written.trim().toLowerCase().replace(/\/+$/, '');
  return plain === name || (purpose === 'registry' ? plain === `https://${name}` : purpose === 'https' && plain === `${name}:443`);
};
