/**
 * Every point at which a worker can be killed while it brings a container in beside another one, and many schedules of
 * kills, cut connections, held switches and newer versions – against an engine and a kernel in memory, with the real
 * files and journal. At every moment the published port leads to a container that serves.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { portOf } from './docker-stand-in.js';
import { MemoryHost } from './memory-host.js';
import { activateMortally, type End, OpenPort, withImages } from './mortal-activation.js';
import { dockerRun, file, placement, quick } from './placements.js';

let health: OpenPort;
beforeAll(async () => { health = await OpenPort.start(); });
afterAll(() => { health.close(); });

interface Asked { attempt?: number; killAt?: number | null; cancelAt?: number | null; hold?: boolean; takeBack?: boolean }

class World {
  points = 0;
  private constructor(readonly host: MemoryHost) {}

  static async run(work: (world: World) => Promise<void>): Promise<void> {
    const host = withImages(await MemoryHost.create());
    try {
      await work(new World(host));
    } finally {
      await host.destroy();
    }
  }

  wanted(version: number, image = `good:${String(version)}`, mode: DesiredPlacement['deploy_mode'] | 'cold' = 'blue_green'): DesiredPlacement {
    return placement({
      version, ...(mode === 'cold' || mode === undefined ? {} : { deploy_mode: mode }),
      run: dockerRun({ image, ports: [{ ip: '', host_port: 8080, container_port: 80, protocol: 'tcp' }, { ip: '127.0.0.1', host_port: 53, container_port: 53, protocol: 'udp' }] }),
      files: [file(join(this.host.folder, 'etc/app.conf'), `config of ${image}`)],
      healthcheck: { ...quick, type: 'tcp', host: '127.0.0.1', port: health.port },
    });
  }

  want(run: string, wanted: DesiredPlacement): void {
    this.host.runs.set(run, [wanted]);
  }

  /** It hangs for ever where it is killed. */
  async activate(run: string, { attempt = 1, killAt = null, cancelAt = null, hold = false, takeBack = false }: Asked = {}): Promise<End> {
    const asked = { run_id: run, attempt, ...(hold ? { hold_switch: true } : {}), ...(takeBack ? { take_back: true } : {}) };
    const atPoint = async (point: number): Promise<void> => {
      this.points = Math.max(this.points, point);
      if (this.watched) await this.expectServing();
    };
    return activateMortally(this.host, asked, { killAt, cancelAt, atPoint });
  }

  watched = false;
  unserved: string[] = [];

  /** New connections to the published port come to a container that runs. */
  private async expectServing(): Promise<void> {
    const to = (await this.host.kernel.leadsTo())['8080/tcp'];
    const serving = this.host.engine.running().filter((container) => (to === undefined ? portOf(container) === '8080' : `${container.ip}:80` === to));
    if (serving.length !== 1 || serving[0]?.image.startsWith('good') !== true) this.unserved.push(`${String(to)} of ${this.host.engine.running().map(({ name, ip }) => `${name} ${ip}`).join()}`);
  }

  async first(mode: 'cold' | 'blue_green' = 'blue_green'): Promise<void> {
    this.want('rol_1', this.wanted(1, 'good:1', mode));
    expect(await this.activate('rol_1')).toMatchObject({ ended: 'well', result: { changed: true } });
    this.watched = true;
  }

  async settled(version: number, image = `good:${String(version)}`): Promise<void> {
    const { engine, kernel, journal, folder } = this.host;
    expect(this.unserved).toEqual([]);
    expect([...engine.containers.values()].map(({ name, status, image: of }) => ({ name, status, of }))).toEqual([{ name: 'maestro-web', status: 'running', of: image }]);
    const [only] = engine.running();
    expect(await kernel.leadsTo()).toEqual({ '8080/tcp': `${only?.ip ?? ''}:80`, '53/udp': `${only?.ip ?? ''}:53` });
    expect((await kernel.ours()).filter((line) => line.includes('10.1.') && !line.includes(only?.ip ?? ''))).toEqual([]);
    expect(JSON.parse(await readFile(join(folder, 'journal', 'published.json'), 'utf8'))).toMatchObject({ published: [{ container: only?.id, draining: null }] });
    expect(await readFile(join(folder, 'etc/app.conf'), 'utf8')).toBe(`config of ${image}`);
    expect(await journal.placement({ deploy_id: 'dpl_aaaaaaaaaaaaaaaa', component: 'web' })).toMatchObject({ applied: { version }, attempt: { state: 'ended' } });
    // Applying it again changes nothing.
    const before = JSON.stringify([...engine.containers]);
    this.want('rol_idle', this.wanted(version, image));
    expect(await this.activate('rol_idle', { attempt: version })).toMatchObject({ ended: 'well', result: { changed: false } });
    expect(JSON.stringify([...engine.containers])).toBe(before);
  }

  createdBy(run: string): number {
    return this.host.engine.created.filter(({ attempt }) => attempt.startsWith(`${run}/`)).length;
  }
}

