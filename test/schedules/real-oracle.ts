/** What has to hold after every round on real hosts (I1, I3, I4, I5), seen from outside. Every answer is a list of what is wrong. */
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Rollout } from '../rollouts/api-client.js';
import { formsOf } from '../rollouts/sweep.js';
import type { World } from '../rollouts/world.js';
import { differing, storyTroubles } from './oracle.js';
import type { PatientApi } from './patient-api.js';
import type { RealDeploy } from './real-deploy.js';
import { builtFolder, containerOf, imageOf, isDocker, portOf, releasesRoot, renderedOf, root, served, toolOf, unitOf, type Content, type Kind } from './real-documents.js';
import type { Change } from './real-effects.js';
import type { HostReport } from './real-report.js';

/** Nothing but what the version itself does wrong makes a step fail, and that is taken back. */
export function outcomeTroubles({ kind, wanted, rollouts }: Change): string[] {
  const story = rollouts.map(({ rollout_id: id, kind: what, state, reason, steps }) => `${id} ${what} ${state} ${reason} [${steps.map(({ step, state: now, attempt, failure }) => `${step} ${now} ${String(attempt)} ${failure?.code ?? ''} ${failure?.message ?? ''}`).join('; ')}]`).join(', then ');
  const wrong = (what: string): string[] => [`${kind} ${wanted.bad ? 'bad' : 'good'}: ${what}: ${story}`];
  const [first, back] = rollouts;
  if (first === undefined) return wrong('no rollout');
  if (first.steps.some(({ attempt }) => attempt > 1)) return wrong('a step was tried more than once');
  if (!wanted.bad) return rollouts.length === 1 && first.state === 'succeeded' && first.steps.every(({ state }) => state === 'succeeded') ? [] : wrong('it did not succeed');
  const code = kind === 'built' ? 'build_failed' : 'runtime_error';
  const isWhy = first.steps.every(({ state, failure }) => state === 'blocked' || (state === 'failed' && failure?.code === code));
  if (first.state !== 'rolled_back' || !isWhy) return wrong('it was to fail by what it runs, and to be taken back');
  return back?.state === 'succeeded' && rollouts.length === 2 ? [] : wrong('it was not taken back');
}

const closesWithinMs = 30_000;

/** Rows, events and Temporal say the same of how it ended. */
export async function recordTroubles(world: World, db: pg.Pool, rollouts: readonly Rollout[]): Promise<string[]> {
  const stories = await Promise.all(rollouts.map((rollout) => storyTroubles({ db }, rollout)));
  const last = rollouts.at(-1);
  if (last === undefined) return [];
  const handle = world.temporal.workflow.getHandle(last.workflow_id);
  const result = await Promise.race([handle.result() as Promise<{ state: string }>, sleep(closesWithinMs, { state: 'still open' })]);
  const { status } = await handle.describe();
  return [...stories.flat(), ...differing(`Temporal's ${last.workflow_id}`, [last.state, 'COMPLETED'], [result.state, status.name])];
}

