/**
 * The host's memory: what each placement made here, what an attempt is in the middle of, and how finished
 * attempts ended. One JSON file per placement and one mark per run and placement, each replaced atomically.
 */
import { createHash } from 'node:crypto';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestResult, withResults } from '../../spec/test-results.js';
import { isMissing, Overtaken } from '../trouble.js';
import { type WritePoint, readDurable, writeDurably } from './durable-file.js';
import { emptyRecord, emptySource, type Outcome, placementRecord, type PlacementRecord, runMark, type RunMark, sourceRecord, type SourceRecord } from './records.js';

export interface PlacementKey { deploy_id: string; component: string }
/** Identifies one attempt at one placement in one run; the fencing mark. */
export interface AttemptKey extends PlacementKey { run_id: string; attempt: number }

const marksKeptMs = 30 * 24 * 3600 * 1000;
const safeName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

export class Journal {
  /** Marks and sources are read, changed and written; two activities must not do so at once. */
  private readonly queues = new Map<string, Promise<unknown>>();

  constructor(private readonly folder: string, private readonly reached: WritePoint = () => undefined) {}

  private placementPath({ deploy_id, component }: PlacementKey): string {
    return join(this.folder, 'placements', named(deploy_id), `${named(component)}.json`);
  }

  private sourcePath({ deploy_id, component }: PlacementKey): string {
    return join(this.folder, 'sources', named(deploy_id), `${named(component)}.json`);
  }

  private markPath({ deploy_id, component, run_id }: AttemptKey): string {
    return join(this.folder, 'runs', named(run_id), `${named(deploy_id)}~${named(component)}.json`);
  }

  /** Where the contents of files are kept while an attempt may still be undone. */
  previousFolder({ deploy_id, component }: PlacementKey): string {
    return join(this.folder, 'previous', named(deploy_id), named(component));
  }

  async placement(key: PlacementKey): Promise<PlacementRecord> {
    return (await readDurable(this.placementPath(key), placementRecord)) ?? emptyRecord(key.deploy_id, key.component);
  }

  /** Callers hold the placement's lock. */
  async savePlacement(record: PlacementRecord): Promise<void> {
    await writeDurably(this.placementPath(record), record, this.reached);
  }

  async source(key: PlacementKey): Promise<SourceRecord> {
    return (await readDurable(this.sourcePath(key), sourceRecord)) ?? emptySource(key.deploy_id, key.component);
  }

  /** Written only when `change` gives another record than it was given. */
  async changeSource(key: PlacementKey, change: (record: SourceRecord) => SourceRecord): Promise<void> {
    await this.inTurn(this.sourcePath(key), async () => {
      const before = await this.source(key);
      const after = change(before);
      if (after !== before) await writeDurably(this.sourcePath(key), after, this.reached);
    });
  }

  /** Components of a deploy that have left something on this host. */
  async components(deployId: string): Promise<string[]> {
    const names = await readdir(join(this.folder, 'placements', named(deployId))).catch((error: unknown) => {
      if (isMissing(error)) return [];
      throw error;
    });
    return names.filter((name) => name.endsWith('.json')).map((name) => name.slice(0, -'.json'.length)).sort();
  }

  /** Announces an attempt, before it waits for anything: an older one stops before its next effect. Answers how it ended if it did. */
  async register(key: AttemptKey): Promise<Outcome | null> {
    return this.inTurn(this.markPath(key), async () => {
      const mark = await this.mark(key);
      const outcome = mark.outcomes[String(key.attempt)];
      if (outcome !== undefined) return outcome;
      if (key.attempt < mark.highest_attempt) throw overtaken(key, mark);
      if (key.attempt > mark.highest_attempt) await writeDurably(this.markPath(key), { ...mark, highest_attempt: key.attempt }, this.reached);
      return null;
    });
  }

  /** Throws when a newer attempt has been announced. */
  async checkFence(key: AttemptKey): Promise<void> {
    const mark = await this.mark(key);
    if (key.attempt < mark.highest_attempt) throw overtaken(key, mark);
  }

  async outcome(key: AttemptKey): Promise<Outcome | null> {
    return (await this.mark(key)).outcomes[String(key.attempt)] ?? null;
  }

  /** The first outcome stays: a second one for the same attempt is dropped, and the first is answered. */
  async finish(key: AttemptKey, outcome: Outcome): Promise<Outcome> {
    return this.inTurn(this.markPath(key), async () => {
      const mark = await this.mark(key);
      const first = mark.outcomes[String(key.attempt)];
      if (first !== undefined) return first;
      const outcomes = { ...mark.outcomes, [String(key.attempt)]: outcome };
      await writeDurably(this.markPath(key), { ...mark, highest_attempt: Math.max(mark.highest_attempt, key.attempt), outcomes }, this.reached);
      return outcome;
    });
  }

  /** How the tests before the change ended in this attempt, as far as they have run. */
  async testResults(key: AttemptKey): Promise<TestResult[]> {
    return (await this.mark(key)).tests?.[String(key.attempt)] ?? [];
  }

  async keepTests(key: AttemptKey, results: readonly TestResult[]): Promise<void> {
    await this.inTurn(this.markPath(key), async () => {
      const mark = await this.mark(key);
      const attempt = String(key.attempt);
      const tests = { ...mark.tests, [attempt]: withResults(mark.tests?.[attempt] ?? [], results) };
      await writeDurably(this.markPath(key), { ...mark, highest_attempt: Math.max(mark.highest_attempt, key.attempt), tests }, this.reached);
    });
  }

  /** Drops marks of runs that nobody will repeat any more. */
  async forgetOldRuns(nowMs: number): Promise<void> {
    const folder = join(this.folder, 'runs');
    for (const run of await readdir(folder).catch(() => [])) {
      const status = await stat(join(folder, run)).catch(() => null);
      if (status !== null && nowMs - status.mtimeMs > marksKeptMs) await rm(join(folder, run), { recursive: true, force: true });
    }
  }

  private async mark(key: AttemptKey): Promise<RunMark> {
    const { run_id, deploy_id, component } = key;
    return (await readDurable(this.markPath(key), runMark)) ?? { format: 1, run_id, deploy_id, component, highest_attempt: 0, outcomes: {} };
  }

  private async inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.queues.get(path) ?? Promise.resolve()).then(work, work);
    const settled = turn.catch(() => undefined);
    this.queues.set(path, settled);
    try {
      return await turn;
    } finally {
      if (this.queues.get(path) === settled) this.queues.delete(path);
    }
  }
}

/** Label and fencing text of an attempt; short, so that it fits wherever a name is limited. */
export const attemptLabel = ({ run_id, attempt }: Pick<AttemptKey, 'run_id' | 'attempt'>): string => `${run_id}/${String(attempt)}`;

const overtaken = (key: AttemptKey, mark: RunMark): Overtaken =>
  new Overtaken(`attempt ${String(key.attempt)} at ${key.component} was overtaken by attempt ${String(mark.highest_attempt)}`);

/** Ids become file names; one that cannot be a name is stored under its hash instead of being trusted. */
const named = (id: string): string => (safeName.test(id) && id.length <= 100 ? id : `x${createHash('sha256').update(id).digest('hex')}`);
