/** What becomes an argument of git or a path is looked at again here: a host acts as root and takes nothing for granted. */
import { MaestroError } from '../../spec/errors.js';
import { folderBelow, type Refusal, refRefusal, repoRefusal } from '../../spec/resolve/git-names.js';
import { refuseUnsafePath } from '../files/safe-path.js';
import type { SourcePlacement } from './releases.js';

const id = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export function refuseUnsafeSource({ source, build, component_directory, deploy_id, component }: SourcePlacement, stateFolder: string): void {
  const { repo = null, ref = null } = source.type === 'git' ? source : {};
  if (source.type !== 'git' && source.at.kind === 'host') refuseUnsafePath(source.at.path, stateFolder);
  const folders = [source.subpath, ...build.map(({ working_dir }) => working_dir)];
  // The folder of releases is named by deploy and component.
  const refusals = [repo === null ? null : repoRefusal(repo), ref === null ? null : refRefusal(ref), ...folders.map(folderRefusal), ...[deploy_id, component].map(idRefusal)];
  for (const refusal of refusals) {
    if (refusal !== null) throw new MaestroError('config_error', refusal.message, { fix: refusal.fix });
  }
  refuseUnsafePath(component_directory, stateFolder);
}

const folderRefusal = (path: string | null): Refusal | null =>
  (path === null || folderBelow(path) === path ? null : { message: `${JSON.stringify(path.slice(0, 200))} is not a folder below the source`, fix: 'Use a relative path without "..".' });

const idRefusal = (text: string): Refusal | null =>
  (id.test(text) ? null : { message: `${JSON.stringify(text.slice(0, 200))} is not an id`, fix: 'Use letters, digits, ".", "_" and "-".' });
