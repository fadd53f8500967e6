/** What is generated of docs/ is committed as it is made. */
import { readFile } from 'node:fs/promises';
import { pages } from '../../scripts/docs/pages.js';

test.each(Object.keys(pages))('docs/%s is up to date (else: npm run docs)', async (name) => {
  const committed = await readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8').catch(() => '');
  const made = await pages[name]?.() ?? '';
  if (made !== committed) throw new Error(`docs/${name} is not what the language says: run "npm run docs" and commit what it writes`);
});
