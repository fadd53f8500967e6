/** Artifacts: uploaded as they come, once per content, kept while a version names them, and removed when nothing does. */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FolderStore, sweepArtifacts } from '../../control/artifacts/index.js';
import { systemActor } from '../../control/actor.js';
import { createDeploy, tombstoneDeploy } from '../../control/deploys/index.js';
import { openRollout } from '../../control/rollouts/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { useApi, type Answer } from './harness.js';

const document = (name: string, artifact: string, vars = ''): string => `api_version: maestro/v1
project: ${name}
hosts: { app-01: {} }
components:
  app:
    source: { type: artifact, artifact_id: "${artifact}" }
${vars}    run: { type: systemd, command: /opt/app/run, unit_name: ${name} }
deployment:
  - { host: app-01, components: [app] }
`;
const stored = z.object({ artifact_id: z.string(), sha256: z.string(), size: z.number(), expires_at: z.string() });
const later = new Date(Date.now() + 3_600_000);

describe('artifacts', () => {
  const context = useApi();
  const folder = (): string => join(context.api.dataDir, 'artifacts');
  const names = async (): Promise<string[]> => (await readdir(folder()).catch(() => [])).filter((name) => name !== '.incoming').sort();
  const incoming = (): Promise<string[]> => readdir(join(folder(), '.incoming'));
  const upload = (bytes: Buffer, as = context.api.people.operator, type = 'application/gzip'): Promise<Answer> => context.api.ask('/api/artifacts?name=app.tar.gz', { method: 'POST', as, body: new Uint8Array(bytes), type });
  const uploaded = async (bytes: Buffer): Promise<string> => {
    const answer = await upload(bytes);
    expect(answer.status).toBe(201);
    return stored.parse(answer.body).artifact_id;
  };
  const sweep = (now = later): Promise<number> => sweepArtifacts(context.api.db, new FolderStore(context.api.dataDir), now);

  it('are uploaded whole or not at all; the same content again is the same one, and expires later', async () => {
    const bytes = randomBytes(3_000_000);
    const sha256 = sha256Hex(bytes);
    const first = await upload(bytes);
    expect([first.status, first.body]).toEqual([201, expect.objectContaining({ artifact_id: sha256, sha256, size: 3_000_000, name: 'app.tar.gz' })]);
    const again = await Promise.all([upload(bytes), upload(bytes)]);
    expect(again.map(({ status }) => status)).toEqual([201, 201]);
    expect(stored.parse(again[0]?.body).expires_at >= stored.parse(first.body).expires_at).toBe(true);
    expect(await names()).toContain(sha256);
    expect((await readFile(join(folder(), sha256))).equals(bytes)).toBe(true);
    expect(await incoming()).toEqual([]);
    expect((await context.api.ask(`/api/artifacts/${sha256}`, { as: context.api.people.viewer })).body).toMatchObject({ sha256 });
    expect((await context.api.ask('/api/artifacts?limit=1', { as: context.api.people.viewer })).body).toMatchObject({ items: [{ sha256 }] });
    expect(await context.api.db.auditEntry.count({ where: { action: 'artifact.upload', target: sha256 } })).toBe(3);
  });

  it('that are too large, cut off, or sent by somebody without the right leave nothing', async () => {
    const before = await names();
    expect((await upload(randomBytes(5_000_001))).status).toBe(413);
    expect((await upload(randomBytes(10), context.api.people.viewer)).status).toBe(403);
    expect((await upload(randomBytes(10), context.api.people.operator, 'text/html')).status).toBe(415);
    const cut = new AbortController();
    const body = new ReadableStream<Uint8Array>({ start: (controller) => { controller.enqueue(new Uint8Array(100_000)); setTimeout(() => cut.abort(), 100); } });
    await expect(fetch(`${context.api.url}/api/artifacts`, { method: 'POST', headers: { ...context.api.keys.operator, 'content-type': 'application/gzip' }, body, duplex: 'half', signal: cut.signal } as RequestInit)).rejects.toThrow();
    for (const end = Date.now() + 10_000; (await incoming()).length > 0 && Date.now() < end;) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await incoming()).toEqual([]);
    expect(await names()).toEqual(before);
  });

  it('that are named and not there are errors at their place; so is an id that the text does not have', async () => {
    const sha256 = await uploaded(Buffer.from('one archive'));
    const errors = (yaml: string): Promise<unknown> => context.api.ask('/api/deploys', { method: 'POST', as: context.api.people.operator, body: yaml, type: 'application/yaml' }).then(async ({ body }) => {
      const { deploy_id: id } = z.object({ deploy_id: z.string() }).parse(body);
      return (await context.api.ask(`/api/deploys/${id}/validate`, { method: 'POST', as: context.api.people.operator, json: {} })).body;
    });
    expect(await errors(document('none', 'a'.repeat(64)))).toMatchObject({ ok: false, errors: [{ code: 'validation_error', path: 'components.app.source.artifact_id', line: 6, message: expect.stringContaining('there is no artifact') }] });
    expect(await errors(document('bad', 'latest'))).toMatchObject({ ok: false, errors: [{ message: expect.stringContaining('not the sha256') }] });
    expect(await errors(document('fine', sha256))).toMatchObject({ ok: true, errors: [] });
    const [start, end] = [sha256.slice(0, 30), sha256.slice(30)];
    expect(await errors(document('hidden', `{{ vars.start }}${end}`, `    config: { vars: { start: "${start}" } }\n`))).toMatchObject({ ok: false, errors: [{ message: expect.stringContaining('does not stand in the document') }] });
    expect(await errors(document('vars', '{{ vars.artifact }}', `    config: { vars: { artifact: "${sha256}" } }\n`))).toMatchObject({ ok: true });
  });

  it('are sent to the host of a placement, while its run is open', async () => {
    const bytes = randomBytes(200_000);
    const sha256 = await uploaded(bytes);
    const { deploy_id: id } = await createDeploy(context.api.db, systemActor, { yaml: document('sent', sha256), files: [] });
    const { rollout_id: run } = await openRollout(context.api.db, systemActor, { deployId: id, version: 1, kind: 'apply' });
    const get = (host: string): Promise<Response> => fetch(`${context.api.hostsUrl}/host/v1/archive?run=${run}&component=app&sha256=${sha256}`, { headers: { ...context.api.hostHeaders(host), range: 'bytes=100000-' } });
    expect(Buffer.from(await (await get('app-01')).arrayBuffer()).equals(bytes.subarray(100_000))).toBe(true);
    expect((await get('app-02')).status).toBe(404);
  });

  it('are kept while a version of a living deploy names them, and go when they have expired', async () => {
    const [used, unused, fresh] = [await uploaded(Buffer.from('used')), await uploaded(Buffer.from('unused')), await uploaded(Buffer.from('fresh'))];
    await context.api.db.artifact.update({ where: { sha256: fresh }, data: { expires_at: new Date(later.getTime() + 60_000) } });
    const { deploy_id: id } = await createDeploy(context.api.db, systemActor, { yaml: document('keeps', used), files: [] });
    const erase = async (sha256: string): Promise<number> => (await context.api.ask(`/api/artifacts/${sha256}`, { method: 'DELETE', as: context.api.people.operator })).status;
    expect(await erase(used)).toBe(409);
    await writeFile(join(folder(), '.incoming', 'old'), 'cut off');
    await utimes(join(folder(), '.incoming', 'old'), new Date(0), new Date(0));
    expect(await sweep(new Date(0))).toBe(0);
    expect(await sweep()).toBeGreaterThan(0);
    expect(await incoming()).toEqual([]);
    expect(await names()).toEqual(expect.arrayContaining([used, fresh]));
    expect(await names()).not.toContain(unused);
    expect(await erase(unused)).toBe(404);
    expect(await erase(fresh)).toBe(204);
    await tombstoneDeploy(context.api.db, systemActor, id);
    expect(await sweep()).toBe(1);
    await expect(lstat(join(folder(), used))).rejects.toThrow('ENOENT');
  });
});