/** In worlds of their own; most of the time of each is waiting. */
const sideBySide = 8;

/** Kills at point 1, 2, 3… until it gets through without being killed. Answers with the number of points. */
async function enumerate(scenario: (world: World, killAt: number) => Promise<End>): Promise<number> {
  for (let from = 1; from < 100; from += sideBySide) {
    const ends = await Promise.all(Array.from({ length: sideBySide }, async (_, index) => {
      let end: End = { ended: 'killed' };
      await World.run(async (world) => { end = await scenario(world, from + index); });
      return end.ended;
    }));
    const through = ends.findIndex((end) => end !== 'killed');
    if (through >= 0) return from + through - 1;
  }
  throw new Error('more points than a replacement can have');
}

describe('one kill, at every point there is: the port leads to a running container all the time', () => {
  it.each(['cold', 'blue_green'] as const)('of a replacement of one that was brought in %s: the repeat ends well, with one container made', async (mode) => {
    const points = await enumerate(async (world, killAt) => {
      await world.first(mode);
      world.want('rol_2', world.wanted(2));
      const end = await world.activate('rol_2', { killAt });
      expect(await world.activate('rol_2')).toMatchObject({ ended: 'well', result: { changed: true } });
      expect(world.createdBy('rol_2')).toBe(1);
      await world.settled(2);
      return end;
    });
    expect(points).toBeGreaterThanOrEqual(26);
  }, 120_000);

  it('of a failing replacement: the repeat tells the one failure, and the old one was never away', async () => {
    const points = await enumerate(async (world, killAt) => {
      await world.first();
      const [old] = world.host.engine.running();
      const started = old?.startedAt;
      world.want('rol_2', world.wanted(2, 'bad:2'));
      const end = await world.activate('rol_2', { killAt });
      const told = await world.activate('rol_2');
      expect(told).toMatchObject({ ended: 'failed', failure: { code: 'runtime_error', put_back: true, message: 'container maestro-web exited with code 1', output_tail: 'bad:2: last words' } });
      expect(world.host.engine.running()[0]?.startedAt).toBe(started);
      await world.settled(1);
      expect(await world.activate('rol_2')).toEqual(told);
      return end;
    });
    expect(points).toBeGreaterThanOrEqual(22);
  }, 120_000);

  it.each(['good:2', 'bad:2'])('of an attempt with %s that nobody repeats: the next version settles it and ends well', async (image) => {
    await enumerate(async (world, killAt) => {
      await world.first();
      world.want('rol_2', world.wanted(2, image));
      const end = await world.activate('rol_2', { killAt });
      world.want('rol_3', world.wanted(3));
      expect(await world.activate('rol_3')).toMatchObject({ ended: 'well', result: { changed: true } });
      await world.settled(3);
      return end;
    });
  }, 120_000);
});

