/** `npm run bench -- --sizes`: how the time of a first deploy and of a no-op grows, beside the floor and the peers in the same run. */
import { writeFile } from 'node:fs/promises';
import { startFleet, type Fleet } from '../../test/fleet/fleet.js';
import { onAll } from '../floor/floor.js';
import { firstDeploy, noop as floorNoop } from '../floor/scripts.js';
import { Session } from '../maestro/session.js';
import type { Options, Tool } from '../options.js';
import { makeAnsible } from '../ansible/ansible.js';
import { withPeer, type MakePeer } from '../peers/peer.js';
import { makePyinfra } from '../pyinfra/pyinfra.js';
import { measure, timed, type Summary } from '../report/series.js';
import { expectServing, pullImages, resetHosts } from '../workload/fleet.js';
import { workload, type Component } from '../workload/workload.js';
import { growthTable, type SizeFigures } from './growth-table.js';
import { fleetHosts, placementsOf, shapes, sizes, type Size } from './shapes.js';

/** Ansible takes minutes for the larger sizes. */
const noops: Record<Tool, number> = { maestro: 5, floor: 5, pyinfra: 3, ansible: 1 };

interface Pair { first: Summary; noop: Summary }
interface Deploying { first(components: readonly Component[]): Promise<number>; noop(components: readonly Component[]): Promise<number> }

export async function compareSizes({ only, json }: Options): Promise<void> {
  const figures: SizeFigures = {};
  if (only.some((tool) => tool !== 'maestro')) await measureOthers(only, figures);
  if (only.includes('maestro')) await measureOwn(figures);
  console.log(`\n${growthTable(figures)}\n`);
  if (json !== null) await writeFile(json, `${JSON.stringify(figures, null, 2)}\n`);
}

async function measureOthers(only: readonly Tool[], figures: SizeFigures): Promise<void> {
  const fleet = await startFleet({ hosts: fleetHosts });
  try {
    await pullImages(fleet);
    if (only.includes('floor')) {
      const run = (script: (components: readonly Component[]) => string) => (components: readonly Component[]) => timed(() => onAll(fleet, script, components));
      figures.floor = await measureEach('floor', fleet, { first: run(firstDeploy), noop: run(floorNoop) });
    }
    if (only.includes('pyinfra')) figures.pyinfra = await measurePeer('pyinfra', fleet, makePyinfra);
    if (only.includes('ansible')) figures.ansible = await measurePeer('ansible', fleet, makeAnsible);
  } finally {
    await fleet.stop();
  }
}

const measurePeer = (tool: Tool, fleet: Fleet, make: MakePeer): Promise<Record<Size, Pair>> => withPeer(fleet, make, (peer) => {
  const deploy = (components: readonly Component[]): Promise<number> => peer.deploy(components);
  return measureEach(tool, fleet, { first: deploy, noop: deploy });
});

async function measureOwn(figures: SizeFigures): Promise<void> {
  const session = await Session.start(fleetHosts);
  try {
    await pullImages(session.world.fleet);
    figures.maestro = await measureEach('maestro', session.world.fleet, deployingWith(session));
  } finally {
    await session.stop();
  }
}

/** Each size is a deploy of its own, made before the clock starts. */
function deployingWith(session: Session): Deploying & { before(components: readonly Component[]): Promise<void> } {
  let deployId = '';
  const apply = async (expected: { changed: number; unchanged: number }): Promise<number> => {
    const { rolloutId, sentAt, endedAt } = await session.apply(deployId);
    await session.expect(rolloutId, expected);
    return endedAt - sentAt;
  };
  return {
    before: async (components) => {
      if (deployId !== '') await session.retire(deployId);
      deployId = await session.create(components, 'sizes');
    },
    first: ({ length }) => apply({ changed: length, unchanged: 0 }),
    noop: ({ length }) => apply({ changed: 0, unchanged: length }),
  };
}

async function measureEach(tool: Tool, fleet: Fleet, work: Deploying & { before?(components: readonly Component[]): Promise<void> }): Promise<Record<Size, Pair>> {
  const found: Partial<Record<Size, Pair>> = {};
  for (const size of sizes) {
    const components = workload({}, shapes[size]);
    console.log(`${tool}: ${size} (${placementsOf(shapes[size])} placements) …`);
    const first = await measure({
      n: 1, work: () => work.first(components), after: () => expectServing(fleet, components),
      before: async () => {
        await resetHosts(fleet);
        await work.before?.(components);
      },
    });
    found[size] = { first, noop: await measure({ n: noops[tool], work: () => work.noop(components) }) };
  }
  return found as Record<Size, Pair>;
}
