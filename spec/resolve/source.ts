/** Where a rendered component comes from and how it is built, as the host needs it. */
import { archiveNames, isArchiveName } from '../archive/formats.js';
import type { ArchiveSource, BuildStep, DesiredSource, GitSource } from '../desired.js';
import type { Component } from '../document/index.js';
import { canonicalJson, sha256Hex } from '../hash.js';
import { folderBelow, refRefusal, repoRefusal } from './git-names.js';
import { bundlePath, resolveDest } from './paths.js';
import { type DigestText, environmentOf } from './environment.js';
import type { BundleEntry } from './bundle-entry.js';
import type { ReportProblem } from './problems.js';

type WrittenSource<Type extends NonNullable<Component['source']>['type']> = Extract<NonNullable<Component['source']>, { type: Type }>;

export interface SourceAndBuild { source: DesiredSource | null; build: BuildStep[] }
export interface SourceSurroundings {
  directory: string;
  contentVersion: number;
  bundle: readonly BundleEntry[];
  /** Sizes of the artifacts that are there, by sha256. */
  artifacts: ReadonlyMap<string, number>;
}

/** A docker source is the image of the run section, and never built. */
export function resolveSource({ source, build, run }: Component, surroundings: SourceSurroundings, digest: DigestText, report: ReportProblem): SourceAndBuild {
  const { directory, contentVersion } = surroundings;
  if (source === undefined || source.type === 'docker') return { source: null, build: [] };
  const place = resolveDest(directory, directory);
  if (place === null) {
    report({ path: [...(run.type === 'systemd' && run.working_directory !== undefined ? ['run', 'working_directory'] : ['source'])], message: `"${directory}" is not a place a deploy may put a release at`, fix: 'Use a folder of its own outside /proc, /sys, /dev and the folders of Maestro and Docker, without "..".' });
  }
  const steps = build.map((step, index) => buildStep(step, index, digest, report));
  if (source.type === 'git') {
    const names = gitNames(source, report);
    return { source: { type: 'git', ...names, source_hash: sourceHash(names, steps), content_version: contentVersion }, build: steps };
  }
  const subpath = folder(source.subpath, ['source', 'subpath'], 'the archive', report);
  const at = source.type === 'archive' ? archivePlace(source, surroundings, report) : artifactPlace(source, surroundings, report);
  return { source: { type: source.type, at, subpath, source_hash: archiveHash({ at, subpath }, steps), content_version: contentVersion }, build: steps };
}

/** Everything that decides what a commit becomes on disk. */
export const sourceHash = ({ repo, ref, subpath }: Pick<GitSource, 'repo' | 'ref' | 'subpath'>, build: readonly BuildStep[]): string =>
  sha256Hex(canonicalJson({ repo, ref, subpath, build }));

/** As `sourceHash`: what is in the archive is not in it, and for the same content it does not matter how it came to be stored. */
export const archiveHash = ({ at, subpath }: Pick<ArchiveSource, 'at' | 'subpath'>, build: readonly BuildStep[]): string =>
  sha256Hex(canonicalJson({ archive: at.kind === 'host' ? at.path : null, subpath, build }));

function gitNames({ repo, ref, subpath }: WrittenSource<'git'>, report: ReportProblem): Pick<GitSource, 'repo' | 'ref' | 'subpath'> {
  const badRepo = repoRefusal(repo);
  if (badRepo !== null) report({ path: ['source', 'repo'], ...badRepo });
  const badRef = ref === undefined ? null : refRefusal(ref);
  if (badRef !== null) report({ path: ['source', 'ref'], ...badRef });
  return { repo, ref: ref ?? null, subpath: folder(subpath, ['source', 'subpath'], 'the repository', report) };
}

const nowhere = { kind: 'stored', sha256: '', size: 0 } as const;

function archivePlace({ path }: WrittenSource<'archive'>, { bundle }: SourceSurroundings, report: ReportProblem): ArchiveSource['at'] {
  const wrong = (message: string, fix: string): ArchiveSource['at'] => {
    report({ path: ['source', 'path'], message, fix });
    return nowhere;
  };
  if (!isArchiveName(path)) return wrong(`"${path}" is none of ${archiveNames}`, 'Pack it as one of them.');
  if (path.startsWith('/')) {
    const onHost = resolveDest(path, '/');
    return onHost === null ? wrong(`"${path}" is not the path of a file that a deploy may read`, 'Use an absolute path outside /proc, /sys, /dev and the folders of Maestro and Docker, without "..".') : { kind: 'host', path: onHost };
  }
  const inBundle = bundlePath(path);
  const entry = bundle.find((candidate) => candidate.path === inBundle);
  return entry === undefined ? wrong(`the bundle has no file "${path}"`, 'Add the archive to the bundle, next to the YAML, or correct the path.') : { kind: 'stored', sha256: entry.sha256, size: entry.size };
}

/** As it may be written. */
const artifactId = /^[0-9a-f]{64}$/;

function artifactPlace({ artifact_id: sha256 }: WrittenSource<'artifact'>, { artifacts }: SourceSurroundings, report: ReportProblem): ArchiveSource['at'] {
  const size = artifactId.test(sha256) ? artifacts.get(sha256) : undefined;
  if (size !== undefined) return { kind: 'stored', sha256, size };
  const message = artifactId.test(sha256) ? `there is no artifact ${sha256}` : `"${sha256}" is not the sha256 of an artifact (64 lower-case hex digits)`;
  report({ path: ['source', 'artifact_id'], message, fix: 'Upload the archive (POST /api/artifacts) and write the artifact_id of the answer.' });
  return nowhere;
}

type Step = Component['build'][number];

function buildStep(step: Step, index: number, digest: DigestText, report: ReportProblem): BuildStep {
  const at = ['build', index];
  if (step.command.includes('\0')) report({ path: [...at, 'command'], message: 'a command cannot hold a NUL character', fix: 'Remove it.' });
  return { command: step.command, ...environmentOf(step.env, [...at, 'env'], digest, report), timeout_ms: step.timeout, working_dir: folder(step.working_dir, [...at, 'working_dir'], 'the source directory', report) };
}

function folder(path: string | undefined, at: (string | number)[], below: string, report: ReportProblem): string | null {
  const normal = path === undefined ? null : folderBelow(path);
  if (normal === undefined) report({ path: at, message: `"${path ?? ''}" is not a folder below ${below}`, fix: 'Use a relative path without "..", for example server.' });
  return normal ?? null;
}
