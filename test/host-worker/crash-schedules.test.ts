/**
 * Every point at which a worker can be killed, once, and many schedules of several kills, lost requests and
 * newer versions in between – against an engine in memory, with the real files and journal. After each schedule
 * the same must hold as if nothing had happened.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import type { DockerStandIn } from './docker-stand-in.js';
import { MemoryHost } from './memory-host.js';
import { activateMortally, type End, OpenPort, withImages } from './mortal-activation.js';
import { dockerRun, file, placement, quick, tree } from './placements.js';

let health: OpenPort;
beforeAll(async () => { health = await OpenPort.start(); });
afterAll(() => { health.close(); });

/** One host whose worker can be killed at the n-th point and started again. */
class World {
  readonly pointsSeen: string[] = [];
  private constructor(private readonly host: MemoryHost) {}

  static async create(): Promise<World> {
    const host = withImages(await MemoryHost.create());
    return new World(host);
  }

  destroy = (): Promise<void> => this.host.destroy();

  get engine(): DockerStandIn { return this.host.engine; }
  get folder(): string { return this.host.folder; }

  want(run: string, placement: DesiredPlacement): void {
    this.host.runs.set(run, [placement]);
  }

  wanted(version: number, image = `good:${String(version)}`): DesiredPlacement {
    return placement({
      version, run: dockerRun({ image, ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 80, protocol: 'tcp' }], networks: ['front', 'back'], volumes: [{ kind: 'volume', source: 'data', target: '/data', read_only: false }] }),
      files: [file(join(this.folder, 'etc/app.conf'), `config of ${image}`)], trees: [tree(join(this.folder, 'site'), { 'index.html': image })],
      healthcheck: { ...quick, type: 'tcp', host: '127.0.0.1', port: health.port },
    });
  }

  /** It hangs for ever where it is killed. */
  async activate(run: string, attempt: number, killAt: number | null, cancelAt: number | null = null): Promise<End> {
    return activateMortally(this.host, { run_id: run, attempt }, { killAt, cancelAt, atPoint: (_point, name) => { this.seen(name); } });
  }

  cutsAt: { point: string; cuts: DockerStandIn['cuts'] } | null = null;

  private seen(point: string): void {
    this.pointsSeen.push(point);
    if (point !== this.cutsAt?.point) return;
    this.engine.cuts = [...this.cutsAt.cuts];
    this.cutsAt = null;
  }

  async settled(version: number, image = `good:${String(version)}`): Promise<void> {
    const containers = [...this.engine.containers.values()].map(({ name, status, image: of, networks }) => ({ name, status, of, networks: [...networks].sort() }));
    expect(containers).toEqual([{ name: 'maestro-web', status: 'running', of: image, networks: ['back', 'front'] }]);
    expect(this.engine.violations).toEqual([]);
    expect([[...this.engine.networks].sort(), [...this.engine.volumes]]).toEqual([['back', 'front'], ['data']]);
    expect(await readFile(join(this.folder, 'etc/app.conf'), 'utf8')).toBe(`config of ${image}`);
    expect(await readFile(join(this.folder, 'site/current/index.html'), 'utf8')).toBe(image);
    expect(await readdir(join(this.folder, 'etc'))).toEqual(['app.conf']);
    expect((await readdir(join(this.folder, 'site'))).sort()).toEqual(['current', 'releases']);
    const record = await this.host.journal.placement({ deploy_id: 'dpl_aaaaaaaaaaaaaaaa', component: 'web' });
    expect(record).toMatchObject({ applied: { version }, attempt: { state: 'ended' } });
    // No release that nobody knows of: what came to nothing is gone.
    expect((await readdir(join(this.folder, 'site/releases'))).sort()).toEqual(record.trees.flatMap(({ releases }) => releases).sort());
    expect(await readdir(join(this.folder, 'journal', 'previous', 'dpl_aaaaaaaaaaaaaaaa')).catch(() => [])).toEqual([]);
    await this.idle(version, image);
  }

  /** Applying it again changes nothing. */
  private async idle(version: number, image: string): Promise<void> {
    const starts = JSON.stringify([...this.engine.containers]);
    this.want('rol_idle', this.wanted(version, image));
    expect(await this.activate('rol_idle', version * 100 + this.pointsSeen.length, null)).toMatchObject({ ended: 'well', result: { changed: false } });
    expect(JSON.stringify([...this.engine.containers])).toBe(starts);
  }

  createdBy(run: string, attempt: number): number {
    return this.engine.created.filter((made) => made.attempt === `${run}/${String(attempt)}`).length;
  }
}

