/** `{{ vault://path }}` in a component: where it may stand, and what is wrong with one that stands elsewhere. */
import type { Component, DeployDocument } from '../document/index.js';
import type { Path } from '../document/path.js';
import { bundlePath } from '../resolve/paths.js';
import type { Problem } from '../resolve/problems.js';
import { mayHoldMark, secretMark } from './marks.js';

const opening = /\{\{-?\s*vault:\/\//;
const reference = /\{\{-?\s*vault:\/\/([^\s{}|]*)\s*-?\}\}/g;
const segment = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;
const pathLengthMax = 255;

/** `team/app/db-password`: names parted by "/". */
export const isSecretPath = (path: string): boolean => path.length <= pathLengthMax && path.split('/').every((part) => segment.test(part));

export const mentionsSecret = (text: string): boolean => opening.test(text);

export const secretsNamed = (text: string): string[] => [...text.matchAll(reference)].map(([, path = '']) => path);

/** `prefix` stands in front of every path that the document names; paths of a bundle's file start with "./", which none of the vault does. */
export type SecretsPlace = { kind: 'vault'; prefix: string } | { kind: 'bundle'; prefix: './'; path: string };

/** What `credentials_ref` means; null when it means nothing. */
export function secretsPlace(reference: string | undefined): SecretsPlace | null {
  if (reference === undefined) return { kind: 'vault', prefix: '' };
  const mount = /^vault:\/\/(.*?)\/?$/.exec(reference)?.[1];
  if (mount !== undefined) return isSecretPath(mount) ? { kind: 'vault', prefix: `${mount}/` } : null;
  const path = reference.startsWith('./') ? bundlePath(reference) : null;
  return path === null ? null : { kind: 'bundle', prefix: './', path };
}

/** A login may be named without braces; the component with them. */
export function withBracedCredential(component: Component): Component {
  const { source } = component;
  if (source === undefined || !('credentials_ref' in source) || source.credentials_ref?.startsWith('vault://') !== true) return component;
  return { ...component, source: { ...source, credentials_ref: `{{ ${source.credentials_ref} }}` } };
}

/** Environments of processes, logins for sources, and the secrets themselves; everything else shows in process lists, logs or addresses. */
export function maySecretStandAt([section, key, third]: Path): boolean {
  if (section === 'config') return key === 'secrets';
  if (section === 'source') return key === 'credentials_ref';
  return (section === 'run' && key === 'env') || (section === 'build' && third === 'env');
}

/** A text with marks for its references; what is wrong with one of them is told instead. */
export function withSecretMarks(text: string, nonce: string, prefix: string): { text: string; secrets: string[]; wrong: string | null } {
  const secrets = new Set<string>();
  let wrong: string | null = null;
  const marked = text.replace(reference, (written, path: string) => {
    if (!isSecretPath(path)) wrong = `"${path}" is not the path of a secret`;
    secrets.add(prefix + path);
    return isSecretPath(path) ? secretMark(nonce, prefix + path) : written;
  });
  if (wrong === null && opening.test(marked)) wrong = 'a reference to a secret is written {{ vault://path }}, with nothing else inside';
  return { text: marked, secrets: [...secrets], wrong };
}

export const misplacedSecret = (path: Path): Problem =>
  ({ path, message: 'a secret would show here, in process lists or logs', fix: 'Put the reference into config.secrets, run.env or the env of a build step.' });

export const malformedReference = (path: Path, wrong: string): Problem =>
  ({ path, message: wrong, fix: 'Write {{ vault://team/name }}: names parted by "/", each of letters, digits, ".", "_" and "-".' });

/** A secret that is written into the document is none. */
export const secretInClear = (path: Path): Problem =>
  ({ path, message: 'the value of a secret does not belong into the document', fix: 'Set it in the vault and write {{ vault://path }} here; what is no secret belongs into config.vars.' });

/** Where a secret came to stand by way of a variable or an expression. */
export function strayMarks(component: Component): Path[] {
  const { source, build, run, healthcheck, tests, config: { templates, files } } = component;
  return placesOf({ source, build, run, healthcheck, tests, config: { templates, files } }, mayHoldMark).filter((path) => !maySecretStandAt(path));
}

const rendered: ReadonlySet<string | number> = new Set(['source', 'build', 'run', 'healthcheck', 'tests', 'config']);

/** References in texts that are taken as they are written: they would never become a value. */
export function idleReferences({ credentials_ref: _, components, ...document }: DeployDocument): Path[] {
  return placesOf({ ...document, components }, mentionsSecret).filter(([top, , section]) => top !== 'components' || !rendered.has(section ?? ''));
}

function placesOf(value: unknown, found: (text: string) => boolean, path: Path = []): Path[] {
  if (typeof value === 'string') return found(value) ? [path] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => placesOf(item, found, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => placesOf(member, found, [...path, key]));
}
