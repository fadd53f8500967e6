/** The JSON Schema takes every document that the language takes, and knows what an editor can know of the others. */
import { readFile, readdir } from 'node:fs/promises';
import Ajv2020 from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { documentJsonSchema, plainJsonSchema } from '../../spec/document/json-schema.js';
import { parseDocument } from '../../spec/document/index.js';
import { small } from './marked.js';

const ajv = new Ajv2020.default({ strict: false, allErrors: true });
const validate = ajv.compile(documentJsonSchema());

/** As an editor does it: YAML to plain data, then the schema. */
const complaints = (text: string): string[] => (validate(parse(text)) ? [] : (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`));
const language = (text: string): string[] => parseDocument(text).errors.map(({ message }) => message);

test('it is a schema of draft 2020-12', () => {
  expect([ajv.validateSchema(documentJsonSchema()), ajv.errors]).toEqual([true, null]);
});

test('the recipes of the guide fit it', async () => {
  const folder = new URL('../recipes/', import.meta.url);
  for (const file of await readdir(folder)) expect([file, complaints(await readFile(new URL(file, folder), 'utf8'))]).toEqual([file, []]);
});

test('every key has a description', () => {
  const described = (schema: unknown, path: string): string[] => {
    if (typeof schema !== 'object' || schema === null) return [];
    return Object.entries(schema).flatMap(([word, value]: [string, unknown]) => [
      ...(word === 'properties' ? Object.entries(value as Record<string, { description?: string }>).filter(([, { description = '' }]) => description.length < 5).map(([key]) => `${path}.${key}`) : []),
      ...described(value, word === 'properties' ? path : `${path}.${word}`),
    ]);
  };
  expect(described(plainJsonSchema(), '')).toEqual([]);
});

describe('what the language reads fits it', () => {
  const health = (what: string): string => small({ component: `    healthcheck: { type: tcp, port: 80, ${what} }\n` });
  const file = (mode: string): string => small({ component: `    config: { files: [{ source: a, dest: /a, mode: ${mode} }] }\n` });
  const run = (what: string): string => small({ run: `type: docker, ${what}` });
  const canary = (fraction: string): string => small({ binding: `host: h1, components: [web], canary: { initial_fraction: ${fraction} }` });
  test.each([
    small(),
    ...['500ms', '10s', '1h30m', '1.5s', '90', '"90"', '" 5s "', '0.25', '576h'].map((duration) => health(`interval: ${duration}`)),
    ...['0640', '"0640"', '0o640', '640', '"640"', '"0o7777"', '07777', '0'].map(file),
    ...['0.2', '1', '"20%"', '20%', '"0.5"'].map(canary),
    ...['512m', '1.5g', '256MiB', '1024', '"10 k"'].map((memory) => run(`resources: { memory: ${memory} }`)),
    ...['0.5', '"0.5"', '2'].map((cpus) => run(`resources: { cpus: ${cpus} }`)),
    ...['1.10', '"1.10"', '16', 'true', 'latest'].map((tag) => small({ source: `type: docker, image: nginx, tag: ${tag}` })),
    run('env: { A: 1, B: 1.50, C: true, D: text }'), run('ports: ["80:80", 8080]'), run('restart: no'), run('command: [a, b]'), run('command: a b'),
    small({ component: '    healthcheck: { type: tcp, port: "{{ vars.port }}" }\n' }),
    small({ top: 'defaults: { component: { healthcheck: { type: http, url: "http://x" } }, host: { port: 2222 } }\n', component: '    healthcheck: { retries: 9 }\n' }),
    small({ top: 'defaults: { component: { run: { type: docker, image: x } } }\n' }).replace('    run: { type: docker }\n', ''),
  ])('%#: %s', (text) => {
    expect({ language: language(text), schema: complaints(text) }).toEqual({ language: [], schema: [] });
  });
});

describe('what it can know is wrong', () => {
  test.each([
    ['a mistyped key', small({ component: '    healtcheck: { type: tcp, port: 80 }\n' })],
    ['a mistyped key in defaults', small({ top: 'defaults: { component: { runn: {} } }\n' })],
    ['a component without run', small().replace('    run: { type: docker }\n', '')],
    ['a component without run, with defaults for hosts alone', small({ top: 'defaults: { host: { port: 2222 } }\n' }).replace('    run: { type: docker }\n', '')],
    ['a duration in days', small({ component: '    healthcheck: { type: tcp, port: 80, interval: 5d }\n' })],
    ['a key of the other type', small({ run: 'type: docker, unit_name: x' })],
    ['two ways to name hosts', small({ binding: 'host: h1, tags: [a], components: [web]' })],
    ['an id in capitals', small().replace('  h1: {}', '  H1: {}')],
  ])('%s', (_, text) => {
    expect(language(text)).not.toEqual([]);
    expect(complaints(text)).not.toEqual([]);
  });
});

test('defaults are those that the language fills in, as they would be written', () => {
  const text = JSON.stringify(documentJsonSchema());
  for (const written of ['"default":"0640"', '"default":"0755"', '"default":"10s"', '"default":"300s"', '"default":"latest"', '"default":0.2', '"default":22']) expect(text).toContain(written);
  const { document } = parseDocument(small({ component: '    build: [{ command: a }]\n    healthcheck: { type: tcp, port: 1 }\n    config: { templates: [{ source: a, dest: /a }], files: [{ source: a, dest: /b }] }\n', binding: 'host: h1, components: [web], canary: {}' }));
  expect(document?.components['web']).toMatchObject({ build: [{ timeout: 300_000 }], healthcheck: { interval: 10_000, timeout: 5000, start_period: 15_000 }, config: { templates: [{ mode: 0o640 }], files: [{ mode: 0o755 }] }, source: { tag: 'latest' }, tests: {} });
  expect(document?.deployment[0]).toMatchObject({ canary: { initial_fraction: 0.2, step_fraction: 0.3, verify_duration: 120_000 }, offline_deadline: 3_600_000 });
});
