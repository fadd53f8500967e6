/** What is at the paths of a placement's files. */
import type { DesiredFile } from '../../spec/desired.js';
import type { ObservedFile } from '../../spec/observed.js';
import { digestFor } from '../files/digest.js';
import { ownerNames } from '../files/owners.js';
import { type FileFound, readFileAt } from '../files/read-file.js';

export async function observeFiles(files: readonly DesiredFile[], owned: ReadonlySet<string>, digestKey?: string): Promise<ObservedFile[]> {
  if (files.length === 0) return [];
  const found = await Promise.all(files.map(({ path }) => readFileAt(path)));
  const names = await ownerNames(found.flatMap((file) => (file.kind === 'file' ? [file] : [])));
  return files.map((desired, index) => toObserved(desired, found[index] ?? { kind: 'missing' }, owned.has(desired.path), names, digestKey));
}

const numeric = /^\d+$/;

function toObserved(desired: DesiredFile, found: FileFound, owned: boolean, names: Awaited<ReturnType<typeof ownerNames>>, digestKey: string | undefined): ObservedFile {
  if (found.kind !== 'file') return { path: desired.path, kind: found.kind, sha256: null, mode: null, owner: null, group: null, owned };
  // A document that gives an id as a number is answered with one.
  const asAsked = (wanted: string | null, id: number, name: string): string => (wanted !== null && numeric.test(wanted) ? String(id) : name);
  return {
    path: desired.path, kind: 'file', sha256: digestFor(desired, found, digestKey), mode: found.mode,
    owner: asAsked(desired.owner, found.uid, names.user(found.uid)), group: asAsked(desired.group, found.gid, names.group(found.gid)), owned,
  };
}
