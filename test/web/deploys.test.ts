/** A deploy's whole life in a real browser: submitted, looked at, applied, failed, answered, rolled back, deleted. Each test goes on from the last. */
import { describe, expect, jest, test } from '@jest/globals';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { submitVersion } from '../../control/deploys/index.js';
import { appendEvents } from '../../control/events/index.js';
import { seen } from '../../control/nodes/index.js';
import { openRollout, recordRolloutState, recordSteps, startRollout } from '../../control/rollouts/index.js';
import { patienceMs } from './console.js';
import { planOf, shop } from './shop.js';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const v = useVisitor(async ({ db }) => {
  for (const [username, role] of [[person.username, 'admin'], ['vera', 'viewer']] as const) await createUser(db, systemActor, { username, role, password: person.password });
  for (const node of ['db-01', 'api-01']) await seen(db, { node, facts: { docker: node === 'db-01', systemd: true, missing: [] }, version: '0.1.0' });
});

const openRolloutId = async (): Promise<string> => (await v.maestro.db.rollout.findFirstOrThrow({ where: { ended_at: null } })).id;
const anyRolloutId = async (): Promise<string> => (await v.maestro.db.rollout.findFirstOrThrow({ orderBy: { created_at: 'asc' } })).id;

const tell = (rolloutId: string, type: 'step.phase' | 'step.output', data: object[]): Promise<void> =>
  v.maestro.db.$transaction((tx) => appendEvents(tx, data.map((item) => ({ type, rollout_id: rolloutId, host: 'api-01', component: 'api', data: item }))));
const tellPhases = (rolloutId: string, phases: [phase: string, state: string][]) => tell(rolloutId, 'step.phase', phases.map(([phase, state]) => ({ phase, state })));
const tellOutput = (rolloutId: string, lines: [stream: string, text: string][]) => tell(rolloutId, 'step.output', [{ lines: lines.map(([stream, text]) => ({ stream, text })) }]);

/** The last thing asked of a rollout; who asked is always told along. */
async function asked(verb: string, input: object): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs && v.maestro.asked.at(-1)?.asked !== verb; waitedMs += 50) await v.page.waitForTimeout(50);
  expect(v.maestro.asked.at(-1)).toEqual({ asked: verb, input: { ...input, actor: person.username } });
  v.maestro.asked.length = 0;
}

describe('a new deploy', () => {
  test('the example names a host that is there; an error has its place, its fix and a way to it; a valid one is created', async () => {
    await v.page.goto('/login?next=/deploys/new');
    await v.signIn();
    await v.page.getByTitle('It deploys nginx to db-01.').click();
    await v.shows(/^Valid: 1 placement/);
    const create = v.page.getByRole('button', { name: 'Create deploy' });
    await v.editor().click();
    await v.page.keyboard.press('Control+Home');
    await v.page.keyboard.type('hostz: {}\n');
    const finding = v.page.getByRole('button', { name: /line 1:1/ });
    await finding.waitFor();
    expect(await create.isDisabled()).toBe(true);
    await v.look('06-new-deploy-errors');
    await finding.click();
    await v.page.keyboard.press('Shift+End');
    await v.page.keyboard.press('Delete');
    await v.page.keyboard.press('Delete');
    await v.shows(/^Valid: 1 placement/);
    await create.click();
    await v.page.waitForURL(/\/deploys\/dpl_[^/]+\?tab=diff/);
    await v.heading('hello-web');
  });

  test('a folder of files is taken in: the document into the editor, the rest beside it', async () => {
    await v.page.goto('/deploys/new');
    await v.pick('Add files', { name: 'api.conf.j2', text: 'port = {{ vars.port }}\n' });
    await v.page.getByLabel('Path of api.conf.j2').waitFor();
    await v.pick('Open a YAML file', { name: 'deployment.yaml', text: shop('v1.4') });
    await v.shows(/^Valid: 2 placements/);
    await v.look('07-new-deploy');
    await v.page.getByRole('button', { name: 'Remove api.conf.j2' }).click();
    v.maestro.hostsSay(planOf('v1.3', 'v1.4'));
    await v.press('Create deploy');
    await v.heading('shop');
  });

  test('a second one of the same name is refused in place, and nothing typed is lost', async () => {
    await v.page.goto('/deploys/new');
    await v.pick('Open a YAML file', { name: 'deployment.yaml', text: shop('v1.4') });
    await v.shows(/^Valid: 2 placements/);
    await v.press('Create deploy');
    await v.page.getByRole('alert').getByText('conflict', { exact: true }).waitFor();
    expect(await v.editor().innerText()).toContain('project: shop');
  });
});

