/**
 * A test's command on the host: with build steps the one declared shell. As the user of the component's unit, else as
 * the build user, never as root unless the unit is root's by name; in the release or the component directory, with a
 * home of its own that is gone afterwards.
 */
import { stat } from 'node:fs/promises';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { TestStage } from '../../spec/test-results.js';
import type { HostDeps } from '../activate/host-deps.js';
import { Folder, removeAt } from '../files/folder.js';
import { primaryGroupOf, groupId, userId } from '../files/owners.js';
import { releasesRoot } from '../files/safe-path.js';
import { type GroupEnd, runInGroup } from '../run-group.js';
import { buildUserName, endProcessesOf, ensureBuildUser } from '../source/build-user.js';
import { buildEnvironment } from '../source/environment.js';
import { buildLock } from '../source/prepare-source.js';
import { hasSource, isThere, pinnedCommit, releaseName, releasePath } from '../source/releases.js';
import { fileTrouble } from '../trouble.js';
import { endTestsOf, markOf } from './leftovers.js';

export interface CommandRun { command: string; timeoutMs: number; signal: AbortSignal; onLine(stream: 'stdout' | 'stderr', line: string): void }

/** Both streams in one, so that their lines come in the order in which they were written. The command is an argument. */
const wrapper = 'umask 022; exec /bin/sh -c "$1" 2>&1';

export async function commandOnHost(deps: HostDeps, placement: DesiredPlacement, when: TestStage, run: CommandRun): Promise<GroupEnd> {
  const { run: what } = placement;
  const owner = when === 'post_deploy' && what.type === 'systemd' && what.user !== null ? { name: what.user, ...(await idsOf(what.user, what.group)) } : null;
  if (owner !== null) return inHome(deps, placement, when, owner, run);
  // All processes of this user are of the build or the test that has the lock.
  return deps.locks.run(buildLock, run.signal, async () => {
    const user = await ensureBuildUser();
    await endProcessesOf(user);
    try {
      return await inHome(deps, placement, when, { name: buildUserName, ...user }, run);
    } finally {
      await endProcessesOf(user);
    }
  });
}

interface TestUser { name: string; uid: number; gid: number }

const idsOf = async (user: string, group: string | null): Promise<{ uid: number; gid: number }> =>
  ({ uid: await userId(user), gid: group === null ? await primaryGroupOf(user) : await groupId(group) });

async function inHome(deps: HostDeps, placement: DesiredPlacement, when: TestStage, { name, uid, gid }: TestUser, { command, timeoutMs, signal, onLine }: CommandRun): Promise<GroupEnd> {
  const home = homeOf(placement);
  const release = await releaseOf(deps, placement);
  try {
    await makeHome(home, { uid, gid });
    const env = { ...buildEnvironment({ env: when === 'post_deploy' ? placement.run.env : {} }, { home, user: name, commit: release.commit }, process.env), ...markOf(placement) };
    const cwd = (await folderAt(when === 'pre_deploy' ? release.path : placement.component_directory)) ?? home;
    return await runInGroup('/bin/sh', ['-c', wrapper, 'test', command], { cwd, env, timeoutMs, signal, user: { uid, gid }, onLine });
  } finally {
    await endTestsOf(placement);
    await removeAt(home);
  }
}

/** Where no deploy may write, and no component has its releases. */
const homeOf = ({ deploy_id, component }: DesiredPlacement): string => `${releasesRoot}/.tests/${deploy_id}/${component}`;

async function makeHome(home: string, { uid, gid }: { uid: number; gid: number }): Promise<void> {
  try {
    await removeAt(home);
    // What runs as this user already could put a link into its home: that is given away last.
    await Folder.use(`${home}/tmp`, 'create', (folder) => folder.give(uid, gid, 0o700));
    await Folder.use(home, 'create', (folder) => folder.give(uid, gid, 0o700));
  } catch (error) {
    throw fileTrouble(home, 'making the home of a test in', error);
  }
}

/** What the version's release is called here, and its commit; empty without a source. */
async function releaseOf({ journal }: HostDeps, placement: DesiredPlacement): Promise<{ path: string; commit: string }> {
  const commit = hasSource(placement) ? pinnedCommit(await journal.source(placement), placement) : null;
  if (!hasSource(placement) || commit === null) return { path: '', commit: '' };
  const path = releasePath(placement, releaseName(commit, placement.source));
  return { path: (await isThere(path)) ? path : '', commit };
}

const folderAt = (path: string): Promise<string | null> =>
  (path === '' ? Promise.resolve(null) : stat(path).then((status) => (status.isDirectory() ? path : null), () => null));
