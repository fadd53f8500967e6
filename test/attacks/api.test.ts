/** Payloads in everything that a request can say: answered with a status that says whose fault it is, and never with a stack. */
import { useApi, type Answer } from '../api/harness.js';
import { payloads } from './payloads.js';
import { sample } from './sample.js';
import { components, document } from './scene.js';

const rig = useApi();
const corpus = payloads('/tmp/maestro-canary-api-', '127.0.0.1:1');

/** All of it is text that nobody acts on. */
const filled = (text: string): string => JSON.stringify({
  ...document({ unit: { ...components['unit'], description: text, config: { vars: { text, [text.slice(0, 40) || 'x']: [text, { text }] } }, tests: {}, run: { type: 'systemd', command: '/usr/bin/true', env: { TEXT: text } }, metrics: { endpoint: text, allow: [text] } } }),
  description: text, hosts: { h1: { address: text, user: text, tags: [text] } },
});

/** Half a surrogate cannot be written there. */
const inAddress = (text: string, length: number): string => encodeURIComponent(Buffer.from(text.slice(0, length)).toString('utf8'));

const wrongOf = (what: string, { status, text, headers }: Answer): string[] => {
  const problem = status < 400 || (headers.get('content-type') ?? '').includes('problem+json');
  const fine = status >= 200 && status < 500 && problem && !/\bat .*\(?(node:|\/.*\.(ts|js|mjs):\d+)/.test(text);
  return fine ? [] : [`${what}: ${String(status)} ${text.slice(0, 200)}`];
};

test('no payload makes the API fail', async () => {
  const { api } = rig;
  const wrong: string[] = [];
  const as = api.people.admin;
  for (const { name, text } of sample(corpus, 15)) {
    const ask = async (what: string, path: string, options: Parameters<typeof api.ask>[1] = {}): Promise<Answer | null> => {
      const answer = await api.ask(path, { as, ...options }).catch((error: unknown) => {
        // Such a header or address cannot be sent at all.
        if (/ByteString|invalid|Failed to parse URL/i.test(`${String(error)} ${String((error as Error).cause)}`)) return null;
        throw error;
      });
      if (answer !== null) wrong.push(...wrongOf(`${name} in ${what}`, answer));
      return answer;
    };
    const submitted = await ask('a document', '/api/deploys', { body: filled(text), type: 'application/yaml' });
    if (submitted?.status === 201) {
      const { deploy_id: id } = submitted.body as { deploy_id: string };
      await ask('a deploy', `/api/deploys/${id}`);
      await ask('a version', `/api/deploys/${id}/versions/1`);
      await ask('validation', `/api/deploys/${id}/validate`, { json: { yaml: filled(text) } });
      await ask('a file of a version', `/api/deploys/${id}/versions`, { json: { yaml: filled('x'), files: { [text]: Buffer.from(text).toString('base64') } } });
    }
    await ask('the name of a deploy', '/api/deploys', { json: { name: text, yaml: filled('x') } });
    await ask('the project', '/api/deploys', { json: { yaml: JSON.stringify({ ...document({ unit: components['unit'] ?? {} }), project: text }) } });
    await ask('a text that is no YAML', '/api/deploys', { body: Buffer.from(text), type: 'application/yaml' });
    await ask('a body that is no JSON', '/api/deploys', { body: Buffer.from(text), type: 'application/json' });
    await ask('a body that is no archive', '/api/deploys', { body: Buffer.from(text), type: 'application/gzip' });
    await ask('an id', `/api/deploys/${inAddress(text, 2_000)}`);
    await ask('a cursor', `/api/deploys?cursor=${inAddress(text, 2_000)}&limit=${inAddress(text, 100)}`);
    await ask('an idempotency key', '/api/deploys', { json: { yaml: 'x' }, headers: { 'idempotency-key': text.slice(0, 2_000) } });
    await ask('a media type', '/api/deploys', { body: 'x', type: text.slice(0, 200) });
    await ask('a user', '/api/auth/login', { json: { username: text, password: text } });
    await ask('the path of a secret', `/api/secrets/${inAddress(text, 1_000)}`, { method: 'PUT', json: { value: text } });
    await ask('the value of a secret', '/api/secrets/team/attacked', { method: 'PUT', json: { value: text } });
    await ask('an artifact', `/api/artifacts?name=${inAddress(text, 500)}`, { body: Buffer.from(text), type: 'application/octet-stream' });
  }
  expect(wrong.slice(0, 20)).toEqual([]);
  for (const path of ['/api/deploys', '/api/audit', '/api/secrets', '/healthz']) expect({ path, status: (await api.ask(path, { as })).status }).toEqual({ path, status: path === '/api/audit' ? expect.any(Number) : 200 });
}, 10 * 60_000);
