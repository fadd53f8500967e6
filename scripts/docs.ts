/** `npm run docs`: writes the pages of docs/ that are made from the language itself. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pages } from './docs/pages.js';

// npm runs its scripts in the root of the package.
const folder = join(process.cwd(), 'docs');

await mkdir(folder, { recursive: true });
for (const [name, make] of Object.entries(pages)) {
  await writeFile(join(folder, name), await make());
  process.stdout.write(`wrote docs/${name}\n`);
}
