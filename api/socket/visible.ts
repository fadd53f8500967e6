/** Which right an event needs to be seen. A new type fails to compile until it is decided here. */
import type { Actor } from '../../control/actor.js';
import type { EventView } from '../../control/events/index.js';
import { eventTypes, type EventType, type Right } from '../../spec/words.js';

const rightOfEvent: Record<EventType, Right> = {
  'rollout.state': 'deploy.read',
  'step.state': 'deploy.read',
  'step.phase': 'deploy.read',
  'step.output': 'deploy.read',
  'plan.created': 'deploy.read',
  'component.state': 'deploy.read',
  'component.drift': 'deploy.read',
  'node.state': 'node.read',
  'metric.sample': 'deploy.read',
  'deploy.version': 'deploy.read',
  'audit.entry': 'audit.read',
};

const known = (type: string): EventType | undefined => eventTypes.find((one) => one === type);

/** Unknown types are nobody's. */
export function maySee({ rights }: Actor, { type }: Pick<EventView, 'type'>): boolean {
  const word = known(type);
  return word !== undefined && rights.includes(rightOfEvent[word]);
}

/** Of somebody who is narrowed: an event of a deploy is seen with it, one of a host alone with the host, and one of neither not at all. */
export function isInScope({ scope }: Actor, { deploy_id: deploy, host }: EventView): boolean {
  if (scope === undefined) return true;
  if (deploy !== undefined) return scope.deploys.has(deploy);
  return host !== undefined && scope.hosts.has(host);
}
