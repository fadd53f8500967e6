/** A rollout that carries out a plan, on a real host: what moved since is named and left alone, and the rollout's own traces are not what moved. */
import type { DesiredPlacement } from '../../spec/desired.js';
import type { PlacementBasis } from '../../spec/planned.js';
import type { PlacementPlan } from '../../spec/plan.js';
import { HostLab } from './host-lab.js';
import { dockerRun, file, httpOn, placement, secretFile, secretParts, systemdRun } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const conf = '/srv/demo/app.conf';
const web = (image: string, parts: Parameters<typeof placement>[0] = {}): DesiredPlacement => placement({
  run: dockerRun({ image, ports: [{ ip: '0.0.0.0', host_port: 8080, container_port: 8080, protocol: 'tcp' }] }), files: [file(conf, 'level: info\n')], healthcheck: httpOn(8080), ...parts,
});
const job = (parts: Parameters<typeof placement>[0] = {}): DesiredPlacement => placement({ component: 'worker', run: systemdRun(), ...parts });

let plans = 0;
interface Looked { plans: PlacementPlan[]; planned: DesiredPlacement[] }

/** What a diff is answered, and the placements as they are in a rollout that carries it out. */
async function diff(...placements: DesiredPlacement[]): Promise<Looked> {
  plans += 1;
  const run = `pln_${String(plans).padStart(16, '0')}`;
  lab.control.runs.set(run, placements);
  const answer = await lab.ask([{ activity: 'observe', work: { deploy_id: placements[0]?.deploy_id ?? '', version: 1, host: 'h1', run_id: run } }]);
  if (answer?.ended !== 'well') throw new Error(JSON.stringify(answer));
  const told = answer.results[0] as { placements: PlacementPlan[]; basis: PlacementBasis[] };
  return {
    plans: told.placements,
    planned: placements.map((one) => {
      const basis = told.basis.find(({ component }) => component === one.component);
      if (basis === undefined) throw new Error(`nothing was told of ${one.component}`);
      expect(basis.hash).toMatch(/^[0-9a-f]{64}$/);
      return { ...one, planned: basis.fingerprint };
    }),
  };
}

/** What the host says at the start of the rollout. */
async function look(run: string): Promise<PlacementPlan[]> {
  const answer = await lab.ask([{ activity: 'observe', work: { deploy_id: 'dpl_aaaaaaaaaaaaaaaa', version: 1, host: 'h1', run_id: run } }]);
  if (answer?.ended !== 'well') throw new Error(JSON.stringify(answer));
  return (answer.results[0] as { placements: PlacementPlan[] }).placements;
}

const stale = (...moved: string[]) => ({
  ended: 'failed', type: 'plan_stale', final: true,
  failure: { code: 'plan_stale', put_back: false, message: expect.stringContaining(`is not as it was when the plan was made: ${moved.join(', ')} moved; nothing was touched`), fix: expect.stringContaining('diff again') },
});

const lastingState = async (): Promise<unknown> => [await lab.containers(), (await lab.inspect('maestro-web'))?.Id, await lab.host.readFile(conf), await lab.succeed(['stat', '-c', '%Y %a %u', conf])];

