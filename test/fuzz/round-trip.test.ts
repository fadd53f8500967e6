/** Documents with every key: read the same in every style, and hashed the same whatever the order of their keys. */
import { parse } from 'yaml';
import { parseDocument, type DeployDocument } from '../../spec/document/index.js';
import { placementsOf } from '../rendering/bundle.js';
import { generatedDocument } from './generate.js';
import { printed } from './print.js';
import { Random } from './random.js';
import { everyKey, recipes } from './seed-documents.js';

const read = (value: unknown): DeployDocument | null => parseDocument(JSON.stringify(value)).document;
const vault = { 'db/password': 'one', 'jwt/secret': 'two', 'prod/api/token': 'three', 'prod/ci/token': 'four', 'prod/registry/login': 'a-user:five', 'prod/git/token': 'six' };
const files = { 'site.tar.gz': 'an archive', 'configs/api.env.j2': 'HOST={{ DB_HOST }}\n', 'app.conf.j2': '{{ vars.NAME }} on {{ host_id }}\n', 'one.txt': 'one', 'static/a': 'a', 'static/b/c': 'c' };

/** The same value with the keys of every map in reverse; lists keep their order, which means something. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, reversed(member)])) : value;
}

test('what is printed in any style is read as what it was', () => {
  const known = [...recipes, everyKey].map((text): unknown => parse(text));
  const generated = Array.from({ length: 1500 }, (_, index) => generatedDocument(new Random(5, index))).filter((value) => read(value) !== null);
  expect(generated.length).toBeGreaterThan(100);
  for (const [index, value] of [...known, ...known, ...generated].entries()) {
    const text = printed(value, new Random(6, index));
    expect({ text, document: parseDocument(text).document }).toEqual({ text, document: read(value) });
  }
});

test('equal documents in another order of keys have equal hashes', async () => {
  for (const text of [...recipes, everyKey.replace('./credentials.yaml', 'vault://prod')]) {
    const value: unknown = parse(text);
    const hashes = async (document: unknown): Promise<string[]> => (await placementsOf(JSON.stringify(document), files, {}, vault)).map(({ host, component, hash }) => `${host}/${component} ${hash}`).sort();
    expect(await hashes(reversed(value))).toEqual(await hashes(value));
  }
});
