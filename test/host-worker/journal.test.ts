import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { type AttemptKey, Journal } from '../../host-worker/journal/journal.js';
import { emptyRecord, type Outcome, type PlacementRecord } from '../../host-worker/journal/records.js';
import { Overtaken } from '../../host-worker/trouble.js';
import { MaestroError } from '../../spec/errors.js';

let folder: string;
beforeEach(async () => { folder = await mkdtemp(join(tmpdir(), 'journal-')); });
afterEach(async () => { await rm(folder, { recursive: true, force: true }); });

const key = (attempt = 1, over: Partial<AttemptKey> = {}): AttemptKey => ({ deploy_id: 'dpl_aaaaaaaaaaaaaaaa', component: 'web', run_id: 'rol_1', attempt, ...over });
const done = (text: string): Outcome => ({ ended: 'activated', result: { changed: true, operations: [text], phases: [] } });
const failed: Outcome = { ended: 'failed', failure: { code: 'runtime_error', message: 'no', fix: '', phase: 'start', put_back: true, output_tail: '', phases: [] } };

describe('what a placement owns', () => {
  const record: PlacementRecord = {
    ...emptyRecord('dpl_aaaaaaaaaaaaaaaa', 'web'), applied: { hash: 'h', version: 3 }, units: ['a.service'], files: ['/etc/a'],
    trees: [{ dest: '/srv/a', strategy: 'atomic_symlink', releases: ['r'], files: [] }],
    attempt: {
      run_id: 'rol_1', attempt: 2, version: 3, hash: 'h', state: 'undoing', operations: [{ op: 'write_file', path: '/etc/a' }, { op: 'replace_container', name: 'web' }, { op: 'check_health' }],
      releases: { '/srv/a': 'r' },
      undo: [
        { kind: 'file', path: '/etc/a', strategy: 'atomic', previous: { sha256: 's', mode: 0o640, uid: 0, gid: 0 } }, { kind: 'file', path: '/etc/b', strategy: 'overwrite', previous: null },
        { kind: 'link', dest: '/srv/a', previous: null }, { kind: 'unit', unit: 'a.service', existed: true, was_active: true, was_enabled: false, invocation: 'i' },
        { kind: 'container', name: 'web', how: 'deploy', old: { id: 'c', name: 'web', was_running: true, started_at: '' } },
      ],
      owned_before: { units: [], files: [], trees: [], links: [] },
      failure: failed.ended === 'failed' ? failed.failure : null, result: null,
    },
  };

  it('comes back as it was saved, also to the next process', async () => {
    await new Journal(folder).savePlacement(record);
    expect(await new Journal(folder).placement(record)).toEqual(record);
    expect(await new Journal(folder).components(record.deploy_id)).toEqual(['web']);
  });

  it('is nothing for a placement that was never here', async () => {
    const journal = new Journal(folder);
    expect(await journal.placement(key())).toEqual(emptyRecord('dpl_aaaaaaaaaaaaaaaa', 'web'));
    expect(await journal.components('dpl_none')).toEqual([]);
  });

  it.each([
    ['truncated', (path: string) => truncate(path, 20)], ['empty', (path: string) => truncate(path, 0)],
    ['garbage', (path: string) => writeFile(path, '\u0000\u0001nonsense')], ['of another shape', (path: string) => writeFile(path, '{"format":2}')],
    ['null', (path: string) => writeFile(path, 'null')],
  ])('is a clear error, never nothing, when its file is %s', async (_, damage) => {
    const journal = new Journal(folder);
    await journal.savePlacement(record);
    const path = join(folder, 'placements', record.deploy_id, 'web.json');
    await damage(path);
    await expect(journal.placement(record)).rejects.toThrow(`the journal file ${path} is damaged`);
    await expect(journal.placement(record)).rejects.toMatchObject({ code: 'internal', fix: expect.stringContaining('Restore') });
  });

  it('cannot leave the journal\'s folder by its names', async () => {
    const journal = new Journal(folder);
    const odd = { ...emptyRecord('../../../etc', '..'), files: ['/etc/x'] };
    await journal.savePlacement(odd);
    expect(await journal.placement(odd)).toEqual(odd);
    expect(await readdir(folder)).toEqual(['placements']);
    await expect(readFile(join(folder, '..', '..', '..', 'etc', '..json'))).rejects.toThrow();
  });
});

