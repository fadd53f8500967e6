/** One rendered component on one host → its desired state, with everything that is wrong reported at its path. */
import type { DesiredFile, DesiredPlacement, DesiredTree } from '../desired.js';
import type { Component } from '../document/index.js';
import { componentHash, treeHash } from '../hash.js';
import type { DigestText } from './environment.js';
import type { BundleEntry } from './bundle-entry.js';
import { resolveCredential } from './credential.js';
import { resolveDeployMode } from './deploy-mode.js';
import { bundlePath, normalisePath, resolveDest } from './paths.js';
import type { ReportProblem } from './problems.js';
import { componentDirectory, environmentFileText, resolveDockerRun, resolveHealthcheck, resolveSystemdRun } from './run.js';
import { resolveSource } from './source.js';
import { resolveTests } from './tests.js';

export type { BundleEntry } from './bundle-entry.js';
export type RenderedTemplate = ReturnType<DigestText>;

export interface PlacementInput {
  deployId: string;
  project: string;
  version: number;
  /** For a rollback: the version that its content is of. */
  contentVersion?: number;
  host: string;
  componentId: string;
  /** With every `{{ }}` evaluated. */
  component: Component;
  bundle: readonly BundleEntry[];
  /** Its hosts switch together: the new one has to come up beside the old. */
  together?: boolean;
  /** Sizes of the artifacts that are there, by sha256; default: none. */
  artifacts?: ReadonlyMap<string, number>;
  /** By index in config.templates; undefined when it could not be rendered (reported by the renderer). */
  templates: readonly (RenderedTemplate | undefined)[];
  digest: DigestText;
}

export function resolvePlacement(input: PlacementInput, report: ReportProblem): DesiredPlacement {
  const { component, componentId } = input;
  const written = componentDirectory(componentId, component);
  const directory = normalisePath(written) ?? written;
  const run = component.run.type === 'docker'
    ? resolveDockerRun(componentId, component, component.run, input.digest, report)
    : resolveSystemdRun(componentId, input.project, component, component.run, report);
  const content = {
    deploy_id: input.deployId, project: input.project, component: componentId, host: input.host, component_directory: directory, run,
    ...resolveDeployMode(input.together === true && component.deploy_mode === 'cold' ? { ...component, deploy_mode: 'blue_green' } : component, run, report),
    ...resolveSource(component, { directory, contentVersion: input.contentVersion ?? input.version, bundle: input.bundle, artifacts: input.artifacts ?? new Map<string, number>() }, input.digest, report),
    ...resolveCredential(component, run, input.digest, report),
    files: [...environmentFile(input, run), ...templateFiles(input, directory, report), ...singleFiles(input, directory, report)],
    trees: trees(input, directory, report),
    healthcheck: resolveHealthcheck(component.healthcheck, report),
    ...resolveTests(component, report),
  };
  return { ...content, version: input.version, hash: componentHash(content) };
}

function destOf(dest: string, { component }: PlacementInput, directory: string, path: readonly (string | number)[], report: ReportProblem): string | null {
  const resolved = resolveDest(dest, directory);
  // The component directory of such a source is a link to a release, which is as it was built.
  if (resolved !== null && component.source !== undefined && component.source.type !== 'docker' && (resolved === directory || resolved.startsWith(`${directory}/`))) {
    report({ path: [...path, 'dest'], code: 'unsupported_feature', message: `${resolved} is inside of the component directory, where its source has its release: files in there are not supported yet`, fix: 'Put the file elsewhere, for example below /etc, and let the program read it there.' });
  }
  if (resolved === null) report({ path: [...path, 'dest'], message: `"${dest}" is not a place a deploy may write to`, fix: 'Use the path of a file or folder outside /proc, /sys, /dev and the folders of Maestro and Docker, without ".." and without a "/" at its end.' });
  return resolved;
}

function environmentFile({ component, digest }: PlacementInput, run: DesiredPlacement['run']): DesiredFile[] {
  const text = environmentFileText(component, () => undefined);
  if (text === null || run.type !== 'systemd' || run.environment_file === undefined) return [];
  return [{ path: run.environment_file, ...digest(text), mode: 0o600, owner: null, group: null, strategy: 'atomic', origin: 'environment' }];
}

function templateFiles(input: PlacementInput, directory: string, report: ReportProblem): DesiredFile[] {
  return input.component.config.templates.flatMap((template, index) => {
    const path = destOf(template.dest, input, directory, ['config', 'templates', index], report);
    const rendered = input.templates[index];
    if (path === null || rendered === undefined) return [];
    return [{ path, ...rendered, mode: template.mode, owner: template.owner ?? null, group: template.group ?? null, strategy: 'atomic' as const, origin: 'template' as const }];
  });
}

const inFolder = (bundle: readonly BundleEntry[], folder: string): BundleEntry[] =>
  bundle.filter(({ path }) => path.startsWith(`${folder}/`)).map((entry) => ({ ...entry, path: entry.path.slice(folder.length + 1) }));

function singleFiles(input: PlacementInput, directory: string, report: ReportProblem): DesiredFile[] {
  return input.component.config.files.flatMap((file, index) => {
    const at = ['config', 'files', index];
    const source = bundlePath(file.source);
    const entry = input.bundle.find(({ path }) => path === source);
    if (entry === undefined) {
      if (source === null || inFolder(input.bundle, source).length === 0) report({ path: [...at, 'source'], message: `the bundle has no file or folder "${file.source}"`, fix: 'Add it to the bundle, next to the YAML, or correct the path.' });
      return [];
    }
    if (file.strategy === 'atomic_symlink') report({ path: [...at, 'strategy'], message: 'atomic_symlink is for folders', fix: 'Use atomic or overwrite for a single file.' });
    const path = destOf(file.dest, input, directory, at, report);
    if (path === null) return [];
    return [{ path, sha256: entry.sha256, size: entry.size, mode: file.mode, owner: file.owner ?? null, group: null, strategy: file.strategy === 'overwrite' ? 'overwrite' as const : 'atomic' as const, origin: 'file' as const }];
  });
}

/** A folder may be named with a slash at its end. */
export const withoutSlash = (dest: string): string => (dest.length > 1 && dest.endsWith('/') ? dest.slice(0, -1) : dest);

function trees(input: PlacementInput, directory: string, report: ReportProblem): DesiredTree[] {
  return input.component.config.files.flatMap((file, index) => {
    const source = bundlePath(file.source);
    if (source === null || input.bundle.some(({ path }) => path === source)) return [];
    const files = inFolder(input.bundle, source);
    const at = ['config', 'files', index];
    const dest = files.length === 0 ? null : destOf(withoutSlash(file.dest), input, directory, at, report);
    if (dest === null) return [];
    const unsafe = files.find(({ path }) => resolveDest(path, dest) === null);
    if (unsafe !== undefined) destOf(`${dest}/${unsafe.path}`, input, directory, at, report);
    return [{ dest, strategy: file.strategy ?? 'atomic_symlink', tree_hash: treeHash(files), owner: file.owner ?? null, group: null, files }];
  });
}
