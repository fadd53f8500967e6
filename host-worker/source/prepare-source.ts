/**
 * Making the release that a version asks for: fetched and built in a draft beside the others, which gets its name when
 * everything succeeded. Touches nothing that runs. Safe to repeat after a kill at any moment.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import type { HostDeps } from '../activate/host-deps.js';
import type { Step } from '../activate/step.js';
import { pinKey } from '../../spec/pins.js';
import { Folder } from '../files/folder.js';
import { fileTrouble } from '../trouble.js';
import { type LoginOf, loginsOf } from '../credentials/logins.js';
import { build, type BuildContext, settle } from './build.js';
import { endProcessesOf, existing } from './build-user.js';
import { checkOut } from './check-out.js';
import { fetchArchive } from './fetch-archive.js';
import type { GitContext } from './git.js';
import { refuseUnsafeSource } from './safe-source.js';
import { draftName, isThere, leftBehind, pin, pinnedCommit, releaseName, releasePath, releasesFolder, rememberRelease, type SourcePlacement } from './releases.js';
import { nameOf, seenCommit } from './seen-commit.js';

type Deps = Pick<HostDeps, 'journal' | 'locks' | 'stateFolder' | 'control'>;

const fetchTimeoutMs = 10 * 60_000;
/** Builds of all placements go one after the other, and so does whatever else runs as the build user: see build-user.ts. */
export const buildLock = 'build';

interface Wanted { commit: string; name: string; draft: string }

/** `fetchFirst`: what else is fetched for the placement; the phases of one activity are told once each. */
export async function prepareSource(deps: Deps, step: Step, placement: SourcePlacement, fetchFirst = (): Promise<void> => Promise.resolve()): Promise<void> {
  refuseUnsafeSource(placement, deps.stateFolder);
  const { deploy_id, component, source } = placement;
  const draft = releasePath(placement, draftName);
  await deps.locks.run(`source ${deploy_id}/${component}`, step.signal, async () => {
    try {
      const { wanted, files } = await step.report.phase('fetch', async () => {
        await fetchFirst();
        return fetchFiles(deps, step, placement, draft, loginsOf(deps.control, step.key.run_id, step.signal, component));
      });
      if (files !== null) await step.report.phase('build', () => buildAndPublish(deps, step, placement, wanted, files));
      await rememberRelease(deps.journal, placement, { name: wanted.name, commit: wanted.commit, source_hash: source.source_hash });
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
}

/** For whoever is about to switch to it: nothing is asked and nothing is told when the release is there. */
export async function ensureRelease(deps: Deps, step: Step, placement: SourcePlacement): Promise<void> {
  const { source } = placement;
  const commit = pinnedCommit(await deps.journal.source(placement), placement);
  const name = commit === null ? null : releaseName(commit, source);
  if (commit === null || name === null || !(await isThere(releasePath(placement, name)))) return prepareSource(deps, step, placement);
  await rememberRelease(deps.journal, placement, { name, commit, source_hash: source.source_hash });
}

/** The files in a draft; null when the release is there already. */
async function fetchFiles(deps: Deps, step: Step, placement: SourcePlacement, draft: string, loginOf: LoginOf): Promise<{ wanted: Wanted; files: string | null }> {
  const { source } = placement;
  const commit = await commitOf(deps, step, placement, loginOf);
  const wanted = { commit, name: releaseName(commit, source), draft };
  await sweep(deps, step, placement);
  if (await isThere(releasePath(placement, wanted.name))) {
    step.report.output('info', `${source.type === 'git' ? 'commit' : 'content'} ${commit} is here already, as it is wanted`);
    return { wanted, files: null };
  }
  step.report.output('info', `fetching ${nameOf(source)} at ${source.type === 'git' ? 'commit' : 'content'} ${commit}`);
  await openDraft(placement);
  const fetched = async (): Promise<string> => (source.type === 'git' ? checkOut(source, commit, draft, { ...gitContext(step), login: await loginOf(placement) }) : fetchArchive(deps.control, step, { component: placement.component, source }, commit, draft));
  return { wanted, files: await step.effect('source.fetch', fetched) };
}

async function commitOf({ journal, control }: Deps, step: Step, placement: SourcePlacement, loginOf: LoginOf): Promise<string> {
  const pinned = pinnedCommit(await journal.source(placement), placement);
  if (pinned !== null) return pinned;
  const seen = await seenCommit(placement.source, { ...gitContext(step), login: await loginOf(placement) });
  const isOpen = pinKey(placement, 'commit') !== null;
  const [standing] = isOpen ? await step.effect('source.pin_version', () => control.pin(step.key.run_id, [{ component: placement.component, kind: 'commit', value: seen }], step.signal)) : [];
  const commit = standing?.value ?? seen;
  await step.effect('source.pin', () => pin(journal, placement, commit));
  return commit;
}

const gitContext = ({ signal, report }: Step): GitContext => ({ signal, timeoutMs: fetchTimeoutMs, tell: (line) => report.output('stderr', line) });

/** A build that outlived its worker may still write to its draft: it is ended first, when no other build is under way. */
async function sweep({ locks }: Deps, { signal }: Step, placement: SourcePlacement): Promise<void> {
  const names = await leftBehind(placement);
  if (names.length === 0) return;
  await locks.run(buildLock, signal, async () => {
    const user = await existing();
    if (user !== null && user.uid > 0) await endProcessesOf(user);
    for (const name of names) await rm(releasePath(placement, name), { recursive: true, force: true });
  });
}

async function buildAndPublish({ locks }: Deps, step: Step, placement: SourcePlacement, { commit, name, draft }: Wanted, files: string): Promise<void> {
  const { build: steps } = placement;
  const { report, signal } = step;
  if (steps.length > 0) {
    const context: BuildContext = { signal, say: (stream, line) => report.output(stream, line), effect: (point, work) => step.effect(point, work) };
    await locks.run(buildLock, signal, () => build(steps, { draft, files, commit }, context));
  }
  await settle(files);
  await step.effect('source.release', () => publish(placement, name));
}

async function openDraft(placement: SourcePlacement): Promise<void> {
  const folder = releasesFolder(placement);
  try {
    await Folder.use(folder, 'create', (releases) => mkdir(releases.entry(draftName), { mode: 0o755 }));
  } catch (error) {
    throw fileTrouble(folder, 'making a release in', error);
  }
}

async function publish(placement: SourcePlacement, name: string): Promise<void> {
  const folder = releasesFolder(placement);
  try {
    await Folder.use(folder, 'fail', async (releases) => {
      await rename(releases.entry(`${draftName}/source`), releases.entry(name));
      await releases.sync();
    });
  } catch (error) {
    throw fileTrouble(folder, 'making a release in', error);
  }
}
