/** Secrets in documents and templates: where they may stand, what may be done with them, and that no value gets out of where it belongs. */
import fc from 'fast-check';
import { validateBundle, type Validation } from '../../control/documents/validate.js';
import { noSources } from '../../control/rendering/credentials.js';
import { withContents } from '../../control/rendering/contents.js';
import { hasForeignMark, markNonce, type SecretVersions, withValues } from '../../control/rendering/secret-texts.js';
import type { Db } from '../../control/database.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { secretMark } from '../../spec/secrets/marks.js';
import { quoteInEnvironmentFile } from '../../spec/systemd-unit.js';
import { expectOnly, marked } from '../spec/marked.js';
import { contentsOf, document, type Files, withTemplate } from './bundle.js';

const token = 'tok-9f3b"1c $x\\';
const vault = (values: Readonly<Record<string, string>> = { 'app/token': token, 'db/password': 'hunter2-hunter2' }, version = 1): SecretVersions =>
  new Map(Object.entries(values).map(([path, value]) => [path, { version, value }]));
const secrets = { TOKEN: '{{ vault://app/token }}' };

const check = (text: string, files: Files = {}, known = vault(), digestKey = 'k'): Promise<Validation> =>
  validateBundle(text, contentsOf(files), { deployId: 'dpl_1', version: 1, secrets: { ...noSources, vault: known }, digestKey });

async function full(validation: Validation, known = vault()): Promise<DesiredPlacement> {
  const [placement] = validation.rendered?.placements ?? [];
  if (placement === undefined || validation.rendered === null) throw new Error(JSON.stringify(validation.errors));
  expect(validation.errors).toEqual([]);
  return withContents({ db: {} as Db, contents: validation.rendered.contents, secrets: known }, placement);
}
const fileText = ({ files }: DesiredPlacement, index = 0): string => Buffer.from(files[index]?.content ?? '', 'base64').toString();
const written = async (template: string, known = vault()): Promise<string> => fileText(await full(await check(withTemplate({ secrets }), { 't.j2': template }, known), known));
const complaints = async (template: string): Promise<string[]> => (await check(withTemplate({ secrets }), { 't.j2': template })).errors.map(({ message }) => message);

describe('a secret in a template file', () => {
  test.each([
    ['{{ TOKEN }}', token], ['{{ secrets.TOKEN }}', token], ['{{ config.secrets.TOKEN }}', token], ['{{ secrets["TOKEN"] | default("x") }}', token],
    ['a={{ "<" ~ TOKEN ~ ">" }}', `a=<${token}>`], ['{% set t = TOKEN %}{{ t }}{{ t }}', token + token], ['{% macro m(x) %}[{{ x }}]{% endmacro %}{{ m(TOKEN) }}', `[${token}]`],
    ['{% if TOKEN %}y{% endif %}{{ "y" if TOKEN is defined }}', 'yy'], ['{{ TOKEN | urlencode }}', encodeURIComponent(token)], ['{{ ("u:" ~ TOKEN) | urlencode }}', encodeURIComponent(`u:${token}`)],
    ['{{ TOKEN | dump }}', JSON.stringify(token)], ['{{ TOKEN | urlencode | dump }}', JSON.stringify(encodeURIComponent(token))],
  ])('%s', async (template, expected) => {
    expect(await written(template)).toBe(expected);
  });

  test.each([
    ['{{ TOKEN | upper }}', 'given to the filter upper'], ['{{ TOKEN | length }}', 'given to the filter length'], ['{{ TOKEN | replace("a", "b") }}', 'given to the filter replace'], ['{{ "x" | replace("x", TOKEN) }}', 'given to the filter replace'],
    ['{{ [TOKEN] | join(",") }}', 'given to the filter join'], ['{{ secrets | dump }}', 'given to the filter dump'], ['{% filter upper %}{{ TOKEN }}{% endfilter %}', 'given to the filter upper'],
    ['{% if TOKEN == "guess" %}{% endif %}', 'compared'], ['{% if "guess" < TOKEN %}{% endif %}', 'compared'], ['{% if "t" in TOKEN %}{% endif %}', 'searched'], ['{% for c in TOKEN %}{{ c }}{% endfor %}', 'walked through'],
    ['{{ TOKEN[0] }}', 'looked into'], ['{{ TOKEN.length }}', 'looked into'], ['{{ TOKEN.split("-")[0] }}', 'looked into'], ['{% set t = TOKEN ~ "" %}{{ t.slice(1) }}', 'looked into'],
  ])('%s is an error, since what it asks is not known', async (template, what) => {
    expect(await complaints(template)).toEqual([expect.stringContaining(`the value of a secret is not known here: it can be written, but not ${what}`)]);
  });

  test('is told by its reference in an error, never by its mark', async () => {
    const [message] = await complaints('{% include TOKEN %}');
    expect(message).toContain('{{ vault://app/token }}');
    expect(message).not.toMatch(/[\ue000\ue001]/);
  });

  test('makes the file a secret one, with a digest under the key of its host', async () => {
    const digest = async (known: SecretVersions, key: string, hosts = ['h1']): Promise<(string | undefined)[]> =>
      ((await check(withTemplate({ secrets, hosts }), { 't.j2': 'x {{ TOKEN }}' }, known, key)).rendered?.placements ?? []).map(({ files: [file] }) => (file?.keyed === true ? file.sha256 : undefined));
    const [first] = await digest(vault(), 'k');
    expect(await digest(vault(), 'k')).toEqual([first]);
    const others = [...(await digest(vault({ 'app/token': 'another' }), 'k')), ...(await digest(vault(), 'other key')), ...(await digest(vault(), 'k', ['h2', 'h3']))];
    expect(new Set([first, ...others]).size).toBe(5);
  });
});