describe('what was planned on', () => {
  it('is carried out when it is still so, with everything fetched on the way; and the plan after it has nothing to do', async () => {
    const first = await diff(web('demo/web:1'), job());
    expect(first.plans).toMatchObject([{ action: 'create' }, { action: 'create', identity: null }]);
    const run = await lab.apply(...first.planned);
    // A second placement is brought up after the first was changed: what this rollout does itself is not what moved.
    expect(await lab.containers()).toEqual(['maestro-web running']);
    expect((await look(lab.open(...(await diff(web('demo/web:1'), job())).planned))).map(({ action }) => action)).toEqual(['unchanged', 'unchanged']);
    expect(lab.control.lines(run).join('\n')).not.toContain('moved');
    const next = await diff(web('demo/web:2', { version: 2 }), job({ version: 2 }));
    expect(next.plans).toMatchObject([{ action: 'update' }, { action: 'unchanged' }]);
    await lab.apply(...next.planned);
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=2');
  });

  it('has moved by a file that was edited: its step is refused, says which, and touches nothing; the other one goes on', async () => {
    await lab.apply(web('demo/web:1'), job());
    const { planned } = await diff(web('demo/web:2', { version: 2 }), job({ version: 2, run: systemdRun({ command: '/usr/bin/sleep 9999' }) }));
    await lab.host.writeFile(conf, Buffer.from('level: debug\n'));
    const run = lab.open(...planned);
    const [moved, other] = await look(run);
    expect(moved).toMatchObject({ component: 'web', action: 'update', operations: [{ op: 'check_health' }], needs_prepare: false, reasons: [`moved since the plan was made: file ${conf}`] });
    expect(other).toMatchObject({ component: 'worker', action: 'update' });
    const before = await lastingState();
    expect(await lab.activate(run)).toMatchObject(stale(`file ${conf}`));
    expect(await lastingState()).toEqual(before);
    expect(await lab.activate(run, 'worker')).toMatchObject({ ended: 'well' });
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
    // Put back as it was, a retry goes through.
    await lab.host.writeFile(conf, Buffer.from('level: info\n'));
    await lab.succeed(['chmod', '640', conf]);
    expect(await lab.activate(run, 'web', { attempt: 2 })).toMatchObject({ ended: 'well' });
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=2');
  });

  it('has moved by a container that was replaced by hand, which is left as it is', async () => {
    await lab.apply(web('demo/web:1'));
    const { planned } = await diff(web('demo/web:2', { version: 2 }));
    await lab.succeed(['docker', 'rm', '--force', 'maestro-web']);
    await lab.succeed(['docker', 'run', '--detach', '--name', 'maestro-web', '--publish', '8080:8080', 'demo/web:1']);
    const run = lab.open(...planned);
    expect((await look(run))[0]?.reasons[0]).toMatch(/^moved since the plan was made: container, /);
    const before = await lastingState();
    expect(await lab.activate(run)).toMatchObject({ ...stale(), failure: { code: 'plan_stale', message: expect.stringMatching(/made: container, .*nothing was touched/) } });
    expect(await lastingState()).toEqual(before);
  });

  it('has moved between the first look and the first effect', async () => {
    await lab.apply(web('demo/web:1'), job());
    const { planned } = await diff(web('demo/web:2', { version: 2 }), job({ version: 2, run: systemdRun({ command: '/usr/bin/sleep 9999' }) }));
    const run = lab.open(...planned);
    expect((await look(run)).map(({ action }) => action)).toEqual(['update', 'update']);
    await lab.succeed(['docker', 'stop', 'maestro-web']);
    await lab.succeed(['systemctl', 'disable', '--now', 'maestro-worker.service']);
    expect(await lab.activate(run)).toMatchObject(stale('container state'));
    expect(await lab.activate(run, 'worker')).toMatchObject(stale('unit enabled', 'unit state'));
    expect(await lab.containers()).toEqual(['maestro-web exited']);
  });

  it('has moved by an image whose tag names another one on this host now', async () => {
    await lab.apply(web('demo/web:1'));
    await lab.succeed(['docker', 'pull', '--quiet', 'demo/web:2']);
    const { planned, plans: [plan] } = await diff(web('demo/web:2', { version: 2 }));
    expect(plan?.identity).toMatch(/^sha256:/);
    await lab.succeed(['docker', 'tag', 'demo/web:1', 'demo/web:2']);
    try {
      expect(await lab.activate(lab.open(...planned))).toMatchObject(stale('image on this host'));
    } finally {
      await lab.succeed(['docker', 'rmi', '--no-prune', 'demo/web:2']);
    }
  });
});

describe('what an attempt of the same rollout leaves is not what moved', () => {
  it('a first one that failed, and its retry', async () => {
    const { planned } = await diff(web('demo/broken:1'));
    const run = lab.open(...planned);
    expect(await lab.activate(run)).toMatchObject({ ended: 'failed', type: 'runtime_error' });
    expect(await lab.activate(run, 'web', { attempt: 2 })).toMatchObject({ ended: 'failed', type: 'runtime_error' });
    await lab.host.writeFile(conf, Buffer.from('by hand\n'));
    expect(await lab.activate(run, 'web', { attempt: 3 })).toMatchObject(stale(`file ${conf}`));
  });

  it('one that was put back, and its retry', async () => {
    await lab.apply(web('demo/web:1'));
    const { planned } = await diff(web('demo/broken:1', { version: 2 }));
    const run = lab.open(...planned);
    expect(await lab.activate(run)).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true } });
    expect(await lab.activate(run, 'web', { attempt: 2 })).toMatchObject({ ended: 'failed', type: 'runtime_error', failure: { put_back: true } });
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=1');
    await lab.succeed(['docker', 'stop', 'maestro-web']);
    expect(await lab.activate(run, 'web', { attempt: 3 })).toMatchObject(stale('container state'));
  });

  it.each(['after:journal.open', 'after:file.write', 'after:container.create', 'before:journal.commit', 'after:journal.commit'])('one that was killed %s: it goes on', async (fault) => {
    await lab.apply(web('demo/web:1'));
    const { planned } = await diff(web('demo/web:2', { version: 2, files: [file(conf, 'level: warn\n')] }));
    const run = lab.open(...planned);
    expect(await lab.activate(run, 'web', { fault })).toBeNull();
    expect(await lab.activate(run)).toMatchObject({ ended: 'well' });
    expect(await lab.httpBody('http://127.0.0.1:8080/')).toContain('version=2');
    expect(await lab.host.readFile(conf)).toBe('level: warn\n');
  });

  it('one of another rollout that was cut off before the plan was made: it is settled, unless something moved', async () => {
    await lab.apply(web('demo/web:1'));
    expect(await lab.activate(lab.open(web('demo/web:2', { version: 2 })), 'web', { fault: 'after:journal.open' })).toBeNull();
    const { planned } = await diff(web('demo/web:2', { version: 3, files: [file(conf, 'level: warn\n')] }));
    await lab.host.writeFile(conf, Buffer.from('by hand\n'));
    expect(await lab.activate(lab.open(...planned))).toMatchObject(stale(`file ${conf}`));
    expect(await lab.host.readFile(conf)).toBe('by hand\n');
    await lab.host.writeFile(conf, Buffer.from('level: info\n'));
    await lab.succeed(['chmod', '640', conf]);
    expect(await lab.activate(lab.open(...planned))).toMatchObject({ ended: 'well' });
    expect(await lab.host.readFile(conf)).toBe('level: warn\n');
  });
});