describe('an attempt', () => {
  it('is told its first outcome, however often it comes again', async () => {
    const journal = new Journal(folder);
    expect(await journal.register(key(1))).toBeNull();
    expect(await journal.finish(key(1), done('first'))).toEqual(done('first'));
    expect(await journal.finish(key(1), failed)).toEqual(done('first'));
    expect(await new Journal(folder).register(key(1))).toEqual(done('first'));
    expect(await new Journal(folder).outcome(key(1))).toEqual(done('first'));
  });

  it('is fenced by a newer one of the same run, and by no other', async () => {
    const journal = new Journal(folder);
    await journal.register(key(1));
    await journal.checkFence(key(1));
    await journal.register(key(2));
    await expect(journal.checkFence(key(1))).rejects.toThrow(Overtaken);
    await expect(journal.register(key(1))).rejects.toThrow('attempt 1 at web was overtaken by attempt 2');
    await journal.checkFence(key(2));
    for (const other of [{ run_id: 'rol_2' }, { component: 'db' }, { deploy_id: 'dpl_bbbbbbbbbbbbbbbb' }]) expect(await journal.register(key(1, other))).toBeNull();
  });

  it('that had ended still tells its outcome after a newer one was announced', async () => {
    const journal = new Journal(folder);
    await journal.finish(key(1), failed);
    await journal.register(key(2));
    expect(await journal.register(key(1))).toEqual(failed);
  });

  it('is announced once even when two come at the same moment', async () => {
    const journal = new Journal(folder);
    const [first, second] = await Promise.allSettled([journal.register(key(2)), journal.register(key(1))]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    const outcomes = await Promise.all([journal.finish(key(2), done('a')), journal.finish(key(2), done('b'))]);
    expect(outcomes).toEqual([done('a'), done('a')]);
  });

  it('is forgotten long after its run, and not before', async () => {
    const journal = new Journal(folder);
    await journal.finish(key(1), done('x'));
    await journal.finish(key(1, { run_id: 'rol_2' }), done('y'));
    const old = new Date(Date.now() - 31 * 24 * 3600 * 1000);
    await utimes(join(folder, 'runs', 'rol_1'), old, old);
    await journal.forgetOldRuns(Date.now());
    expect(await readdir(join(folder, 'runs'))).toEqual(['rol_2']);
  });
});

describe('a kill at any point of a write', () => {
  class Killed extends Error {}
  type Command = { kind: 'save'; version: number } | { kind: 'register' | 'finish'; attempt: number };
  const command: fc.Arbitrary<Command> = fc.oneof(
    fc.record({ kind: fc.constant('save' as const), version: fc.nat(9) }),
    fc.record({ kind: fc.constantFrom('register' as const, 'finish' as const), attempt: fc.integer({ min: 1, max: 4 }) }),
  );
  const crash = fc.option(fc.constantFrom('temp_written' as const, 'renamed' as const), { freq: 2 });

  /** What the journal must say after the commands so far; a command that was killed may have happened or not. */
  class Model {
    version: number | null = null;
    highest = 0;
    outcomes = new Map<number, string>();
  }

  it('leaves the old or the new state; fences never go back and outcomes never change', async () => {
    await fc.assert(fc.asyncProperty(fc.array(fc.tuple(command, crash), { maxLength: 12 }), async (schedule) => {
      const place = await mkdtemp(join(folder, 'case-'));
      const model = new Model();
      let serial = 0;
      for (const [next, killAt] of schedule) {
        // A process of its own for every command: nothing may live in memory only.
        const journal = new Journal(place, (point) => { if (point === killAt) throw new Killed(); });
        serial += 1;
        await runOne(journal, model, next, `outcome ${String(serial)}`);
        await expectAsModelled(new Journal(place), model);
      }
      await rm(place, { recursive: true, force: true });
    }), { numRuns: 150 });
  }, 120_000);

  async function runOne(journal: Journal, model: Model, next: Command, label: string): Promise<void> {
    const before = { version: model.version, highest: model.highest, outcomes: new Map(model.outcomes) };
    const killed = await attempt(journal, next, label).then(() => false, (error: unknown) => {
      if (error instanceof Overtaken) {
        if (next.kind === 'save' || next.attempt >= before.highest) throw new Error('fenced without a newer attempt');
        return false;
      }
      if (error instanceof MaestroError && error.cause instanceof Killed) return true;
      throw error;
    });
    const expected = applied(before, next, label);
    // A kill before the rename leaves the old state, one after it the new one: what is there decides, if it is one of both.
    const now = killed ? await read(journal) : expected;
    expect([JSON.stringify(snapshot(before)), JSON.stringify(snapshot(expected))]).toContain(JSON.stringify(snapshot(now)));
    Object.assign(model, now);
  }

  async function attempt(journal: Journal, next: Command, label: string): Promise<void> {
    if (next.kind === 'save') await journal.savePlacement({ ...emptyRecord('dpl_aaaaaaaaaaaaaaaa', 'web'), applied: { hash: 'h', version: next.version } });
    else if (next.kind === 'register') await journal.register(key(next.attempt));
    else await journal.finish(key(next.attempt), done(label));
  }

  type State = Pick<Model, 'version' | 'highest' | 'outcomes'>;
  function applied(before: State, next: Command, label: string): State {
    if (next.kind === 'save') return { ...before, version: next.version };
    const outcomes = new Map(before.outcomes);
    if (next.kind === 'register') return { ...before, highest: Math.max(before.highest, next.attempt) };
    if (!outcomes.has(next.attempt)) return { ...before, highest: Math.max(before.highest, next.attempt), outcomes: outcomes.set(next.attempt, label) };
    return before;
  }

  async function read(journal: Journal): Promise<State> {
    const version = (await journal.placement(key())).applied?.version ?? null;
    const outcomes = new Map<number, string>();
    for (const attemptNumber of [1, 2, 3, 4]) {
      const outcome = await journal.outcome(key(attemptNumber));
      if (outcome?.ended === 'activated') outcomes.set(attemptNumber, outcome.result.operations[0] ?? '');
    }
    let highest = 0;
    for (const attemptNumber of [1, 2, 3, 4]) {
      if (await journal.checkFence(key(attemptNumber)).then(() => false, () => true)) highest = attemptNumber + 1;
    }
    return { version, highest, outcomes };
  }

  /** `highest` is seen through the fence: 0 and 1 look the same from outside. */
  const snapshot = ({ version, highest, outcomes }: State): unknown => [version, Math.max(highest, 1), [...outcomes].sort(([a], [b]) => a - b)];

  async function expectAsModelled(journal: Journal, model: Model): Promise<void> {
    expect(snapshot(await read(journal))).toEqual(snapshot(model));
  }
});
