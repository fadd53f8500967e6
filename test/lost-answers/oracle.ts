/** What must hold after each rollout, whatever answers were lost: everything happened once, and is told once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyAudit } from '../../control/audit/index.js';
import type { PrismaClient } from '../../prisma/client.js';
import type { FleetHost } from '../fleet/fleet.js';
import type { SeenEvent } from '../rollouts/event-log.js';

/** What was asked for so far, of one deploy. */
export interface Asked {
  deployId: string;
  versions: number;
  /** Verbs of the audit, with how often each was asked for. */
  audit: Record<string, number>;
  rollouts: string[];
  plans: string[];
  /** `<host> <run>/<attempt> <component>` of each container that was to be made. */
  containers: string[];
}

const untilNow = (): string => String(Math.floor(Date.now() / 1000) + 1);

/** Every container that was ever made for a deploy on a host, by the attempt that made it: from Docker's own event log. */
export async function containersMade(host: FleetHost, deployId: string, since: number): Promise<string[]> {
  const label = (name: string): string => `{{index .Actor.Attributes "maestro.${name}"}}`;
  const argv = ['docker', 'events', '--since', String(since), '--until', untilNow(), '--filter', 'event=create', '--filter', 'type=container', '--filter', `label=maestro.deploy=${deployId}`, '--format', `${label('attempt')} ${label('component')}`];
  const { stdout } = await host.exec(argv);
  return stdout.trim().split('\n').filter((line) => line !== '').map((line) => `${host.id} ${line}`);
}

const repeatedIn = (items: readonly string[]): string[] => items.filter((item, index) => items.indexOf(item) !== index);

/** Empty when the records are as if every answer had been heard. */
export async function wrongInRecords(db: PrismaClient, { deployId, versions, audit, rollouts, plans }: Asked): Promise<string[]> {
  const [numbers, opened, written] = await Promise.all([
    db.version.findMany({ where: { deploy_id: deployId }, orderBy: { number: 'asc' }, select: { number: true } }),
    db.rollout.findMany({ where: { deploy_id: deployId }, orderBy: { created_at: 'asc' }, select: { id: true, ended_at: true } }),
    db.auditEntry.findMany({ where: { target: { in: [deployId, ...rollouts, ...plans] } }, select: { action: true, result: true } }),
  ]);
  const wanted = Array.from({ length: versions }, (_, index) => index + 1);
  const done = written.filter(({ result }) => result === 'ok').map(({ action }) => action).sort();
  const asked = Object.entries(audit).flatMap(([action, times]) => Array.from({ length: times }, () => action)).sort();
  const verdict = await verifyAudit(db);
  return [
    differs('versions', numbers.map(({ number }) => number), wanted),
    differs('rollouts', opened.map(({ id }) => id).sort(), [...rollouts].sort()),
    differs('open rollouts', opened.filter(({ ended_at: ended }) => ended === null).map(({ id }) => id), []),
    differs('audit', done, asked),
    differs('chain of the audit', verdict.ok, true),
  ].flat();
}

const differs = (what: string, seen: unknown, wanted: unknown): string[] =>
  JSON.stringify(seen) === JSON.stringify(wanted) ? [] : [`${what}: ${JSON.stringify(seen)} in place of ${JSON.stringify(wanted)}`];

interface Told { id: number; type: string; rollout_id: string | null; host: string | null; component: string | null; data: Record<string, unknown> }

/** Empty when the deploy's events tell each thing once, and the socket has told them all, in order; it may trail for some seconds. */
export async function wrongInEvents(db: PrismaClient, deployId: string, { seen }: { readonly seen: readonly SeenEvent[] }): Promise<string[]> {
  const rows = await db.event.findMany({ where: { deploy_id: deployId }, orderBy: { id: 'asc' } });
  const events = rows.map((row): Told => ({ ...row, id: Number(row.id), data: row.data as Record<string, unknown> }));
  const newest = events.at(-1)?.id ?? 0;
  for (let tries = 0; tries < 150 && (seen.at(-1)?.id ?? 0) < newest; tries += 1) await sleep(100);
  const heard = seen.map(({ id }) => id);
  const known = new Set(heard);
  return [
    ...heard.filter((id, index) => index > 0 && id <= (heard[index - 1] ?? 0)).map((id) => `event ${String(id)} came late or twice`),
    ...events.filter(({ id }) => !known.has(id)).map(({ id, type }) => `event ${String(id)} (${type}) was not told by the socket`),
    ...repeatedIn(events.flatMap(onceOnly)).map((what) => `told twice: ${what}`),
    ...unmoved(events),
  ];
}

const atMostOnce = new Set(['running', 'unchanged', 'succeeded', 'failed', 'skipped', 'aborted', 'rolled_back']);

/** Names of what may be told at most once. */
function onceOnly({ type, rollout_id: rollout, host, component, data }: Told): string[] {
  const { state, attempt, reason, version, kind } = data;
  if (type === 'step.state' && atMostOnce.has(String(state))) return [[rollout, host, component, attempt, state, reason].join(' ')];
  if (type === 'deploy.version') return [`version ${String(version)} ${String(kind)}`];
  if (type === 'rollout.state' && (state === 'pending' || ['succeeded', 'failed', 'aborted', 'rolled_back'].includes(String(state)))) return [`${String(rollout)} ${String(state)}`];
  return [];
}

/** A state after the very same state is no news. */
function unmoved(events: readonly Told[]): string[] {
  const last = new Map<string, string>();
  return events.filter(({ type }) => type === 'step.state' || type === 'rollout.state').flatMap(({ id, type, rollout_id: rollout, host, component, data }) => {
    const [what, now] = [[type, rollout, host, component].join(' '), JSON.stringify([data['state'], data['attempt'], data['reason'], data['version']])];
    const same = last.get(what) === now;
    last.set(what, now);
    return same ? [`event ${String(id)} says again: ${what} ${now}`] : [];
  });
}

const strayPaths = ['/opt', '/etc/systemd/system', '/etc/maestro', '/srv'];

/** Names of containers, networks and temporary files that no rollout leaves. */
export async function strays(host: FleetHost, project: string, containers: readonly string[]): Promise<string[]> {
  const ask = async (argv: readonly string[]): Promise<string[]> => (await host.exec(argv)).stdout.trim().split('\n').filter((line) => line !== '').sort();
  const [present, networks, files] = await Promise.all([
    ask(['docker', 'ps', '--all', '--filter', `name=${project}-`, '--format', '{{.Names}}']),
    ask(['docker', 'network', 'ls', '--filter', `name=${project}-net`, '--format', '{{.Name}}']),
    ask(['find', ...strayPaths, '(', '-name', '.draft', '-o', '-name', '*.maestro-*', '-o', '-name', '.maestro-*', ')', '-not', '-path', '/opt/maestro-worker*']),
  ]);
  return [...differs(`containers on ${host.id}`, present, [...containers].sort()), ...differs(`networks on ${host.id}`, networks, [`${project}-net`]), ...differs(`files on ${host.id}`, files, [])];
}
