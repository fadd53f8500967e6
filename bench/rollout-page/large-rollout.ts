/** The large rollout of the story, in a database, as if it had run there. */
import { systemActor } from '../../control/actor.js';
import { createDeploy } from '../../control/deploys/index.js';
import { appendEvents, type EventInput } from '../../control/events/index.js';
import { openRollout, startRollout } from '../../control/rollouts/index.js';
import type { PrismaClient } from '../../prisma/client.js';
import { tellStory } from '../rollout-model/story.js';

const atOnce = 2_000;
const kinds = ['db', 'cache', 'api', 'worker', 'web'];
const hosts = Array.from({ length: 100 }, (_, index) => `host-${String(index).padStart(3, '0')}`);
const tens = Array.from({ length: 10 }, (_, index) => hosts.slice(index * 10, index * 10 + 10));

const document = `api_version: maestro/v1
project: large
hosts: { ${hosts.map((host) => `${host}: {}`).join(', ')} }
components:
${kinds.map((kind) => `  ${kind}: { source: { type: docker, image: demo/${kind}, tag: "1" }, run: { type: docker, container_name: large-${kind} } }`).join('\n')}
deployment:
${tens.map((ten) => `  - { hosts: [${ten.join(', ')}], components: [${kinds.join(', ')}], strategy: parallel }`).join('\n')}
`;

export interface LargeRollout { rolloutId: string; deployId: string; placements: number; events: number }

export async function recordLargeRollout(db: PrismaClient, wanted = 50_000): Promise<LargeRollout> {
  const { deploy_id: deployId } = await createDeploy(db, systemActor, { name: 'large', yaml: document, files: [] });
  const { rollout_id: rolloutId } = await openRollout(db, systemActor, { deployId, version: 1, kind: 'apply' });
  await startRollout(db, rolloutId);
  const { events } = tellStory({ rolloutId, deployId, placements: hosts.length * kinds.length, events: wanted });
  const told: EventInput[] = events.slice(0, -1).map(({ type, ts, host, component, data }) => ({ type, ts, deploy_id: deployId, rollout_id: rolloutId, ...(host == null ? {} : { host }), ...(component == null ? {} : { component }), data: data as object }));
  for (let at = 0; at < told.length; at += atOnce) await appendEvents(db, told.slice(at, at + atOnce));
  await db.rollout.update({ where: { id: rolloutId }, data: { started_at: new Date(events[0]?.ts ?? 0) } });
  return { rolloutId, deployId, placements: hosts.length * kinds.length, events: told.length + 1 };
}
