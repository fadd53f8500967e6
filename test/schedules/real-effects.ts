/**
 * One effect (I2): what Docker's own event log, and files that programs and builds append to, say of one round.
 *
 * What may come twice: a build that dies with its host worker runs again, since half a build is none; a container that
 * ran when its Docker daemon was killed is started once more by the next one.
 */
import type { Rollout, Step } from '../rollouts/api-client.js';
import { differing } from './oracle.js';
import { isDocker, type Content, type Kind } from './real-documents.js';
import type { Strike } from './real-faults.js';
import type { HostReport } from './real-report.js';

export interface Change { kind: Kind; before: Content | null; wanted: Content; rollouts: Rollout[]; /** See docker-damage.ts: nothing can be said of it. */ damaged: boolean }

interface Scene { host: string; before: HostReport; after: HostReport; changes: readonly Change[]; strike: Strike }

export function effectTroubles(scene: Scene): string[] {
  return [...createTroubles(scene), ...startTroubles(scene), ...programTroubles(scene, 'unit'), ...programTroubles(scene, 'built'), ...buildTroubles(scene)].map((what) => `${scene.host}: ${what}`);
}

interface Move { change: Change; rollout: Rollout; step: Step }
const movesOf = ({ host, changes }: Scene): Move[] => changes.flatMap((change) => change.rollouts.flatMap((rollout) => rollout.steps.filter((step) => step.host === host).map((step) => ({ change, rollout, step }))));

/** An attempt that was made ready ahead and then taken back has made one, too. */
function createTroubles(scene: Scene): string[] {
  const seen = counts(scene.after.events.filter(({ action }) => action === 'create').map(({ attempt }) => attempt));
  const moves = movesOf(scene).filter(({ change }) => isDocker(change.kind));
  const found = moves.flatMap(({ change, rollout, step }) => {
    const key = `${rollout.rollout_id}/${String(step.attempt)}`;
    const made = seen.get(key) ?? 0;
    seen.delete(key);
    if (change.damaged) return [];
    const makes = step.action === 'create' || step.action === 'update';
    const [least, most] = makes && (step.state === 'succeeded' || step.state === 'failed') ? [1, 1] : [0, makes ? 1 : 0];
    return made >= least && made <= most ? [] : [`${step.component} ${step.state} (${step.action ?? ''}) by ${key} created ${String(made)} containers`];
  });
  return [...found, ...[...seen].map(([key, count]) => `${String(count)} containers were created by "${key}", which was no part of this round`)];
}

function startTroubles(scene: Scene): string[] {
  const { before, after, strike, host } = scene;
  // The kill, and every repair of what it did to others, starts Docker anew (docker-damage.ts).
  const again = strike.fault === 'dockerd' && strike.host === host ? 1 + scene.changes.filter(({ damaged }) => damaged).length : 0;
  const restarted = new Set(movesOf(scene).filter(({ step }) => step.action === 'restart' || step.failure?.put_back === true || step.state === 'blocked').map(({ step }) => `real-${step.component}`));
  const created = new Set(after.events.filter(({ action }) => action === 'create').map(({ id }) => id));
  return after.containers.flatMap(({ id, name }) => {
    const starts = after.events.filter((event) => event.id === id && event.action === 'start').length;
    const most = (created.has(id) || restarted.has(name) ? 1 : 0) + again;
    const least = created.has(id) ? 1 : 0;
    const isOld = before.containers.some((one) => one.id === id);
    return starts >= least && starts <= most && isOld !== created.has(id) ? [] : [`${name} (${id.slice(0, 8)}, ${isOld ? 'from before' : 'new'}) was started ${String(starts)} times`];
  });
}

/** The unit's program tells its number each time it starts. */
function programTroubles(scene: Scene, kind: 'unit' | 'built'): string[] {
  const wanted = movesOf(scene).filter(({ change }) => change.kind === kind).flatMap(({ change, rollout, step }) => {
    const content = rollout.kind === 'rollback' ? change.before : change.wanted;
    if (step.state === 'succeeded') return content === null ? [] : [String(content.number)];
    return step.state === 'failed' && step.failure?.put_back === true && change.before !== null ? [String(change.before.number)] : [];
  });
  return differing(`starts of the program of ${kind}`, wanted, scene.after.counted[kind].slice(scene.before.counted[kind].length));
}

function buildTroubles(scene: Scene): string[] {
  const { before, after, strike, host } = scene;
  const lines = counts(after.counted.builds.slice(before.counted.builds.length));
  const again = strike.fault === 'host worker' && strike.host === host ? 1 : 0;
  const found = movesOf(scene).filter(({ change, rollout }) => change.kind === 'built' && rollout.kind !== 'rollback').flatMap(({ change: { wanted }, step }) => {
    const [begun, ended] = [`begin ${String(wanted.number)}`, `end ${String(wanted.number)}`].map((line) => {
      const count = lines.get(line) ?? 0;
      lines.delete(line);
      return count;
    }) as [number, number];
    const whole = step.state === 'succeeded' ? begun >= 1 && ended >= 1 : ended === 0;
    return whole && begun <= 1 + again && ended <= 1 + again ? [] : [`${step.component} ${step.state}: its build began ${String(begun)} times and ended ${String(ended)} times`];
  });
  return [...found, ...[...lines].map(([line, count]) => `a build said "${line}" ${String(count)} times, which was no part of this round`)];
}

function counts(words: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const word of words) found.set(word, (found.get(word) ?? 0) + 1);
  return found;
}