describe('in the environment of a process', () => {
  test('of a container: its name is told, its value only with the contents', async () => {
    const validation = await check(document({ secrets, env: { PLAIN: 'x', TOKEN: '{{ vault://app/token }}', URL: 'pg://app:{{ vault://db/password }}@{{ host_id }}', ALSO: '{{ secrets.TOKEN }}' } }));
    const { run, digest_key: key } = validation.rendered?.placements[0] ?? {};
    expect(run).toMatchObject({ env: { PLAIN: 'x' }, secret_env: { TOKEN: { digest: expect.stringMatching(/^[0-9a-f]{64}$/) as string }, URL: {}, ALSO: {} } });
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    const { run: filled, redact } = await full(validation);
    expect(filled).toMatchObject({ secret_env: { TOKEN: { content: token }, URL: { content: 'pg://app:hunter2-hunter2@h1' }, ALSO: { content: token } } });
    expect(redact?.toSorted()).toEqual(['hunter2-hunter2', token]);
  });

  test('of a unit: in a file of its own that only root reads, and the unit names it', async () => {
    const text = document({ secrets, component: { source: undefined }, run: { type: 'systemd', container_name: undefined, unit_name: 'api', command: '/bin/api', env: { PLAIN: 'x', TOKEN: 'a"{{ vault://app/token }}' } } });
    const placement = await full(await check(text));
    expect(placement.files[0]).toMatchObject({ path: '/etc/maestro/units/api.service.env', mode: 0o600, owner: null, keyed: true, origin: 'environment' });
    expect(fileText(placement)).toBe(`TOKEN="a\\"${quoteInEnvironmentFile(token)}"\n`);
    expect(placement.run).toMatchObject({ env: { PLAIN: 'x' }, environment_file: '/etc/maestro/units/api.service.env', unit_text: expect.stringContaining('EnvironmentFile=/etc/maestro/units/api.service.env\n') as string });
  });

  test('that systemd would drop is refused', async () => {
    const text = document({ component: { source: undefined }, run: { type: 'systemd', container_name: undefined, command: '/bin/api', env: { TOKEN: '{{ vault://app/token }}' } } });
    const { errors } = await check(text, {}, vault({ 'app/token': 'two\r\nlines' }));
    expect(errors).toMatchObject([{ path: 'components.web.run.env.TOKEN', message: 'the secret "app/token" has a control character, which systemd does not take in a variable' }]);
    expect(JSON.stringify(errors)).not.toContain('two');
  });
});

