/** Where a rendered component comes from and how it is built, as the host needs it. */
import type { BuildStep, DesiredSource } from '../desired.js';
import type { Component } from '../document/index.js';
import { canonicalJson, sha256Hex } from '../hash.js';
import { folderBelow, refRefusal, repoRefusal } from './git-names.js';
import { resolveDest } from './paths.js';
import { type DigestText, environmentOf } from './environment.js';
import type { ReportProblem } from './problems.js';

type GitSource = Extract<NonNullable<Component['source']>, { type: 'git' }>;

export interface SourceAndBuild { source: DesiredSource | null; build: BuildStep[] }

/** A docker source is the image of the run section, and never built. */
export function resolveSource({ source, build, run }: Component, { directory, contentVersion }: { directory: string; contentVersion: number }, digest: DigestText, report: ReportProblem): SourceAndBuild {
  if (source?.type !== 'git') return { source: null, build: [] };
  const place = resolveDest(directory, directory);
  if (place === null) {
    report({ path: [...(run.type === 'systemd' && run.working_directory !== undefined ? ['run', 'working_directory'] : ['source'])], message: `"${directory}" is not a place a deploy may put a release at`, fix: 'Use a folder of its own outside /proc, /sys, /dev and the folders of Maestro and Docker, without "..".' });
  }
  const steps = build.map((step, index) => buildStep(step, index, digest, report));
  const { repo, ref, subpath } = gitNames(source, report);
  return { source: { type: 'git', repo, ref, subpath, source_hash: sourceHash({ repo, ref, subpath }, steps), content_version: contentVersion }, build: steps };
}

/** Everything that decides what a commit becomes on disk. */
export const sourceHash = ({ repo, ref, subpath }: Pick<DesiredSource, 'repo' | 'ref' | 'subpath'>, build: readonly BuildStep[]): string =>
  sha256Hex(canonicalJson({ repo, ref, subpath, build }));

function gitNames({ repo, ref, subpath }: GitSource, report: ReportProblem): Pick<DesiredSource, 'repo' | 'ref' | 'subpath'> {
  const badRepo = repoRefusal(repo);
  if (badRepo !== null) report({ path: ['source', 'repo'], ...badRepo });
  const badRef = ref === undefined ? null : refRefusal(ref);
  if (badRef !== null) report({ path: ['source', 'ref'], ...badRef });
  return { repo, ref: ref ?? null, subpath: folder(subpath, ['source', 'subpath'], 'the repository', report) };
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
