/** What makes a host look, and what it remembers from look to look. */
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import { parseShow, type UnitStatus } from '../../host-worker/systemd/unit-status.js';
import { isWanted } from '../../host-worker/watch/docker-events.js';
import { FolderWatch } from '../../host-worker/watch/folder-watch.js';
import { HealthMemories } from '../../host-worker/watch/look.js';
import { UnitWatch } from '../../host-worker/watch/unit-watch.js';

async function until(isIt: () => boolean): Promise<void> {
  for (let tries = 0; !isIt(); tries += 1) {
    if (tries > 500) throw new Error('it never came to that');
    await sleep(10);
  }
}

describe('events of Docker', () => {
  const said = (type: string, attributes: Record<string, string>): string => JSON.stringify({ Type: type, Actor: { Attributes: attributes } });

  test('are worth a look when they are of something with a mark, or of whoever takes a name of ours', () => {
    const names = new Set(['web']);
    expect(isWanted(said('container', { 'maestro.deploy': 'dpl_1', name: 'x' }), names)).toBe(true);
    expect(isWanted(said('container', { name: 'web' }), names)).toBe(true);
    expect(isWanted(said('container', { name: 'y', oldName: '/web' }), names)).toBe(true);
    expect(isWanted(said('network', {}), names)).toBe(true);
    expect(isWanted(said('container', { name: 'other' }), names)).toBe(false);
    for (const bad of ['', '{', 'null', '[]', '{"Type":3}']) expect(isWanted(bad, names)).toBe(false);
  });
});

describe('files', () => {
  let folder: string;
  beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'maestro-watch-')); });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('of ours are seen when they are written, replaced or removed; others in the same folder are not', async () => {
    let seen = 0;
    const watch = new FolderWatch(() => { seen += 1; });
    const path = join(folder, 'app.conf');
    watch.want([path, '/no/such/folder/file']);
    await writeFile(join(folder, 'other'), 'x');
    await writeFile(path, 'a');
    await until(() => seen > 0);
    await sleep(50);
    const before = seen;
    await writeFile(join(folder, 'other'), 'y');
    await sleep(100);
    expect(seen).toBe(before);
    await writeFile(join(folder, 'draft'), 'b');
    await rename(join(folder, 'draft'), path);
    await until(() => seen > before);
    const then = seen;
    await rm(path);
    await until(() => seen > then);
    watch.want([]);
    const last = seen;
    await writeFile(path, 'c');
    await sleep(50);
    expect(seen).toBe(last);
    watch.close();
  });
});

describe('units', () => {
  const status = (active: string, pid: number, invocation = 'a'): UnitStatus => {
    const [parsed] = parseShow(`Id=u.service\nLoadState=loaded\nActiveState=${active}\nSubState=${active === 'active' ? 'running' : 'dead'}\nMainPID=${String(pid)}\nInvocationID=${invocation}`);
    if (parsed === undefined) throw new Error('not parsed');
    return parsed;
  };

  test('with a living process are not asked about; one whose process is gone is, and one that stands still now and then', async () => {
    let changes = 0;
    let asked = 0;
    let now = status('active', process.pid);
    const watch = new UnitWatch(() => { changes += 1; }, (units) => {
      asked += 1;
      return Promise.resolve(units.map(() => now));
    });
    const tick = async (times: number): Promise<void> => {
      for (let count = 0; count < times; count += 1) {
        watch.tick();
        await sleep(0);
      }
    };
    watch.want(['u.service']);
    await tick(20);
    expect([asked, changes]).toEqual([1, 0]);
    now = status('inactive', 0);
    const gone = new UnitWatch(() => { changes += 1; }, (units) => Promise.resolve(units.map(() => now)));
    gone.want(['u.service']);
    for (let count = 0; count < 6; count += 1) {
      gone.tick();
      await sleep(0);
    }
    expect(changes).toBe(0);
    now = status('active', process.pid, 'b');
    for (let count = 0; count < 6; count += 1) {
      gone.tick();
      await sleep(0);
    }
    expect(changes).toBe(1);
  });
});

describe('health from look to look', () => {
  const healthcheck = { type: 'tcp' as const, host: 'localhost', port: 1, interval_ms: 10_000, timeout_ms: 1_000, start_period_ms: 0, retries: 2 };
  const placement = { deploy_id: 'd', component: 'web', healthcheck } as unknown as DesiredPlacement;
  const seen = (ok: boolean | null, started = '2026-11-26T07:00:00Z'): ObservedPlacement => ({
    component: 'web', applied_hash: null, applied_version: null, image_present: true, unit: null, files: [], trees: [], source: null, health: ok === null ? null : { ok, detail: '' },
    container: { id: 'c', status: 'running', started_at: started } as unknown as ObservedPlacement['container'],
  });

  test('is asked for when it is due or something has happened, and remembered in between', () => {
    let now = 0;
    const health = new HealthMemories(() => now, () => Date.parse('2026-11-26T08:00:00Z'));
    health.begin();
    expect(health.isDue(placement)).toBe(true);
    expect(health.steady(placement, seen(true))?.health).toMatchObject({ ok: true });
    health.keepOnly(new Set(['d/web']));
    health.begin();
    expect([health.isDue(placement), health.dueInMs()]).toEqual([false, 10_000]);
    expect(health.steady(placement, seen(null))?.health).toMatchObject({ ok: true });
    // Another start is another story.
    expect(health.steady(placement, seen(null, '2026-11-26T07:30:00Z'))?.health).toBeNull();
    now = 500;
    health.askAll();
    health.begin();
    expect(health.isDue(placement)).toBe(true);
  });

  test('what happens during a look is for the next one', () => {
    const health = new HealthMemories(() => 0);
    health.begin();
    health.steady(placement, seen(true));
    health.askAll();
    health.keepOnly(new Set(['d/web']));
    health.begin();
    expect(health.isDue(placement)).toBe(true);
  });
});
