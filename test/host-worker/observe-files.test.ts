/** Observing with an engine in memory: what is asked of Docker, how often, and that one bad thing does not hide the rest. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { observePlacements } from '../../host-worker/observe/observe.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { MemoryHost } from './memory-host.js';
import { dockerRun, file, placement, quick, tree } from './placements.js';

let host: MemoryHost;
beforeEach(async () => {
  host = await MemoryHost.create();
  host.engine.images.set('good:1', { id: 'sha256:good1', behaviour: 'serves' });
});
afterEach(async () => { await host.destroy(); });

const never = new AbortController().signal;
const look = (...desired: DesiredPlacement[]) => observePlacements(host.worker(), desired, never);
const web = (parts: Parameters<typeof placement>[0] = {}) => placement({ run: dockerRun({ image: 'good:1' }), ...parts });

/** A container as somebody else would make it. */
async function foreign(name: string): Promise<void> {
  const { docker } = host.worker();
  await (await docker.createContainer({ name, Image: 'good:1', HostConfig: {} })).start();
}

describe('a look', () => {
  it('at nothing is nothing', async () => {
    expect((await look()).observed).toEqual([]);
  });

  it('tells a missing image from a missing container', async () => {
    const [first, second] = (await look(web(), placement({ component: 'other', run: dockerRun({ image: 'none:1', container_name: 'other' }) }))).observed;
    expect(first).toMatchObject({ component: 'web', container: null, image_present: true, health: null, applied_hash: null });
    expect(second).toMatchObject({ component: 'other', container: null, image_present: false });
  });

  it('shows somebody else\'s container of that name as theirs', async () => {
    await foreign('maestro-web');
    const [seen] = (await look(web({ healthcheck: { ...quick, type: 'tcp', host: '127.0.0.1', port: 1 } }))).observed;
    expect(seen).toMatchObject({ container: { owner: null, status: 'running', run: { container_name: 'maestro-web' } }, health: { ok: false, detail: 'tcp connection refused' } });
  });

  it('is quick about a health check that hangs', async () => {
    await foreign('maestro-web');
    const hanging = web({ healthcheck: { ...quick, timeout_ms: 60_000, type: 'http', url: 'http://10.255.255.1:81/', expect_status: 200, expect_body_contains: null } });
    const started = performance.now();
    expect((await look(hanging)).observed[0]?.health?.ok).toBe(false);
    expect(performance.now() - started).toBeLessThan(4_000);
  });

  it('reads files and trees, and who made them', async () => {
    const [mine, theirs, missing] = ['mine', 'theirs', 'missing'].map((name) => file(join(host.folder, 'etc', name), name));
    if (mine === undefined || theirs === undefined || missing === undefined) throw new Error('no files');
    const site = tree(join(host.folder, 'site'), { 'index.html': 'x' });
    for (const name of ['mine', 'theirs']) await writeFile(join(host.folder, 'etc', name), name, { mode: 0o640 });
    await mkdir(join(host.folder, 'site/current'), { recursive: true });
    const wanted = web({ files: [mine, theirs, missing], trees: [site] });
    await host.journal.savePlacement({ ...(await host.journal.placement(wanted)), files: [mine.path], applied: { hash: 'h', version: 7 } });
    const [seen] = (await look(wanted)).observed;
    expect(seen?.files.map(({ kind, owned, mode }) => [kind, owned, mode])).toEqual([['file', true, 0o640], ['file', false, 0o640], ['missing', false, null]]);
    expect(seen?.trees).toEqual([{ dest: site.dest, kind: 'other', tree_hash: null, owned: false }]);
    expect(seen).toMatchObject({ applied_hash: 'h', applied_version: 7 });
  });

  it.each([
    ['a file', web({ files: [file('/etc/../x', '')] })], ['a tree', web({ trees: [tree('/proc/x', {})] })], ['a file of a tree', web({ trees: [tree('/srv/x', { '../../etc/passwd': 'x' })] })],
  ])('does not even read %s at an unsafe path', async (_, wanted) => {
    await expect(look(wanted)).rejects.toMatchObject({ code: 'config_error', message: expect.stringContaining('not a safe path') });
  });

  it('has no effect on the engine', async () => {
    await foreign('maestro-web');
    const before = JSON.stringify([...host.engine.containers]);
    await look(web(), web({ component: 'other', run: dockerRun({ image: 'good:1', container_name: 'other' }) }));
    expect(JSON.stringify([...host.engine.containers])).toBe(before);
    expect(host.engine.created.map(({ name }) => name)).toEqual(['maestro-web']);
  });

  it('of a damaged journal is an error, and not a host where nothing is owned', async () => {
    const wanted = web();
    await host.journal.savePlacement(await host.journal.placement(wanted));
    await writeFile(join(host.folder, 'journal/placements', wanted.deploy_id, 'web.json'), '{');
    await expect(look(wanted)).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('damaged') });
  });
});