async function inWorld(work: (world: World) => Promise<void>): Promise<void> {
  const world = await World.create();
  try {
    await work(world);
  } finally {
    await world.destroy();
  }
}

const first = async (world: World): Promise<void> => {
  world.want('rol_1', world.wanted(1));
  expect(await world.activate('rol_1', 1, null)).toMatchObject({ ended: 'well', result: { changed: true } });
};

/** Kills at point 1, 2, 3… until the attempt gets through without being killed. Answers with the number of points. */
async function enumerate(scenario: (world: World, killAt: number) => Promise<End>): Promise<number> {
  for (let killAt = 1; killAt < 100; killAt += 1) {
    let end: End = { ended: 'killed' };
    await inWorld(async (world) => { end = await scenario(world, killAt); });
    if (end.ended !== 'killed') return killAt - 1;
  }
  throw new Error('more points than a replacement can have');
}

describe('one kill, at every point there is', () => {
  it('of a first apply: the repeat ends well, with one container made', async () => {
    const points = await enumerate(async (world, killAt) => {
      world.want('rol_1', world.wanted(1));
      const end = await world.activate('rol_1', 1, killAt);
      expect(await world.activate('rol_1', 1, null)).toMatchObject({ ended: 'well', result: { changed: true } });
      expect(world.createdBy('rol_1', 1)).toBe(1);
      await world.settled(1);
      return end;
    });
    expect(points).toBeGreaterThanOrEqual(16);
  }, 120_000);

  it('of a replacement: the repeat ends well, with one container made', async () => {
    const points = await enumerate(async (world, killAt) => {
      await first(world);
      world.want('rol_2', world.wanted(2));
      const end = await world.activate('rol_2', 1, killAt);
      expect(world.engine.running().length).toBeLessThanOrEqual(1);
      expect(await world.activate('rol_2', 1, null)).toMatchObject({ ended: 'well', result: { changed: true } });
      expect(world.createdBy('rol_2', 1)).toBe(1);
      await world.settled(2);
      return end;
    });
    expect(points).toBeGreaterThanOrEqual(20);
  }, 120_000);

  it('of a failing replacement: the repeat puts the old one back and tells the one failure', async () => {
    const points = await enumerate(async (world, killAt) => {
      await first(world);
      world.want('rol_2', world.wanted(2, 'bad:2'));
      const end = await world.activate('rol_2', 1, killAt);
      expect(world.engine.running().length).toBeLessThanOrEqual(1);
      const told = await world.activate('rol_2', 1, null);
      expect(told).toMatchObject({ ended: 'failed', failure: { code: 'runtime_error', put_back: true, message: 'container maestro-web exited with code 1', output_tail: 'bad:2: last words' } });
      expect(world.createdBy('rol_2', 1)).toBe(1);
      await world.settled(1);
      expect(await world.activate('rol_2', 1, null)).toEqual(told);
      return end;
    });
    expect(points).toBeGreaterThanOrEqual(28);
  }, 180_000);

  it.each([['good:2'], ['bad:2']])('of an attempt with %s that nobody repeats: the next version settles it and ends well', async (image) => {
    await enumerate(async (world, killAt) => {
      await first(world);
      world.want('rol_2', world.wanted(2, image));
      const end = await world.activate('rol_2', 1, killAt);
      world.want('rol_3', world.wanted(3));
      expect(await world.activate('rol_3', 1, null)).toMatchObject({ ended: 'well', result: { changed: true } });
      await world.settled(3);
      return end;
    });
  }, 240_000);

  it('of the one who settles: the one after it ends well', async () => {
    await enumerate(async (world, killAt) => {
      await first(world);
      world.want('rol_2', world.wanted(2, 'bad:2'));
      // In the middle: the old one is set aside, the new one has its name.
      expect(await world.activate('rol_2', 1, 18)).toEqual({ ended: 'killed' });
      world.want('rol_3', world.wanted(3));
      const end = await world.activate('rol_3', 1, killAt);
      expect(await world.activate('rol_3', 1, null)).toMatchObject({ ended: 'well' });
      await world.settled(3);
      return end;
    });
  }, 240_000);
});

