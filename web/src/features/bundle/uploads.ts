/** What somebody picked or dropped, sorted into a document and the files beside it; the sorting is pure. */

export interface UploadedFile { path: string; bytes: Uint8Array }
export interface Sorted { document: UploadedFile | null; files: UploadedFile[] }

/** In the API's order of preference. */
const documentNames: readonly string[] = ['deployment.yaml', 'deployment.yml', 'deploy.yaml', 'deploy.yml'];
const isYaml = (path: string): boolean => /\.ya?ml$/i.test(path);

/** `folder/a.txt` for every file of the one folder `folder` that was picked becomes `a.txt`. */
function withoutCommonFolder(files: readonly UploadedFile[]): UploadedFile[] {
  const folders = new Set(files.map(({ path }) => (path.includes('/') ? path.slice(0, path.indexOf('/')) : '')));
  const [folder = ''] = folders;
  return folders.size === 1 && folder !== '' ? files.map((file) => ({ ...file, path: file.path.slice(folder.length + 1) })) : [...files];
}

/** The document is the one with a document's name, or the only YAML file at the top. Everything else is a file of the bundle. */
export function sortUploads(picked: readonly UploadedFile[]): Sorted {
  const all = withoutCommonFolder(picked);
  const top = all.filter(({ path }) => !path.includes('/') && isYaml(path));
  const named = documentNames.map((name) => top.find(({ path }) => path === name)).find((file) => file !== undefined);
  const document = named ?? (top.length === 1 ? top[0] : undefined) ?? null;
  return { document, files: all.filter((file) => file !== document) };
}

/** Later files of the same path replace earlier ones. */
export function mergeFiles(before: readonly UploadedFile[], added: readonly UploadedFile[]): UploadedFile[] {
  const paths = new Set(added.map(({ path }) => path));
  return [...before.filter(({ path }) => !paths.has(path)), ...added].sort((a, b) => (a.path < b.path ? -1 : 1));
}

export const totalBytes = (files: readonly UploadedFile[]): number => files.reduce((sum, { bytes }) => sum + bytes.length, 0);
/** JSON takes base64, a third more, and 2 MB at most. */
export const uploadBytesMax = 1_400_000;

const chunk = 0x8000;
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += chunk) text += String.fromCharCode(...bytes.subarray(at, at + chunk));
  return btoa(text);
}

export const filesBody = (files: readonly UploadedFile[]): Record<string, string> => Object.fromEntries(files.map(({ path, bytes }) => [path, toBase64(bytes)]));

/** A folder's files carry their path in it. */
export const readUploads = (picked: Iterable<File>): Promise<UploadedFile[]> =>
  Promise.all([...picked].map(async (file) => ({ path: file.webkitRelativePath || file.name, bytes: new Uint8Array(await file.arrayBuffer()) })));