/** Exactly what stands is on the host, and nothing else (I1, I3). */
export async function hostTroubles(world: World, id: string, report: HostReport, deploys: readonly RealDeploy[], canary: string): Promise<string[]> {
  const there = deploys.flatMap(({ id: deployId, shape, standing }) => (standing === null ? [] : [{ deployId, kind: shape.kind, content: standing }]));
  const containers = there.filter(({ kind }) => isDocker(kind));
  const wanted = containers.map(({ kind, content }) => `${containerOf(kind)} running ${imageOf(content)} NAME=${String(content.number)} CANARY=${canary} ${containerOf(kind)}`).sort();
  const seen = report.containers.map(({ name, running, image, env, networks }) => `${name} ${running ? 'running' : 'down'} ${image.split('@')[0] ?? ''} ${env.filter((line) => /^(NAME|CANARY)=/.test(line)).sort().reverse().join(' ')} ${networks.join()}`).sort();
  const answers = await Promise.all(there.map(async ({ kind, content }) => {
    const { path, says } = served(kind, content, id);
    const said = await fetch(`http://${world.host(id).address}:${String(portOf(kind))}${path}`, { signal: AbortSignal.timeout(10_000) }).then((response) => response.text(), String);
    return differing(`what ${kind} serves`, [says], [said]);
  }));
  const units = there.filter(({ kind }) => !isDocker(kind)).map(({ kind, content }) => `${unitOf(kind)} active enabled no ${String(content.number)}`).sort();
  return [
    ...differing('containers', wanted, seen), ...differing('networks', ['bridge', 'host', 'none', ...containers.map(({ kind }) => containerOf(kind))].sort(), report.networks), ...answers.flat(),
    ...differing('units', units, Object.entries(report.units).map(([name, { ActiveState = '', UnitFileState = '', NeedDaemonReload = '', ExecStart = '' }]) => `${name} ${ActiveState} ${UnitFileState} ${NeedDaemonReload} ${/echo (\d+) /.exec(ExecStart)?.[1] ?? ''}`).sort()),
    ...there.flatMap(({ deployId, kind, content }) => fileTroubles(report, { deployId, kind, content, host: id })), ...strayTroubles(report, there),
    ...differing('journal', there.map(({ deployId, kind }) => `${deployId}/${kind}`).sort(), report.journal.placements.filter(({ attempt }) => attempt === null || attempt === 'ended').map(({ deploy_id: deploy, component }) => `${deploy}/${component}`).sort()),
    ...report.journal.placements.filter(({ attempt }) => attempt !== null && attempt !== 'ended').map(({ component, attempt }) => `an attempt of ${component} is ${attempt ?? ''}`),
    ...report.journal.paths.filter((path) => path.includes('/previous/') || /\.(tmp|part|new)$/.test(path)).map((path) => `left behind: ${path}`), ...report.build_processes.map((pid) => `a process of the build user: ${pid}`),
  ].map((what) => `${id}: ${what}`);
}

interface There { deployId: string; kind: Kind; content: Content; host: string }

function fileTroubles(report: HostReport, { deployId, kind, content, host }: There): string[] {
  const target = (path: string): string => report.files[path]?.link ?? `no link ${path}`;
  if (kind === 'built') {
    const release = target(builtFolder);
    const digest = createHash('sha256').update(String(content.number)).digest('hex');
    return [...(release.startsWith(`${releasesRoot}/${deployId}/built/`) ? [] : [`${builtFolder} leads to ${release}`]), ...differing('what was built', [digest], [report.files[`${release}/dist/version.txt`]?.sha256 ?? 'nothing'])];
  }
  const site = `${root}/unit-site/${target(`${root}/unit-site/current`)}`;
  const wanted: Record<string, string> = { [`${root}/${kind}/app.conf`]: renderedOf(content, host), ...(kind === 'unit' ? { [`${root}/unit/tool.sh`]: toolOf(content.page), [`${site}/index.html`]: content.page, [`${site}/more/deep.txt`]: content.page } : {}) };
  return Object.entries(wanted).flatMap(([path, text]) => differing(path, [text], [report.files[path]?.text ?? 'no file']));
}

const releasesKept = 5;

/** Files that belong to nothing which stands, half-made releases, and more releases than are kept. */
function strayTroubles({ files }: HostReport, there: readonly Omit<There, 'host'>[]): string[] {
  const known = there.flatMap(({ deployId, kind }) => (kind === 'built' ? [builtFolder, `${releasesRoot}/${deployId}/built/`] : kind === 'unit' ? [`${root}/unit/`, `${root}/unit-site/current`, `${root}/unit-site/releases/`, `/etc/maestro/units/${unitOf('unit')}.env`] : [`${root}/${kind}/`]));
  const paths = Object.keys(files).filter((path) => !files[path]?.mode.startsWith('0o4'));
  const isOurs = (path: string): boolean => known.some((start) => path === start || (start.endsWith('/') && path.startsWith(start)));
  const strays = paths.filter((path) => !path.startsWith('/etc/systemd/system/') && !isOurs(path));
  const halves = Object.keys(files).filter((path) => /\/\.(draft|trash|maestro-tmp)/.test(path));
  const folders = [`${root}/unit-site/releases`, ...there.map(({ deployId }) => `${releasesRoot}/${deployId}/built`)];
  const many = folders.flatMap((folder) => {
    const count = Object.keys(files).filter((path) => path.startsWith(`${folder}/`) && !path.slice(folder.length + 1).includes('/')).length;
    return count > releasesKept ? [`${folder} has ${String(count)} releases`] : [];
  });
  return [...strays.map((path) => `belongs to nothing: ${path}`), ...halves.map((path) => `half made: ${path}`), ...many];
}