describe('a deploy', () => {
  test('the list tells where each stands, in a sentence', async () => {
    await v.page.goto('/deploys');
    await v.page.getByRole('row', { name: /shop/ }).getByText('Version 1 is ready to diff and apply.').waitFor();
    await v.look('08-deploys');
  });

  test('the diff says per host and component what would happen and why', async () => {
    await v.page.goto(`${await v.deployPath('shop')}?tab=diff`);
    await v.shows('1 to update, 1 unchanged on 2 hosts.');
    await v.shows('short downtime, restarts');
    await v.page.getByText('the image changes from').first().click();
    await v.shows('pull the image ghcr.io/acme/api:v1.4');
    await v.shows('drift: changed by hand');
    await v.page.getByText('What changes in /etc/shop/api.conf').click();
    await v.shows('+level: debug');
    await v.shows('Changed. Its lines are not shown: it holds secrets, or did.');
    await v.look('09-diff');
  });

  test('before anything was applied the overview leads to the diff', async () => {
    await v.page.goto(await v.deployPath('shop'));
    await v.page.getByRole('link', { name: 'Look at the diff of version 1' }).click();
    await v.shows('1 to update, 1 unchanged on 2 hosts.');
  });

  test('apply shows the real diff first, with the safe button focused, and leads to the live rollout', async () => {
    await v.page.goto(await v.deployPath('shop'));
    await v.press('Apply version 1…');
    const dialog = v.page.getByRole('dialog', { name: 'Apply version 1?' });
    await dialog.getByText('1 to update, 1 unchanged on 2 hosts.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((button) => button === document.activeElement)).toBe(true);
    await v.look('10-apply-dialog');
    await v.maestro.db.plan.updateMany({ data: { expires_at: new Date(0) } });
    await dialog.getByRole('button', { name: 'Apply this plan' }).click();
    await dialog.getByRole('alert').getByText('plan_expired', { exact: true }).waitFor();
    await v.look('10-apply-dialog-expired');
    await dialog.getByRole('button', { name: 'Diff again' }).click();
    await dialog.getByRole('alert').waitFor({ state: 'detached' });
    await dialog.getByRole('button', { name: 'Apply this plan' }).click();
    await v.page.waitForURL(/\/rollouts\/rol_/);
    await v.heading('Version 1 of shop');
    await v.shows('Queued. It starts as soon as a control-plane worker takes it.');
  });

  test('a second apply meanwhile is refused and leads to the open rollout', async () => {
    await v.page.goto(await v.deployPath('shop'));
    await v.press('Apply version 1…');
    await v.page.getByRole('dialog').getByRole('button', { name: 'Apply this plan' }).click();
    await v.page.getByRole('link', { name: 'Show the open rollout' }).click();
    await v.page.waitForURL(/\/rollouts\/rol_/);
  });
});

describe('a rollout', () => {
  test('is followed live: phase, check, output, failure with what to do, without a reload', async () => {
    const id = await openRolloutId();
    await v.page.goto(`/rollouts/${id}`);
    await v.shows('Queued.');
    await startRollout(v.maestro.db, id);
    await recordSteps(v.maestro.db, id, [
      { step: 'db-01/db', state: 'unchanged', attempt: 1, action: 'unchanged' },
      { step: 'api-01/api', state: 'running', attempt: 1, action: 'update' },
    ]);
    await tellPhases(id, [['fetch', 'started'], ['fetch', 'ended'], ['health', 'started']]);
    await tellOutput(id, [['stdout', 'listening on :8080'], ['stderr', 'no route to db-01:5432'], ['info', 'health: http 503 (2 of 3)']]);
    await v.shows('Waiting for api on api-01: health: http 503 (2 of 3).');
    await v.press('Details of api on api-01');
    await v.page.getByRole('log', { name: 'Output of api on api-01' }).getByText('no route to db-01:5432').waitFor();
    await v.look('11-rollout-running');

    await recordSteps(v.maestro.db, id, [{
      step: 'api-01/api', state: 'failed', attempt: 1, reason: 'http 503',
      failure: { code: 'healthcheck_failed', message: 'http://localhost:8080/healthz answered 503, 3 times of 3', fix: 'Look at the output; the service answers, but says that it is not ready.', phase: 'health', put_back: true, output_tail: 'error: no route to db-01:5432', phases: [] },
      phases: [{ phase: 'fetch', duration_ms: 2_140 }, { phase: 'health', duration_ms: 31_000 }],
    }]);
    await recordRolloutState(v.maestro.db, id, { state: 'paused', reason: '1 placement failed' });
    await v.shows(/^Paused: api on api-01 failed/);
    await v.shows('The old one was put back and serves again.');
    await v.look('12-rollout-paused');
  });

  test('shows in the deploy as well, with where everything stands', async () => {
    await v.page.goto(await v.deployPath('shop'));
    await v.shows('The rollout of version 1 is paused and waits for your answer.');
    await v.shows('The rollout going on');
    await v.page.getByRole('table', { name: 'Components by host' }).getByText('Failed').waitFor();
    await v.look('13-deploy-paused');
  });

  test('retry of one, retry of all, skip with a note, resume and abort reach the workflow', async () => {
    await v.page.goto(`/rollouts/${await openRolloutId()}`);
    await v.press('Retry api on api-01');
    await asked('retry', { step: 'api-01/api' });
    await v.press('Retry all failed');
    await asked('retry', {});
    await v.press('Skip api on api-01');
    const skip = v.page.getByRole('dialog', { name: 'Skip api on api-01?' });
    expect(await skip.getByRole('button', { name: 'Skip it' }).isDisabled()).toBe(true);
    await skip.getByLabel(/Note/).fill('served by the old one until the morning');
    await v.look('14-skip-dialog');
    await skip.getByRole('button', { name: 'Skip it' }).click();
    await asked('skip', { step: 'api-01/api', note: 'served by the old one until the morning' });
    await recordSteps(v.maestro.db, await openRolloutId(), [{ step: 'api-01/api', state: 'skipped', attempt: 1, reason: 'skipped by ada: served by the old one until the morning' }]);
    await v.shows('Paused: nothing failed is left. Resume to go on, or abort.');
    await v.press('Resume');
    await asked('resume', {});
    await v.press('Abort');
    await v.page.getByRole('dialog', { name: 'Abort this rollout?' }).getByText('2 of 2 placements are done and stay as they are.').waitFor();
    await v.press('Abort the rollout');
    await asked('abort', {});
  });

  test('after a retry ends well, with what it took and what was done', async () => {
    const id = await openRolloutId();
    await v.page.goto(`/rollouts/${id}`);
    await v.shows(/^Paused/);
    await recordRolloutState(v.maestro.db, id, { state: 'running', reason: 'retry' });
    await recordSteps(v.maestro.db, id, [{ step: 'api-01/api', state: 'running', attempt: 2 }]);
    await v.shows('attempt 2');
    await recordSteps(v.maestro.db, id, [{ step: 'api-01/api', state: 'succeeded', attempt: 2, phases: [{ phase: 'health', duration_ms: 640 }], operations: ['pulled ghcr.io/acme/api:v1.4', 'replaced the container shop-api'] }]);
    await recordRolloutState(v.maestro.db, id, { state: 'succeeded', reason: '' });
    await v.shows('Version 1 is active: 1 changed, 1 unchanged.');
    await v.press('Details of api on api-01');
    await v.shows('replaced the container shop-api');
    expect(await v.page.getByRole('button', { name: 'Abort' }).count()).toBe(0);
    expect(await v.page.title()).toBe('Succeeded: Version 1 of shop · Maestro');
    await v.look('15-rollout-succeeded');
  });
});

describe('versions', () => {
  test('editing submits the next version; somebody faster is a conflict that shows theirs and keeps mine', async () => {
    await v.page.goto(`${await v.deployPath('shop')}?tab=yaml`);
    await v.press('Edit');
    await v.page.getByRole('button', { name: 'Submit version 2' }).waitFor();
    await v.editor().click();
    await v.page.keyboard.press('Control+End');
    await v.page.keyboard.type('# reviewed\n');
    await submitVersion(v.maestro.db, systemActor, { deployId: await v.deployId('shop'), yaml: shop('v1.5'), expectedVersion: 1 });
    await v.page.getByRole('button', { name: 'Submit version 2' }).click();
    await v.shows('Somebody submitted another version meanwhile');
    await v.press('Show version 2');
    await v.page.getByRole('dialog', { name: 'Version 2' }).getByText('v1.5').waitFor();
    await v.page.keyboard.press('Escape');
    await v.look('16-yaml-conflict');
    await v.press('Submit mine as version 3 all the same');
    await v.page.getByRole('heading', { name: 'Version 3' }).waitFor();
    expect(await v.editor().innerText()).toContain('# reviewed');
  });

  test('the list tells number, kind, by whom, when and what came of each', async () => {
    await v.page.goto(`${await v.deployPath('shop')}?tab=versions`);
    await v.page.getByRole('row', { name: /v1/ }).getByText('Succeeded').waitFor();
    await v.page.getByRole('row', { name: /v2/ }).getByText('never applied').waitFor();
    await v.look('17-versions');
  });

  test('a roll back says what it is and what it would change, and becomes a version of its own', async () => {
    const id = await v.deployId('shop');
    const { rollout_id: rolloutId } = await openRollout(v.maestro.db, systemActor, { deployId: id, version: 3, kind: 'apply' });
    await startRollout(v.maestro.db, rolloutId);
    await recordRolloutState(v.maestro.db, rolloutId, { state: 'succeeded', reason: '' });
    await v.page.goto(`${await v.deployPath('shop')}?tab=versions`);
    await v.press('Roll back to version 1');
    const dialog = v.page.getByRole('dialog', { name: 'Roll back to version 1?' });
    await dialog.getByText('The content of version 1 is stored as version 4 and applied.').waitFor();
    await dialog.getByText('1 to update, 1 unchanged on 2 hosts.').waitFor();
    await v.look('18-rollback-dialog');
    await dialog.getByRole('button', { name: 'Roll back to version 1' }).click();
    await v.heading('Version 4 of shop');
    await v.shows('Roll back of version 4');
  });
});

describe('other eyes', () => {
  test('reads on a phone: nothing is wider than the window', async () => {
    await v.page.setViewportSize({ width: 390, height: 800 });
    for (const [path, name] of [['/deploys', '20-phone-deploys'], [`/rollouts/${await anyRolloutId()}`, '21-phone-rollout'], ['/nodes', '22-phone-nodes']] as const) {
      await v.page.goto(path);
      await v.page.getByRole('table').first().waitFor();
      await v.look(name);
    }
  });

  test('delete wants the name typed and says that hosts are left alone', async () => {
    await v.page.goto(await v.deployPath('hello-web'));
    await v.press('Delete…');
    const dialog = v.page.getByRole('dialog', { name: 'Delete hello-web?' });
    await dialog.getByText('The hosts are left alone').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Delete the deploy' });
    await dialog.getByLabel('Type hello-web to delete it').fill('hello');
    expect(await confirm.isDisabled()).toBe(true);
    await v.look('23-delete-dialog');
    await dialog.getByLabel('Type hello-web to delete it').fill('hello-web');
    await confirm.click();
    await v.page.waitForURL('**/deploys');
    await v.page.getByRole('row', { name: /shop/ }).waitFor();
    expect(await v.page.getByRole('row', { name: /hello-web/ }).count()).toBe(0);
  });

  test('a viewer sees everything and can press nothing that changes something, and is told why', async () => {
    await v.maestro.browser.clearCookies();
    await v.page.goto(await v.deployPath('shop'));
    await v.signIn('vera');
    const apply = v.page.getByRole('button', { name: 'Apply version 4…' });
    await apply.focus();
    await v.shows('You lack the right deploy.apply.');
    await apply.press('Enter');
    expect(await v.page.getByRole('dialog').count()).toBe(0);
  });
});
