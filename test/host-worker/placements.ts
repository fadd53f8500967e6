/** Desired placements for tests: small documents, already rendered. */
import { createHmac } from 'node:crypto';
import type { DesiredFile, DesiredPlacement, DesiredTree, DockerRun, Healthcheck, SystemdRun } from '../../spec/desired.js';
import { componentHash, sha256Hex, treeHash } from '../../spec/hash.js';
import { renderUnit } from '../../spec/systemd-unit.js';

export const quick = { interval_ms: 300, timeout_ms: 1_000, start_period_ms: 1_000, retries: 3 };
export const httpOn = (port: number, path = '/'): Healthcheck => ({ ...quick, type: 'http', url: `http://127.0.0.1:${String(port)}${path}`, expect_status: 200, expect_body_contains: null });

export const dockerRun = (over: Partial<DockerRun> = {}): DockerRun => ({
  type: 'docker', image: 'demo/web:1', pull_policy: 'if_not_present', container_name: 'maestro-web', ports: [], volumes: [], env: {}, networks: [],
  restart: 'unless-stopped', command: null, resources: { memory_bytes: null, cpus: null }, ...over,
});

export function systemdRun(over: Partial<SystemdRun> = {}, component = 'worker'): SystemdRun {
  const run = {
    unit_name: `maestro-${component}.service`, command: '/usr/bin/sleep infinity', working_directory: null, user: null, group: null, env: {},
    restart: 'on-failure' as const, restart_sec: 5, resources: { memory_bytes: null, cpus: null }, ...over,
  };
  return { type: 'systemd', unit_text: renderUnit(component, 'shop', run), ...run };
}

export function file(path: string, text: string, over: Partial<DesiredFile> = {}): DesiredFile {
  const content = Buffer.from(text);
  return { path, sha256: sha256Hex(content), size: content.length, mode: 0o640, owner: null, group: null, strategy: 'atomic', origin: 'template', content: content.toString('base64'), ...over };
}

const digestKey = 'd'.repeat(64);
const keyed = (text: string): string => createHmac('sha256', Buffer.from(digestKey, 'hex')).update(text).digest('hex');

export const secretFile = (path: string, text: string, over: Partial<DesiredFile> = {}): DesiredFile => file(path, text, { sha256: keyed(text), keyed: true, ...over });
export const secretEnv = (values: Readonly<Record<string, string>>): NonNullable<DockerRun['secret_env']> =>
  Object.fromEntries(Object.entries(values).map(([name, content]) => [name, { digest: keyed(content), content }]));
/** For placements that hold secrets. */
export const secretParts = (...redact: string[]): Pick<DesiredPlacement, 'digest_key' | 'redact'> => ({ digest_key: digestKey, redact });

export function tree(dest: string, contents: Readonly<Record<string, string>>, over: Partial<DesiredTree> = {}): DesiredTree {
  const files = Object.entries(contents).map(([path, text]) => {
    const content = Buffer.from(text);
    return { path, sha256: sha256Hex(content), size: content.length, mode: 0o644, content: content.toString('base64') };
  });
  return { dest, strategy: 'atomic_symlink', tree_hash: treeHash(files), owner: null, group: null, files, ...over };
}

export type PlacementParts = Partial<Omit<DesiredPlacement, 'hash'>>;

export function placement(parts: PlacementParts = {}): DesiredPlacement {
  const component = parts.component ?? 'web';
  const rest = {
    deploy_id: 'dpl_aaaaaaaaaaaaaaaa', project: 'shop', version: 1, component, host: 'h1', component_directory: `/opt/maestro/${component}`, source: null, build: [],
    run: dockerRun({ container_name: `maestro-${component}` }), files: [], trees: [], healthcheck: null, ...parts,
  };
  return { ...rest, hash: componentHash(rest) };
}