describe('a held switch', () => {
  it('stands beside the old one, which serves, until it is told to switch', async () => {
    await World.run(async (world) => {
      await world.first();
      world.want('rol_2', world.wanted(2));
      for (const _ of [1, 2]) expect(await world.activate('rol_2', { hold: true })).toMatchObject({ ended: 'well', result: { changed: false, held: true } });
      expect(world.host.engine.running().map(({ name }) => name).sort()).toEqual(['maestro-web', 'maestro-web.maestro-next']);
      expect(await world.activate('rol_2')).toMatchObject({ ended: 'well', result: { changed: true } });
      expect(world.createdBy('rol_2')).toBe(1);
      await world.settled(2);
      // Told again, whatever is asked.
      expect(await world.activate('rol_2', { takeBack: true })).toMatchObject({ ended: 'well', result: { changed: true } });
    });
  });

  it('that is taken back leaves nothing, and nothing more happens under its attempt', async () => {
    await World.run(async (world) => {
      await world.first();
      world.want('rol_2', world.wanted(2));
      await world.activate('rol_2', { hold: true });
      for (const _ of [1, 2]) expect(await world.activate('rol_2', { takeBack: true })).toMatchObject({ ended: 'well', result: { changed: false, taken_back: true } });
      await world.settled(1);
      expect(await world.activate('rol_2', { hold: true })).toMatchObject({ ended: 'well', result: { changed: false, taken_back: true } });
      expect(await world.activate('rol_2', { attempt: 2 })).toMatchObject({ ended: 'well', result: { changed: true } });
      await world.settled(2);
    });
  });

  it('is killed at any point, and then switched or taken back', async () => {
    for (const takeBack of [false, true]) {
      await enumerate(async (world, killAt) => {
        await world.first();
        world.want('rol_2', world.wanted(2));
        const end = await world.activate('rol_2', { hold: true, killAt });
        expect(await world.activate('rol_2', { takeBack })).toMatchObject({ ended: 'well', result: { changed: !takeBack } });
        await world.settled(takeBack ? 1 : 2);
        return end;
      });
    }
  }, 120_000);

  it('is killed at any point of taking it back', async () => {
    await enumerate(async (world, killAt) => {
      await world.first();
      world.want('rol_2', world.wanted(2));
      await world.activate('rol_2', { hold: true });
      const end = await world.activate('rol_2', { takeBack: true, killAt });
      expect(await world.activate('rol_2', { takeBack: true })).toMatchObject({ ended: 'well', result: { changed: false, taken_back: true } });
      await world.settled(1);
      return end;
    });
  }, 120_000);

  it('of a first container publishes nothing, and taken back leaves no container', async () => {
    await World.run(async (world) => {
      world.want('rol_1', world.wanted(1));
      expect(await world.activate('rol_1', { hold: true })).toMatchObject({ ended: 'well', result: { held: true } });
      expect(await world.host.kernel.leadsTo()).toEqual({});
      expect(await world.activate('rol_1', { takeBack: true })).toMatchObject({ ended: 'well', result: { taken_back: true } });
      expect([world.host.engine.containers.size, await world.host.kernel.ours()]).toEqual([0, []]);
    });
  });

  it('is none where nothing can be held: nothing is done, and the attempt is as good as new', async () => {
    await World.run(async (world) => {
      await world.first();
      world.want('rol_2', world.wanted(2, 'good:2', 'cold'));
      expect(await world.activate('rol_2', { hold: true })).toMatchObject({ ended: 'well', result: { changed: false, held: false } });
      world.want('rol_3', world.wanted(1));
      expect(await world.activate('rol_3', { hold: true })).toMatchObject({ ended: 'well', result: { changed: false, held: false } });
      expect(world.createdBy('rol_2')).toBe(0);
      await world.settled(1);
    });
  });

  it('of one that does not come up is a failure, and the old one serves', async () => {
    await World.run(async (world) => {
      await world.first();
      world.want('rol_2', world.wanted(2, 'bad:2'));
      expect(await world.activate('rol_2', { hold: true })).toMatchObject({ ended: 'failed', failure: { put_back: true } });
      await world.settled(1);
    });
  });
});

