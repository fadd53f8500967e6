/** Submitting documents and bundles: what is taken, and every bad input as a clear refusal that stores nothing. */
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { binary, tar, targz, template, web, webWithFiles, type Entry } from './documents.js';
import { counts, useApi, type Answer, type Ask } from './harness.js';

const problem = z.object({
  code: z.string(), message: z.string().min(10), suggested_fix: z.string().min(10), request_id: z.string().min(8), type: z.string(), status: z.number(),
  errors: z.array(z.object({ code: z.string(), path: z.string(), line: z.number(), column: z.number(), message: z.string().min(3), suggested_fix: z.string().min(3) })),
});
const created = z.object({ deploy_id: z.string(), version: z.number() });
const versionView = z.object({ yaml: z.string(), files: z.array(z.object({ path: z.string(), size: z.number(), sha256: z.string() })), rollouts: z.array(z.unknown()) });

describe('submitting', () => {
  const context = useApi();
  const post = (options: Ask, path = '/api/deploys'): Promise<Answer> => context.api.ask(path, { method: 'POST', as: context.api.people.operator, ...options });
  const yaml = (body: string, path?: string) => post({ body, type: 'application/yaml' }, path);

  describe('takes', () => {
    it.each(['application/yaml', 'text/yaml', 'text/x-yaml', 'application/x-yaml; charset=utf-8'])('raw YAML as %s, and keeps it as written', async (type) => {
      const name = type.replaceAll(/[^a-z]/g, '');
      const answer = await post({ body: web(name), type });
      expect([answer.status, answer.body]).toEqual([201, { deploy_id: expect.stringMatching(/^dpl_/), version: 1 }]);
      const { deploy_id: id } = created.parse(answer.body);
      expect((await context.api.ask(`/api/deploys/${id}/versions/1`, { as: context.api.keys.viewer })).body).toMatchObject({ number: 1, kind: 'apply', parent: null, yaml: web(name), submitted_by: 'operator', files: [] });
      expect((await context.api.ask(`/api/deploys/${id}`, { as: context.api.keys.viewer })).body).toMatchObject({ name, state: 'never_applied', latest_version: 1, active_version: null, hosts: ['web-01'], components: ['web'] });
    });

    it('JSON with files in base64', async () => {
      const files = { 'templates/app.conf.j2': Buffer.from(template).toString('base64'), './static//logo.bin': binary.toString('base64') };
      const answer = await post({ json: { name: 'renamed', yaml: webWithFiles(), files } });
      expect(answer.status).toBe(201);
      const { deploy_id: id } = created.parse(answer.body);
      const version = versionView.parse((await context.api.ask(`/api/deploys/${id}/versions/1`, { as: context.api.people.viewer })).body);
      expect(version.files.map(({ path, size }) => [path, size])).toEqual([['static/logo.bin', binary.length], ['templates/app.conf.j2', template.length]]);
      expect((await context.api.ask('/api/deploys', { as: context.api.people.viewer })).text).toContain('"renamed"');
    });

    it.each([['deployment.yaml', []], ['deploy.yaml', []], ['anything.yml', []], ['deployment.yaml', [{ name: 'other.yaml', content: 'x: 1' }]]] as [string, Entry[]][])('a .tar.gz with its document in %s', async (name, more) => {
      const project = `tar-${name.replaceAll('.', '-')}-${more.length}`;
      const archive = await targz([
        { name: './', type: 'directory' }, { name: `./${name}`, content: webWithFiles(project) }, { name: 'templates/', type: 'directory' },
        { name: './templates/app.conf.j2', content: template }, { name: 'static/logo.bin', content: binary, mode: 0o600 }, ...more,
      ]);
      const answer = await post({ body: archive, type: 'application/gzip' });
      expect([answer.status, answer.body]).toEqual([201, expect.objectContaining({ version: 1 })]);
      const { deploy_id: id } = created.parse(answer.body);
      const { yaml: text, files } = versionView.parse((await context.api.ask(`/api/deploys/${id}/versions/1`, { as: context.api.people.viewer })).body);
      expect(text).toBe(webWithFiles(project));
      expect(files.map(({ path }) => path)).toEqual([...more.map((entry) => entry.name), 'static/logo.bin', 'templates/app.conf.j2']);
      const valid = await post({ json: {} }, `/api/deploys/${id}/validate`);
      expect(valid.body).toMatchObject({ ok: true, errors: [] });
    });

    it('a second version only on top of the one the client has seen', async () => {
      const { deploy_id: id } = created.parse((await yaml(web('versioned'))).body);
      const path = `/api/deploys/${id}/versions`;
      expect((await post({ json: { yaml: web('versioned'), expected_version: 1 } }, path)).body).toEqual({ deploy_id: id, version: 2 });
      const late = await post({ json: { yaml: web('versioned'), expected_version: 1 } }, path);
      expect([late.status, late.body]).toEqual([409, expect.objectContaining({ code: 'conflict', details: expect.objectContaining({ current_version: 2 }) })]);
      expect((await post({ body: web('versioned'), type: 'text/yaml', headers: { 'if-match': '"1"' } }, path)).status).toBe(409);
      expect((await post({ body: web('versioned'), type: 'text/yaml', headers: { 'if-match': '"2"' } }, path)).body).toEqual({ deploy_id: id, version: 3 });
      expect((await yaml(web('versioned'), `${path}?expected_version=2`)).status).toBe(409);
      expect((await yaml(web('versioned'), path)).status).toBe(201);
      const list = z.object({ items: z.array(z.object({ number: z.number() })), next_cursor: z.string().nullable() }).parse((await context.api.ask(`${path}?limit=3`, { as: context.api.people.viewer })).body);
      expect(list.items.map(({ number }) => number)).toEqual([4, 3, 2]);
      expect((await context.api.ask(`${path}?limit=3&cursor=${list.next_cursor ?? ''}`, { as: context.api.people.viewer })).body).toMatchObject({ items: [{ number: 1 }], next_cursor: null });
    });

    it('one request once, however often it is sent with the same Idempotency-Key', async () => {
      const headers = { 'idempotency-key': 'create-once-1' };
      const before = await counts(context.api.db);
      const first = await post({ body: web('once-only'), type: 'text/yaml', headers });
      const again = await post({ body: web('once-only'), type: 'text/yaml', headers });
      expect([first.status, again.status]).toEqual([201, 201]);
      expect(again.body).toEqual(first.body);
      const other = await post({ body: web('something-else'), type: 'text/yaml', headers });
      expect([other.status, problem.parse(other.body).code]).toEqual([422, 'validation_error']);
      const after = await counts(context.api.db);
      expect(after['deploys']).toBe((before['deploys'] ?? 0) + 1);
      const someoneElse = await context.api.ask('/api/deploys', { method: 'POST', as: context.api.people.admin, body: web('of-the-admin'), type: 'text/yaml', headers });
      expect(someoneElse.status).toBe(201);
    });
  });

  describe('refuses, with a code, a place and a fix, and stores nothing:', () => {
    const refused = async (options: Ask, status: number, code: string, path = '/api/deploys'): Promise<z.infer<typeof problem>> => {
      const before = await counts(context.api.db);
      const answer = await post(options, path);
      expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
      const parsed = problem.parse(answer.body);
      expect([answer.status, parsed.status, parsed.code, parsed.type, parsed.message.includes('undefined')]).toEqual([status, status, code, `/docs/errors/${code}`, false]);
      expect(answer.text).not.toMatch(/node_modules\/|\.[jt]s:\d|at \w+ \(/);
      expect(await counts(context.api.db)).toEqual(before);
      return parsed;
    };
    const refusedYaml = (body: string) => refused({ body, type: 'application/yaml' }, 422, 'validation_error');

    it('broken YAML', async () => {
      const { errors } = await refusedYaml('project: [unclosed\nhosts: {');
      expect(errors[0]?.line).toBeGreaterThan(0);
    });

    it('unknown keys, with the nearest known one', async () => {
      const { errors } = await refusedYaml(web().replace('depends_on', 'depend_on').replace('    run:', '    helthcheck: { type: http, url: "http://localhost/" }\n    run:'));
      expect(errors).toEqual(expect.arrayContaining([expect.objectContaining({ path: 'components.web.helthcheck', line: 9, suggested_fix: expect.stringContaining('healthcheck') })]));
    });

    it('wrong types', async () => {
      const { errors } = await refusedYaml(web().replace('components: [web]', 'components: web'));
      expect(errors[0]).toMatchObject({ path: 'deployment[0].components', line: 12 });
    });

    it('references that lead nowhere, all at once', async () => {
      const { errors } = await refusedYaml(web().replace('hosts: [web-01]', 'hosts: [web-02]').replace('components: [web]', 'components: [web, api]'));
      expect(errors.length).toBeGreaterThanOrEqual(2);
      expect(errors.every(({ line }) => line > 0)).toBe(true);
    });

    it('an empty document, and one that is not text', async () => {
      await refusedYaml('');
      await refusedYaml('# nothing\n');
      await refused({ body: new Uint8Array([0xff, 0xfe, 0x41]), type: 'text/yaml' }, 422, 'validation_error');
    });

    it('a YAML body of 2 MiB, as YAML and inside of JSON', async () => {
      const large = `${web()}# ${'x'.repeat(2 << 20)}\n`;
      const { suggested_fix: fix } = await refused({ body: large, type: 'application/yaml' }, 413, 'payload_too_large');
      expect(fix).toContain('1 MiB');
      await refused({ json: { yaml: large } }, 413, 'payload_too_large');
      await refused({ json: { yaml: `${web()}# ${'x'.repeat(1_100_000)}\n` } }, 413, 'payload_too_large');
    });

    it('a body of a type that is not understood, of none, and compressed as a whole', async () => {
      expect((await refused({ body: web(), type: 'text/plain' }, 415, 'unsupported_media_type')).suggested_fix).toContain('application/yaml');
      await refused({ body: web(), type: 'application/octet-stream' }, 415, 'unsupported_media_type');
      await refused({ body: web(), type: 'constructor' }, 415, 'unsupported_media_type');
      await refused({ body: new Uint8Array(Buffer.from(web())) }, 415, 'unsupported_media_type');
      await refused({ body: new Uint8Array(gzipSync(web())), type: 'application/yaml', headers: { 'content-encoding': 'gzip' } }, 415, 'unsupported_media_type');
    });

    it('JSON that is broken, of another shape, or with keys that are not known', async () => {
      expect((await refused({ body: '{"yaml": ', type: 'application/json' }, 422, 'validation_error')).errors[0]?.message).toContain('JSON');
      expect((await refused({ json: { yaml: 7 } }, 422, 'validation_error')).errors[0]).toMatchObject({ path: 'yaml', line: 0 });
      expect((await refused({ json: { yaml: web(), fiels: {} } }, 422, 'validation_error')).errors[0]?.suggested_fix).toContain('fiels');
      expect((await refused({ json: [] }, 422, 'validation_error')).errors).toHaveLength(1);
      await refused({ json: null }, 422, 'validation_error');
      await refused({ body: '{"yaml":"x","__proto__":{"admin":true}}', type: 'application/json' }, 422, 'validation_error');
    });

    it('files that are not base64, or at paths outside of the bundle', async () => {
      expect((await refused({ json: { yaml: web(), files: { 'a.txt': 'not base64!' } } }, 422, 'validation_error')).errors[0]?.path).toBe('files.a.txt');
      for (const path of ['../evil', '/etc/passwd', 'a/../../b', 'a\\b', 'a\u0000b', 'C:/x', './']) await refused({ json: { yaml: web(), files: { [path]: 'aGk=' } } }, 422, 'validation_error');
    });

    it.each([
      ['a path with ..', { name: '../evil.txt', content: 'x' }], ['a path with .. in the middle', { name: 'a/../../evil.txt', content: 'x' }], ['an absolute path', { name: '/etc/passwd', content: 'x' }],
      ['a directory outside', { name: '../outside/', type: 'directory' }], ['a symlink', { name: 'link', type: 'symlink', linkname: '/etc/passwd' }], ['a symlink to a sibling', { name: 'link', type: 'symlink', linkname: 'deployment.yaml' }],
      ['a hard link', { name: 'link', type: 'link', linkname: 'deployment.yaml' }], ['a device', { name: 'null', type: 'character-device', devmajor: 1, devminor: 3 }], ['a fifo', { name: 'pipe', type: 'fifo' }],
      ['a file twice', { name: './deployment.yaml', content: 'x' }], ['a control character in a name', { name: 'a\u001b[31m', content: 'x' }],
    ] as [string, Entry][])('a .tar.gz with %s', async (_, entry) => {
      await refused({ body: await targz([{ name: 'deployment.yaml', content: web('never') }, entry]), type: 'application/gzip' }, 422, 'validation_error');
    });

    it('a .tar.gz without a document, with two, or with one in a folder only', async () => {
      for (const entries of [[], [{ name: 'readme.txt', content: 'x' }], [{ name: 'a.yaml', content: web() }, { name: 'b.yaml', content: web() }], [{ name: 'folder/deployment.yaml', content: web() }]]) {
        expect((await refused({ body: await targz(entries), type: 'application/gzip' }, 422, 'validation_error')).suggested_fix).toContain('deployment.yaml');
      }
    });

    it('a .tar.gz that is broken: no gzip, no tar, cut off', async () => {
      const good = await targz([{ name: 'deployment.yaml', content: web('never') }, { name: 'noise', content: Buffer.from(Array.from({ length: 20_000 }, (_, index) => (index * 7919) & 255)) }]);
      const plain = await tar([{ name: 'deployment.yaml', content: web('never') }, { name: 'noise', content: 'x'.repeat(5000) }]);
      for (const body of [new Uint8Array(Buffer.from('no gzip')), new Uint8Array(gzipSync(Buffer.alloc(3000, 7))), good.slice(0, good.length / 2), new Uint8Array(gzipSync(plain.subarray(0, 2500)))]) {
        await refused({ body, type: 'application/gzip' }, 422, 'validation_error');
      }
    });

    it('a .tar.gz that unpacks to much more than it is, or has too many entries', async () => {
      const document = { name: 'deployment.yaml', content: web('never') };
      await refused({ body: await targz([document, { name: 'zeros', content: Buffer.alloc(50 << 20) }]), type: 'application/gzip' }, 413, 'payload_too_large');
      await refused({ body: await targz([document, { name: 'zeros', content: Buffer.alloc(8 << 20) }]), type: 'application/gzip' }, 422, 'validation_error');
      await refused({ body: await targz([document, ...Array.from({ length: 1200 }, (_, index) => ({ name: `f${index}`, content: 'x' }))]), type: 'application/gzip' }, 422, 'validation_error');
      await refused({ body: await targz([document, ...Array.from({ length: 2100 }, (_, index) => ({ name: `d${index}/`, type: 'directory' as const }))]), type: 'application/gzip' }, 422, 'validation_error');
    });

    it('a name that is taken, saying by which deploy', async () => {
      const { deploy_id: id } = created.parse((await yaml(web('taken'))).body);
      expect((await refused({ body: web('taken'), type: 'text/yaml' }, 409, 'conflict')).message).toContain(id);
    });

    it('a deploy or version that is not there, and ids of another form', async () => {
      await refused({ body: web(), type: 'text/yaml' }, 404, 'not_found', `/api/deploys/dpl_${'0'.repeat(20)}/versions`);
      expect((await refused({ body: web(), type: 'text/yaml' }, 422, 'validation_error', '/api/deploys/1;drop/versions')).errors[0]?.path).toBe('path.id');
    });

    it('parameters that are not known or not usable', async () => {
      expect((await refused({ body: web(), type: 'text/yaml' }, 422, 'validation_error', '/api/deploys?nmae=x')).errors[0]?.suggested_fix).toContain('nmae');
      await refused({ body: web(), type: 'text/yaml', headers: { 'idempotency-key': 'x'.repeat(200) } }, 422, 'validation_error');
      const { deploy_id: id } = created.parse((await yaml(web('if-match'))).body);
      await refused({ body: web('if-match'), type: 'text/yaml', headers: { 'if-match': 'abc' } }, 422, 'validation_error', `/api/deploys/${id}/versions`);
    });
  });

  describe('validating', () => {
    it('says everything that is wrong without storing anything, and warns of hosts that are not enrolled', async () => {
      const before = await counts(context.api.db);
      const bad = await post({ json: { yaml: webWithFiles('unsaved'), files: { 'templates/app.conf.j2': Buffer.from('{{ nothing.here }}').toString('base64') } } }, '/api/validate');
      const { ok, errors } = z.object({ ok: z.boolean(), errors: z.array(z.object({ path: z.string(), line: z.number() })) }).parse(bad.body);
      expect([bad.status, ok]).toEqual([200, false]);
      expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining([expect.stringContaining('templates'), expect.stringContaining('files')]));
      const good = await yaml(web('unsaved', ['web-01', 'web-02']), '/api/validate');
      expect(good.body).toMatchObject({ ok: true, errors: [], warnings: [{ code: 'not_found', path: 'hosts.web-01', line: 5 }, { path: 'hosts.web-02', line: 6 }], graph: { steps: [{ id: 'web-01/web' }, { id: 'web-02/web' }] } });
      await context.api.enroll('web-01', 'web-02');
      expect((await yaml(web('unsaved', ['web-01', 'web-02']), '/api/validate')).body).toMatchObject({ warnings: [] });
      expect({ ...(await counts(context.api.db)), nodes: 0 }).toEqual({ ...before, nodes: 0 });
    });

    it('reads an unsaved edit with the files of the latest version', async () => {
      const files = { 'templates/app.conf.j2': Buffer.from(template).toString('base64'), 'static/logo.bin': binary.toString('base64') };
      const { deploy_id: id } = created.parse((await post({ json: { yaml: webWithFiles('edited'), files } })).body);
      const path = `/api/deploys/${id}/validate`;
      expect((await post({ json: { yaml: webWithFiles('edited').replace('hello', 'goodbye') } }, path)).body).toMatchObject({ ok: true });
      expect((await post({ json: { yaml: webWithFiles('edited'), files: {} } }, path)).body).toMatchObject({ ok: false });
      expect((await post({}, path)).body).toMatchObject({ ok: true });
      expect((await post({ json: { version: 1 } }, path)).body).toMatchObject({ ok: true });
      expect((await post({ json: { version: 9 } }, path)).body).toMatchObject({ code: 'not_found', message: expect.stringContaining('v1') });
      expect((await post({ json: { version: 1, yaml: web() } }, path)).status).toBe(422);
    });
  });
});
