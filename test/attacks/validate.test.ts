/** Every payload in every field of the schema: refused with what to do about it, or taken as text; never anything else. */
import { existsSync, readdirSync } from 'node:fs';
import { desiredPlacement } from '../../host-worker/control-plane/desired-answer.js';
import { validated } from '../rendering/bundle.js';
import { payloads } from './payloads.js';
import { sample } from './sample.js';
import { attacked, components, document, files, vault } from './scene.js';
import { type Field, nameOf, schemaFields } from './schema-fields.js';

const base = '/tmp/maestro-canary-here-';
const corpus = payloads(base, '127.0.0.1:1');
const fields = schemaFields();
const longestMs = 5_000;

const check = async (text: string): Promise<{ ok: boolean; told: string[] }> => {
  const started = performance.now();
  const { ok, errors, warnings, rendered } = await validated(text, files, {}, vault);
  const told = [...errors, ...warnings].filter(({ code, message, suggested_fix: fix, line }) => code.length === 0 || message.length === 0 || fix.length === 0 || !(line >= 1)).map((found) => JSON.stringify(found));
  if (performance.now() - started > longestMs) told.push(`took ${String(performance.now() - started)} ms`);
  if (!ok && errors.length === 0) told.push('refused without a word');
  // What the control plane lets through, the host can read.
  if (ok) for (const placement of rendered?.placements ?? []) if (!desiredPlacement.safeParse(JSON.parse(JSON.stringify(placement))).success) told.push(`a host cannot read ${JSON.stringify(placement).slice(0, 300)}`);
  return { ok, told };
};

test('there are enough payloads, each with a canary of its own, and the scene has a place for every field of the schema', async () => {
  expect(corpus.length).toBeGreaterThanOrEqual(200);
  expect(new Set(corpus.map(({ text }) => text)).size).toBe(corpus.length);
  expect(fields.filter((field) => attacked(field, 'x').length === 0).map(nameOf)).toEqual([]);
  for (const [id, component] of Object.entries(components)) expect({ id, ...(await check(JSON.stringify(document({ [id]: component })))) }).toEqual({ id, ok: true, told: [] });
});

test('they are refused with a fix, or are text', async () => {
  const all = corpus.flatMap((payload) => fields.map((field): [typeof payload, Field] => [payload, field]));
  const wrong: string[] = [];
  const counts = { documents: 0, taken: 0 };
  for (const [payload, field] of sample(all, 2_000)) {
    for (const { document: written } of attacked(field, payload.text)) {
      const { ok, told } = await check(JSON.stringify(written)).catch((error: unknown) => ({ ok: false, told: [`threw ${String(error)}`] }));
      counts.documents += 1;
      counts.taken += ok ? 1 : 0;
      wrong.push(...told.map((what) => `${nameOf(field)} ${payload.name}: ${what}`));
    }
  }
  process.stdout.write(`attacks: ${JSON.stringify(counts)}\n`);
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(counts.taken).toBeGreaterThan(0);
  noCanary();
}, 30 * 60_000);

test('they are refused or text in YAML that they are written into as they are', async () => {
  const wrong: string[] = [];
  for (const payload of sample(corpus, 100)) {
    for (const line of [`description: ${payload.text}`, `description: "${payload.text}"`, `description: '${payload.text}'`, `description: |\n  ${payload.text}`, `${payload.text}: x`, payload.text]) {
      const { told } = await check(`api_version: maestro/v1\nproject: x\n${line}\nhosts: { h1: {} }\ncomponents: { c: { run: { type: systemd, command: /usr/bin/true } } }\ndeployment: [{ host: h1, components: [c] }]\n`).catch((error: unknown) => ({ told: [`threw ${String(error)}`] }));
      wrong.push(...told.map((what) => `${payload.name} in ${line.slice(0, 16)}: ${what}`));
    }
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  noCanary();
}, 10 * 60_000);

function noCanary(): void {
  expect(readdirSync('/tmp').filter((name) => name.startsWith('maestro-canary-here-'))).toEqual([]);
  expect(readdirSync('.').filter((name) => name.includes('canary'))).toEqual([]);
  expect(existsSync(base)).toBe(false);
}