describe('back to cold', () => {
  it('is killed at any point: the repeat ends well, Docker publishes again, and no rule is left', async () => {
    await enumerate(async (world, killAt) => {
      await world.first();
      world.watched = false;
      world.want('rol_2', world.wanted(2, 'good:2', 'cold'));
      const end = await world.activate('rol_2', { killAt });
      expect(await world.activate('rol_2')).toMatchObject({ ended: 'well', result: { changed: true } });
      expect(world.host.engine.running().map(portOf)).toEqual(['8080']);
      expect([world.host.engine.containers.size, await world.host.kernel.ours()]).toEqual([1, []]);
      return end;
    });
  }, 120_000);

  it('that fails leads to the old one again, whatever its address is now', async () => {
    await enumerate(async (world, killAt) => {
      await world.first();
      world.watched = false;
      world.want('rol_2', world.wanted(2, 'bad:2', 'cold'));
      const end = await world.activate('rol_2', { killAt });
      expect(await world.activate('rol_2')).toMatchObject({ ended: 'failed', failure: { put_back: true } });
      await world.settled(1);
      return end;
    });
  }, 120_000);
});

describe('a cancellation, at every point there is', () => {
  it('leaves the old one serving, or the new one when that was decided already', async () => {
    const ends: string[] = [];
    for (let from = 1; from < 40; from += sideBySide) {
      await Promise.all(Array.from({ length: sideBySide }, (_, index) => World.run(async (world) => {
        await world.first();
        world.want('rol_2', world.wanted(2));
        const end = await world.activate('rol_2', { cancelAt: from + index });
        ends.push(end.ended);
        await world.settled(end.ended === 'well' ? 2 : 1);
      })));
    }
    expect([...new Set(ends)].sort()).toEqual(['cancelled', 'well']);
  }, 120_000);
});

describe('schedules', () => {
  const at = fc.integer({ min: 1, max: 32 });
  const move = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('kill' as const), at }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('hold' as const), at: fc.option(at) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('take_back' as const), at: fc.option(at) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), cuts: fc.array(fc.constantFrom('lost' as const, 'unheard' as const, 'none' as const), { maxLength: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('next' as const), image: fc.constantFrom('good' as const, 'bad' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush' as const), table: fc.constantFrom('nat', 'filter') }) },
  );

  it('of kills, holds, cancellations, cut connections, retries and newer versions end like one that was left alone', async () => {
    await fc.assert(fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), async (moves) => World.run(async (world) => {
      await world.first();
      let run = 2;
      let attempt = 1;
      world.want('rol_2', world.wanted(2));
      for (const next of moves) {
        if (next.kind === 'next') {
          run += 1;
          attempt = 1;
          world.want(`rol_${String(run)}`, next.image === 'bad' ? world.wanted(2, 'bad:2') : world.wanted((run % 4) + 1));
        }
        if (next.kind === 'retry') attempt += 1;
        if (next.kind === 'cut') world.host.engine.cuts = [...next.cuts];
        if (next.kind === 'flush') {
          // A worker that runs puts them right within seconds.
          world.host.kernel.flush(next.table);
          await world.host.worker().publisher.refresh();
        }
        await world.activate(`rol_${String(run)}`, { attempt, hold: next.kind === 'hold', takeBack: next.kind === 'take_back', cancelAt: next.kind === 'cancel' ? next.at : null, killAt: 'at' in next && next.kind !== 'cancel' ? next.at : null });
        world.host.engine.cuts = [];
        expect(world.unserved).toEqual([]);
        expect(world.host.engine.running().length).toBeLessThanOrEqual(2);
      }
      world.want('rol_last', world.wanted(4));
      expect(await world.activate('rol_last')).toMatchObject({ ended: 'well' });
      await world.settled(4);
    })), { numRuns: Number(process.env['MAESTRO_SCHEDULES'] ?? 60), verbose: 1 });
  }, 600_000);
});