describe('refused, at its place', () => {
  const wrong: [name: string, yaml: string, path: string, message: RegExp][] = [
    ['in a command', 'run: { type: docker, command: ▸"app --password={{ vault://app/token }}" }', 'run.command', /a secret would show here/],
    ['in an image', 'run: { type: docker, image: ▸"web:{{ vault://app/token }}" }', 'run.image', /a secret would show here/],
    ['in a variable', 'run: { type: docker }\n    config: { vars: { A: ▸"{{ vault://app/token }}" } }', 'config.vars.A', /a secret would show here/],
    ['in a command, by its name', 'run: { type: docker, command: ▸"app {{ secrets.T }}" }\n    config: { secrets: { T: "{{ vault://app/token }}" } }', 'run.command', /a secret would show here/],
    ['in an address, by a variable', 'run: { type: docker }\n    healthcheck: { type: http, url: ▸"http://x/{{ config.secrets.T }}" }\n    config: { secrets: { T: "{{ vault://app/token }}" } }', 'healthcheck.url', /a secret would show here/],
    ['in a text that is not rendered', 'run: { type: docker }\n    description: ▸"of {{ vault://app/token }}"', 'description', /a secret would show here/],
    ['in metrics', 'run: { type: docker }\n    metrics: { endpoint: ▸"http://x/{{ vault://app/token }}" }', 'metrics.endpoint', /a secret would show here/],
    ['that is missing', 'run: { type: docker, env: { A: ▸"{{ vault://no/such }}" } }', 'run.env.A', /^there is no secret "no\/such" in the vault$/],
    ['with a path that is none', 'run: { type: docker, env: { A: ▸"{{ vault://a//b }}" } }', 'run.env.A', /"a\/\/b" is not the path of a secret/],
    ['with a filter', 'run: { type: docker, env: { A: ▸"{{ vault://app/token | upper }}" } }', 'run.env.A', /written \{\{ vault:\/\/path \}\}, with nothing else inside/],
    ['in clear', 'run: { type: docker }\n    config: { secrets: { T: ▸hunter2 } }', 'config.secrets.T', /does not belong into the document/],
    ['with the signs of a mark', 'run: { type: docker, env: { A: ▸"\\uE000aaaaaaaaaaaaaaaa:app/token\\uE001" } }', 'run.env.A', /reserved for secrets/],
  ];
  test.each(wrong)('%s', async (_, yaml, path, message) => {
    const place = marked(`api_version: maestro/v1\nproject: shop\nhosts: { h1: {} }\ncomponents:\n  web:\n    source: { type: docker, image: nginx }\n    ${yaml}\ndeployment:\n  - { host: h1, components: [web] }\n`);
    expectOnly((await check(place.text)).errors, place, { path: `components.web.${path}`, message });
  });

  test('every secret that is missing is named', async () => {
    const { errors } = await check(document({ secrets: { A: '{{ vault://x/a }}', B: '{{ vault://x/b }}' }, env: { C: '{{ vault://x/c }}{{ vault://app/token }}' } }));
    expect(errors.map(({ message }) => /"(.*)"/.exec(message)?.[1]).toSorted()).toEqual(['x/a', 'x/b', 'x/c']);
  });

  test('a mark that was made by another process is none of ours', () => {
    expect(hasForeignMark(`a ${secretMark(markNonce, 'app/token')} b`)).toBe(false);
    expect(hasForeignMark(secretMark('0'.repeat(32), 'app/token'))).toBe(true);
    expect(hasForeignMark(secretMark(markNonce, 'app/token').slice(3))).toBe(true);
    expect(() => withValues(secretMark('0'.repeat(32), 'app/token'), vault())).toThrow('is not in the vault any more');
    expect(() => withValues(secretMark(markNonce, 'gone'), vault())).toThrow('the secret "gone" is not in the vault any more');
  });
});

test('no value is in anything that is decided: placements, graph, claims, problems, texts', async () => {
  const value = fc.string({ minLength: 8, maxLength: 60, unit: 'grapheme-ascii' }).filter((text) => text.trim().length >= 8).map((text) => `§${text}`);
  const use = fc.constantFrom('{{ vault://s/one }}', 'x{{ vault://s/two }}y', '{{ secrets.ONE }}', '{{ secrets.TWO | urlencode }}', 'plain');
  await fc.assert(fc.asyncProperty(value, value, fc.array(use, { maxLength: 4 }), fc.array(use.filter((text) => !text.includes('vault')), { maxLength: 4 }), fc.boolean(), async (one, two, env, lines, unit) => {
    const run = unit ? { type: 'systemd', container_name: undefined, command: '/bin/x' } : {};
    const config = { secrets: { ONE: '{{ vault://s/one }}', TWO: '{{ vault://s/two }}' }, templates: [{ source: 't.j2', dest: '/etc/t' }] };
    const text = document({ env: Object.fromEntries(env.map((entry, index) => [`V${index}`, entry])), run, component: { config, ...(unit ? { source: undefined } : {}) } });
    const validation = await check(text, { 't.j2': lines.join('\n') }, vault({ 's/one': one, 's/two': two }));
    const told = JSON.stringify({ ...validation, contents: [...(validation.rendered?.contents ?? [])], used: [...(validation.rendered?.secrets ?? [])] });
    for (const secret of [one, two]) for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) expect(told).not.toContain(form);
    expect(validation.errors).toEqual([]);
  }), { numRuns: 60 });
});