describe('the lines of files in a plan', () => {
  const shown = async (...placements: DesiredPlacement[]): Promise<Record<string, { unified_diff: string | null; note: string | null }>> => {
    lab.control.shown.length = 0;
    await diff(...placements);
    return Object.fromEntries(lab.control.shown.map(({ path, unified_diff, note }) => [path, { unified_diff, note }]));
  };

  it('show what changes in text files, with the values of secrets kept out; of files with secrets only that they change', async () => {
    const secret = 'hunter2hunter2';
    const files = (text: string, password: string) => [file(conf, text), secretFile('/srv/demo/secret.conf', password), file('/srv/demo/was-secret.conf', 'now: open\n'), file('/srv/demo/blob', '\u0000binary')];
    await lab.apply(web('demo/web:1', { ...secretParts(secret), files: [...files('level: info\nkept: 1\n', 'old'), secretFile('/srv/demo/was-secret.conf', `password: ${secret}\n`)].filter(({ path, keyed }) => path !== '/srv/demo/was-secret.conf' || keyed === true).map((one) => (one.path === '/srv/demo/blob' ? file(one.path, '\u0000old') : one)) }));
    // What somebody wrote into a file by hand may hold a secret, too.
    await lab.host.writeFile(conf, Buffer.from(`level: info\nkept: 1\npasted: ${secret}\n`));
    const lines = await shown(web('demo/web:1', { ...secretParts(secret), version: 2, files: [...files('level: debug\nkept: 1\n', 'new'), file('/srv/demo/new.conf', 'a: 1\n')] }));
    expect(JSON.stringify(lines)).not.toContain(secret);
    expect(lines[conf]).toEqual({ note: null, unified_diff: expect.stringContaining('-level: info\n+level: debug\n kept: 1\n-pasted: [secret]\n') });
    expect(lines['/srv/demo/secret.conf']).toEqual({ note: 'secret', unified_diff: null });
    expect(lines['/srv/demo/was-secret.conf']).toEqual({ note: 'secret', unified_diff: null });
    expect(lines['/srv/demo/blob']).toEqual({ note: 'binary', unified_diff: null });
    expect(lines['/srv/demo/new.conf']).toEqual({ note: null, unified_diff: expect.stringContaining('+++ /srv/demo/new.conf\n@@ -0,0 +1,1 @@\n+a: 1\n') });
  });

  it('are never those of a file that somebody else has made', async () => {
    await lab.host.writeFile(conf, Buffer.from('a stranger wrote this\n'));
    expect(await shown(web('demo/web:1'))).toEqual({});
  });

  it('are bounded: long files are cut, very long ones left out, and a host says so', async () => {
    const long = (count: number, word: string): string => Array.from({ length: count }, (_, index) => `${word} ${String(index)}\n`).join('');
    const many = Array.from({ length: 12 }, (_, index) => file(`/srv/demo/long-${String(index + 10)}.conf`, long(6_000, 'a line of words')));
    const lines = await shown(web('demo/web:1', { files: [file('/srv/demo/huge.conf', long(30_000, 'a line of words')), ...many] }));
    expect(lines['/srv/demo/huge.conf']).toEqual({ note: 'too_large', unified_diff: null });
    const first = lines['/srv/demo/long-10.conf'];
    expect(first?.note).toBe('truncated');
    expect(first?.unified_diff?.length).toBeLessThanOrEqual(64 * 1024);
    expect(first?.unified_diff?.endsWith('\n')).toBe(true);
    expect(lines['/srv/demo/long-21.conf']).toEqual({ note: 'truncated', unified_diff: null });
    expect(JSON.stringify(lines).length).toBeLessThan(560 * 1024);
  });
});