describe('an old one whose removal breaks off', () => {
  it('is removed all the same: two never stay where there should be one', async () => {
    await inWorld(async (world) => {
      await first(world);
      world.want('rol_2', world.wanted(2));
      world.cutsAt = { point: 'before:container.remove_old', cuts: ['lost', 'lost', 'unheard'] };
      expect(await world.activate('rol_2', 1, null)).toMatchObject({ ended: 'well', result: { changed: true } });
      expect(world.engine.cuts).toEqual([]);
      await world.settled(2);
    });
  }, 60_000);
});

describe('a cancellation, at every point there is', () => {
  it('leaves the old one serving, or the new one when that was decided already', async () => {
    for (let cancelAt = 1; cancelAt < 100; cancelAt += 1) {
      let last = false;
      await inWorld(async (world) => {
        await first(world);
        world.want('rol_2', world.wanted(2));
        const end = await world.activate('rol_2', 1, null, cancelAt);
        expect(['cancelled', 'well']).toContain(end.ended);
        await world.settled(end.ended === 'well' ? 2 : 1);
        last = end.ended === 'well' && world.engine.created.length > 0 && cancelAt > 26;
      });
      if (last) break;
    }
  }, 240_000);
});

describe('schedules', () => {
  type Move =
    | { kind: 'kill'; at: number } | { kind: 'cancel'; at: number } | { kind: 'cut'; cuts: ('lost' | 'unheard' | 'none')[] }
    | { kind: 'next'; image: 'good' | 'bad' } | { kind: 'retry' };
  const move: fc.Arbitrary<Move> = fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: fc.constant('kill' as const), at: fc.integer({ min: 1, max: 32 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel' as const), at: fc.integer({ min: 1, max: 32 }) }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut' as const), cuts: fc.array(fc.constantFrom('lost' as const, 'unheard' as const, 'none' as const), { maxLength: 6 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('next' as const), image: fc.constantFrom('good' as const, 'bad' as const) }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('retry' as const) }) },
  );

  it('of kills, cancellations, cut connections, retries and newer versions end like one that was left alone', async () => {
    await fc.assert(fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 6 }), async (moves) => inWorld(async (world) => {
      await first(world);
      let run = 2;
      let attempt = 1;
      const cancelled = new Set<string>();
      world.want('rol_2', world.wanted(2));
      for (const next of moves) {
        if (next.kind === 'next') {
          run += 1;
          attempt = 1;
          world.want(`rol_${String(run)}`, next.image === 'bad' ? world.wanted(2, 'bad:2') : world.wanted((run % 4) + 1));
        }
        if (next.kind === 'retry') attempt += 1;
        if (next.kind === 'cut') world.engine.cuts = [...next.cuts];
        const end = await world.activate(`rol_${String(run)}`, attempt, next.kind === 'kill' ? next.at : null, next.kind === 'cancel' ? next.at : null);
        if (end.ended === 'cancelled') cancelled.add(`rol_${String(run)}/${String(attempt)}`);
        world.engine.cuts = [];
        expect(world.engine.violations).toEqual([]);
        expect(world.engine.running().length).toBeLessThanOrEqual(1);
      }
      world.want('rol_last', world.wanted(4));
      expect(await world.activate('rol_last', 1, null)).toMatchObject({ ended: 'well' });
      await world.settled(4);
      // Twice in one attempt only where the first was cancelled, and taken away again, in between.
      const made = world.engine.created.map((container) => container.attempt).filter((label) => !cancelled.has(label));
      expect(new Set(made).size).toBe(made.length);
    })), { numRuns: Number(process.env['MAESTRO_SCHEDULES'] ?? 420), verbose: 1 });
  }, 600_000);
});