const toldWithinMs = 20_000;

interface Status { host: string; state: string; detail: string; kinds: string[] }

/** Status is what is there, soon. */
export function statusTroubles(api: PatientApi, deploy: RealDeploy): Promise<string[]> {
  return toldTroubles(api, deploy, (placements) => placements.length === deploy.shape.hosts.length && placements.every(({ state, kinds }) => (state === 'healthy' || state === 'running') && kinds.length === 0));
}

export function stoppedTroubles(api: PatientApi, deploy: RealDeploy, host: string): Promise<string[]> {
  return toldTroubles(api, deploy, (placements) => placements.every((placement) => (placement.host === host) === placement.kinds.includes('stopped')));
}

async function toldTroubles(api: PatientApi, { id, shape }: RealDeploy, isIt: (placements: Status[]) => boolean): Promise<string[]> {
  for (const until = Date.now() + toldWithinMs; ; await sleep(200)) {
    const { placements } = await api.ok<{ placements: Status[] }>('GET', `/api/deploys/${id}/drift`);
    if (isIt(placements)) return [];
    if (Date.now() > until) return [`${shape.kind} is told as ${JSON.stringify(placements)}`];
  }
}

interface EventRow { id: string; type: string; rollout_id: string | null; host: string | null; component: string | null; data: object }

/** A client that follows, and comes back when it was cut, has seen every event of the table once, in order (I4). */
export async function feedTroubles(world: World, db: pg.Pool): Promise<string[]> {
  const { rows } = await db.query<EventRow>('SELECT id, type, rollout_id, host, component, data FROM events ORDER BY id');
  const last = Number(rows.at(-1)?.id ?? 0);
  for (const until = Date.now() + toldWithinMs; (world.events.seen.at(-1)?.id ?? 0) < last && Date.now() < until; await sleep(50));
  const seen = world.events.seen.filter(({ id }) => id <= last);
  const words = (id: number | string, type: string, who: readonly unknown[], data: unknown): string => `${String(id)} ${type} ${who.map(String).join()} ${sorted(data)}`;
  const wanted = rows.map(({ id, type, rollout_id: rollout, host, component, data }) => words(id, type, [rollout ?? '', host ?? '', component ?? ''], data));
  const got = seen.map(({ id, type, rollout_id: rollout, host, component, data }) => words(id, type, [rollout ?? '', host ?? '', component ?? ''], data));
  const at = wanted.findIndex((line, index) => line !== got[index]);
  const place = at === -1 && got.length > wanted.length ? wanted.length : at;
  return place === -1 ? [] : [`the events that were followed differ: ${String(got[place]).slice(0, 300)}, and should be ${String(wanted[place]).slice(0, 300)}`];
}

const sorted = (value: unknown): string => JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner));

/** In no table, and in no answer about these rollouts (I5). */
export async function secretTroubles({ api }: World, db: pg.Pool, rollouts: readonly Rollout[], canary: string): Promise<string[]> {
  const forms = formsOf(canary);
  const { rows: tables } = await db.query<{ name: string }>("SELECT quote_ident(table_name) AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'");
  const inTables: string[] = [];
  for (const { name } of tables) {
    const { rows } = await db.query<{ row: string }>(`SELECT left(to_jsonb(t)::text, 300) AS row FROM ${name} t WHERE ${forms.map((_, index) => `strpos(to_jsonb(t)::text, $${String(index + 1)}) > 0`).join(' OR ')}`, forms.map(([, form]) => form));
    inTables.push(...rows.map(({ row }) => `the secret is in table ${name}: ${row}`));
  }
  const paths = rollouts.flatMap(({ rollout_id: id }) => [`/api/rollouts/${id}`, `/api/rollouts/${id}/log`]);
  const answers = await Promise.all(paths.map(async (path) => {
    const response = await fetch(`${api.url}${path}`, { headers: { cookie: api.cookie }, signal: AbortSignal.timeout(30_000) });
    if (!response.ok) throw new Error(`GET ${path}: ${String(response.status)}`);
    return { path, text: await response.text() };
  }));
  return [...inTables, ...answers.filter(({ text }) => forms.some(([, form]) => text.includes(form))).map(({ path }) => `the secret is in ${path}`)];
}
