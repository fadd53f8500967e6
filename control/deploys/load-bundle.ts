/** A version's content, for those who validate, render or hand it out. */
import { sha256Hex } from '../../spec/hash.js';
import { notFound, type Reader } from '../database.js';
import { altered, flawOf } from './version-seals.js';

const pieceBytes = 1024 * 1024;

export interface LoadedFile { path: string; sha256: string; size: number; mode: number }
export interface LoadedBundle {
  deploy_id: string;
  deploy_name: string;
  version: number;
  yaml: string;
  files: LoadedFile[];
  /** Contents of one file; throws `not_found` for a path that is not in the bundle. */
  read(path: string): Promise<Buffer>;
}

/** Throws `not_found`, and `conflict` for a version that is not what was submitted. */
export async function loadBundle(db: Reader, deployId: string, number: number): Promise<LoadedBundle> {
  const version = await db.version.findUnique({
    where: { deploy_id_number: { deploy_id: deployId, number } },
    select: {
      deploy_id: true, number: true, kind: true, parent: true, component: true, component_from: true, yaml: true, submitted_by_id: true, seal: { select: { digest: true, mac: true } },
      deploy: { select: { name: true } }, files: { orderBy: { path: 'asc' }, select: { path: true, sha256: true, mode: true, blob: { select: { size: true } } } },
    },
  });
  if (!version) throw notFound('version', `${deployId}/v${number}`);
  const flaw = flawOf(version, version.seal);
  if (flaw !== null) throw altered(`Version ${number} of ${version.deploy.name}`, flaw, { deploy_id: deployId, version: number });
  const files = version.files.map(({ path, sha256, mode, blob }) => ({ path, sha256, size: blob.size, mode }));
  const read = async (path: string): Promise<Buffer> => {
    const file = files.find((one) => one.path === path);
    if (!file) throw notFound('bundle file', path);
    return loadBlob(db, file.sha256);
  };
  return { deploy_id: deployId, deploy_name: version.deploy.name, version: number, yaml: version.yaml, files, read };
}

export async function loadBlob(db: Reader, sha256: string): Promise<Buffer> {
  const blob = await db.bundleBlob.findUnique({ where: { sha256 }, select: { bytes: true } });
  if (!blob) throw notFound('bundle content', sha256);
  const bytes = Buffer.from(blob.bytes);
  if (sha256Hex(bytes) !== sha256) throw altered(`The file ${sha256.slice(0, 12)}…`, 'its content is not what was submitted', { sha256 });
  return bytes;
}

/** Its bytes from `from` to `size`, read piece by piece as they are taken. Ends with `not_found` when it is not there. */
export async function* readBlob(db: Reader, sha256: string, from: number, size: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < size; at += pieceBytes) {
    const [row] = await db.$queryRaw<{ piece: Uint8Array }[]>`SELECT substring(bytes FROM ${at + 1}::int FOR ${pieceBytes}::int) AS piece FROM bundle_blobs WHERE sha256 = ${sha256}`;
    if (row === undefined || row.piece.length === 0) throw notFound('bundle content', sha256);
    yield row.piece;
  }
}
