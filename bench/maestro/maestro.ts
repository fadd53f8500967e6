/** Maestro by its REST API and its event socket. */
import { runs, type Figures } from '../report/cases.js';
import { measure, timed } from '../report/series.js';
import { expectServing, pullImages, resetHosts } from '../workload/fleet.js';
import { noteOf, tagOf, workload, type Change } from '../workload/workload.js';
import { memoryOf, type ProcessMemory } from './memory.js';
import { Session, type Expected } from './session.js';

const project = 'bench';
export const all: Expected = { changed: 20, unchanged: 0 };
export const none: Expected = { changed: 0, unchanged: 20 };
export const one: Expected = { changed: 1, unchanged: 19 };

export interface MaestroFigures { figures: Figures; memory: { idle: ProcessMemory[]; after: ProcessMemory[] } }

export async function measureMaestro(): Promise<MaestroFigures> {
  const session = await Session.start();
  try {
    await pullImages(session.world.fleet);
    const idle = await memoryOf(session.world);
    const figures = await new Cases(session).all();
    return { figures, memory: { idle, after: await memoryOf(session.world) } };
  } finally {
    await session.stop();
  }
}

/** The deploy at hand changes: each first deploy is one of a new deploy, on hosts without anything. */
export class Cases {
  deployId = '';

  constructor(private readonly session: Session) {}

  async all(): Promise<Figures> {
    const first = await measure({ n: runs.first, before: () => this.renew(), work: () => this.apply(all), after: () => this.serves({}) });
    const noop = await measure({ n: runs.small, work: () => this.apply(none) });
    const dry_run = await measure({ n: runs.small, work: () => timed(() => this.session.diff(this.deployId)) });
    const submits: number[] = [];
    const config = await this.changing((run) => ({ note: noteOf(run) }), submits);
    const note = noteOf(runs.small - 1);
    const image = await this.changing((run) => ({ note, tag: tagOf(run) }), submits);
    const submit = await measure({ n: submits.length, work: async (run) => submits[run] ?? 0 });
    return { first, noop, config, image, dry_run, submit };
  }

  async renew(): Promise<void> {
    if (this.deployId !== '') await this.session.retire(this.deployId);
    await resetHosts(this.session.world.fleet);
    this.deployId = await this.session.create(workload(), project);
  }

  /** Milliseconds from the request to the event that says it has succeeded. */
  async apply(expected: Expected): Promise<number> {
    const { rolloutId, sentAt, endedAt } = await this.session.apply(this.deployId);
    await this.session.expect(rolloutId, expected);
    return endedAt - sentAt;
  }

  /** The version is submitted before, and measured apart. */
  private changing(changeOf: (run: number) => Change, submits: number[]) {
    return measure({
      n: runs.small,
      before: async (run) => void submits.push(await timed(() => this.session.submit(this.deployId, workload(changeOf(run)), project))),
      work: () => this.apply(one),
      after: (run) => this.serves(changeOf(run)),
    });
  }

  private serves(change: Change): Promise<void> {
    return expectServing(this.session.world.fleet, workload(change));
  }
}
