/** Every page in a real browser, against the real API and a real database: what it says, by keyboard, in both schemes. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { submitVersion } from '../../control/deploys/index.js';
import { appendEvents } from '../../control/events/index.js';
import { seen } from '../../control/nodes/index.js';
import { openRollout, recordRolloutState, recordSteps, startRollout } from '../../control/rollouts/index.js';
import { complaintsOf, inspect, openConsole, patienceMs, type Console } from './console.js';
import { planOf, shop } from './shop.js';

jest.setTimeout(120_000);

const person = { username: 'ada', password: 'correct horse battery' };
let maestro: Console;
let page: Page;
let complaints: string[];

beforeAll(async () => { maestro = await openConsole(); }, 180_000);
afterAll(async () => { await maestro?.close(); });
beforeEach(async () => {
  page = await maestro.browser.newPage();
  complaints = complaintsOf(page);
});
afterEach(async () => {
  expect(complaints).toEqual([]);
  await page.close();
});

const shows = (text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: patienceMs });
const heading = (name: string | RegExp) => page.getByRole('heading', { level: 1, name }).waitFor();
const press = (name: string | RegExp) => page.getByRole('button', { name }).first().click();

/** What people with other eyes, hands or windows would run into counts as a complaint. */
const look = async (name: string): Promise<void> => { complaints.push(...(await inspect(page, name))); };
const editor = () => page.locator('.cm-content');

async function signIn(username = person.username): Promise<void> {
  await page.getByLabel('Username').fill(username);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => !url.pathname.startsWith('/login'));
}

const deployId = async (name: string): Promise<string> => (await maestro.db.deploy.findFirstOrThrow({ where: { name, deleted_at: null } })).id;
const deployPath = async (name: string): Promise<string> => `/deploys/${await deployId(name)}`;
const openRolloutId = async (): Promise<string> => (await maestro.db.rollout.findFirstOrThrow({ where: { ended_at: null } })).id;
const anyRolloutId = async (): Promise<string> => (await maestro.db.rollout.findFirstOrThrow({ orderBy: { created_at: 'asc' } })).id;

const tell = (rolloutId: string, type: 'step.phase' | 'step.output', data: object[]): Promise<void> =>
  maestro.db.$transaction((tx) => appendEvents(tx, data.map((item) => ({ type, rollout_id: rolloutId, host: 'api-01', component: 'api', data: item }))));
const tellPhases = (rolloutId: string, phases: [phase: string, state: string][]) => tell(rolloutId, 'step.phase', phases.map(([phase, state]) => ({ phase, state })));
const tellOutput = (rolloutId: string, lines: [stream: string, text: string][]) => tell(rolloutId, 'step.output', [{ lines: lines.map(([stream, text]) => ({ stream, text })) }]);

/** The last thing asked of a rollout; who asked is always told along. */
async function asked(verb: string, input: object): Promise<void> {
  for (let waitedMs = 0; waitedMs < patienceMs && maestro.asked.at(-1)?.asked !== verb; waitedMs += 50) await page.waitForTimeout(50);
  expect(maestro.asked.at(-1)).toEqual({ asked: verb, input: { ...input, actor: person.username } });
  maestro.asked.length = 0;
}

describe('first run', () => {
  test('whoever comes first is led to the set-up, and by keyboard alone into an empty list that says what to do', async () => {
    await page.goto('/deploys');
    await page.waitForURL('**/setup');
    await heading('Set up Maestro');
    await look('01-setup');
    await page.keyboard.type(person.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type(person.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/deploys');
    await shows('No deploys yet');
    await shows('Live');
    expect(await page.title()).toBe('Deploys · Maestro');
    await look('02-deploys-empty');
  });
});

describe('signing in', () => {
  test('a page asked for without a session comes after signing in, and a wrong password says so without leaving', async () => {
    await maestro.browser.clearCookies();
    await page.goto('/deploys/new');
    await page.waitForURL('**/login?next=*');
    await heading('Sign in');
    await page.keyboard.type(person.username);
    await page.keyboard.press('Tab');
    await page.keyboard.type('wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText('auth_error').waitFor();
    await look('03-login-refused');
    await page.getByLabel('Password', { exact: true }).fill(person.password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/deploys/new');
    await heading('New deploy');
  });

  test('signing out leads to the sign-in page, and back does not show what was there', async () => {
    await page.goto('/nodes');
    await press(/Account/);
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.waitForURL('**/login');
    await page.goto('/nodes');
    await page.waitForURL('**/login?next=*');
    await signIn();
  });

  test('a session that ended elsewhere leads to signing in, and back to the same page', async () => {
    await page.goto('/nodes');
    await shows('Live');
    await maestro.db.session.deleteMany();
    await page.waitForURL('**/login?next=%2Fnodes');
    await signIn();
    await page.waitForURL('**/nodes');
  });

  test('a path of another site as the page to return to is not followed', async () => {
    await maestro.browser.clearCookies();
    await page.goto('/login?next=//evil.test/');
    await signIn();
    await page.waitForURL(`${maestro.url}/deploys`);
  });
});

describe('nodes', () => {
  test('the list is empty with a next step, then fills by itself when hosts report', async () => {
    await page.goto('/nodes');
    await shows('No host has reported yet');
    await look('04-nodes-empty');
    await shows('Live');
    await seen(maestro.db, { node: 'db-01', facts: { docker: true, systemd: true, missing: [] }, version: '0.1.0' });
    await seen(maestro.db, { node: 'api-01', facts: { docker: false, systemd: true, missing: ['docker'] }, version: '0.1.0' });
    const row = (name: string) => page.getByRole('row', { name });
    await row('db-01').getByText('Ready for every kind of component.').waitFor();
    await row('api-01').getByText('Install Docker and start its service').waitFor();
  });

  test('a host that fell silent is offline since when, and it says what that means', async () => {
    await maestro.db.node.updateMany({ where: { name: 'api-01' }, data: { last_seen_at: new Date(Date.now() - 300_000), online: false } });
    await page.goto('/nodes');
    await page.getByRole('row', { name: 'api-01' }).getByText('Offline').waitFor();
    await shows('last seen 5 minutes ago');
    await look('05-nodes');
  });
});

describe('a new deploy', () => {
  test('the example names a host that is there; an error has its place, its fix and a way to it; a valid one is created', async () => {
    await page.goto('/deploys/new');
    await page.getByTitle('It deploys nginx to db-01.').click();
    await shows(/^Valid: 1 placement/);
    const create = page.getByRole('button', { name: 'Create deploy' });
    await editor().click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('hostz: {}\n');
    const finding = page.getByRole('button', { name: /line 1:1/ });
    await finding.waitFor();
    expect(await create.isDisabled()).toBe(true);
    await look('06-new-deploy-errors');
    await finding.click();
    await page.keyboard.press('Shift+End');
    await page.keyboard.press('Delete');
    await page.keyboard.press('Delete');
    await shows(/^Valid: 1 placement/);
    await create.click();
    await page.waitForURL(/\/deploys\/dpl_[^/]+\?tab=diff/);
    await heading('hello-web');
  });

  test('a folder of files is taken in: the document into the editor, the rest beside it', async () => {
    await page.goto('/deploys/new');
    const chooser = page.waitForEvent('filechooser');
    await press('Add files');
    await (await chooser).setFiles([{ name: 'api.conf.j2', mimeType: 'text/plain', buffer: Buffer.from('port = {{ vars.port }}\n') }]);
    await page.getByLabel('Path of api.conf.j2').waitFor();
    const opener = page.waitForEvent('filechooser');
    await press('Open a YAML file');
    await (await opener).setFiles([{ name: 'deployment.yaml', mimeType: 'application/yaml', buffer: Buffer.from(shop('v1.4')) }]);
    await shows(/^Valid: 2 placements/);
    await look('07-new-deploy');
    await page.getByRole('button', { name: 'Remove api.conf.j2' }).click();
    maestro.hostsSay(planOf('v1.3', 'v1.4'));
    await press('Create deploy');
    await heading('shop');
  });

  test('a second one of the same name is refused in place, and nothing typed is lost', async () => {
    await page.goto('/deploys/new');
    const opener = page.waitForEvent('filechooser');
    await press('Open a YAML file');
    await (await opener).setFiles([{ name: 'deployment.yaml', mimeType: 'application/yaml', buffer: Buffer.from(shop('v1.4')) }]);
    await shows(/^Valid: 2 placements/);
    await press('Create deploy');
    await page.getByRole('alert').getByText('conflict', { exact: true }).waitFor();
    expect(await editor().innerText()).toContain('project: shop');
  });
});

describe('a deploy', () => {
  test('the list tells where each stands, in a sentence', async () => {
    await page.goto('/deploys');
    await page.getByRole('row', { name: /shop/ }).getByText('Version 1 is ready to diff and apply.').waitFor();
    await look('08-deploys');
  });

  test('the diff says per host and component what would happen and why', async () => {
    await page.goto(`${await deployPath('shop')}?tab=diff`);
    await shows('1 to update, 1 unchanged on 2 hosts.');
    await shows('short downtime, restarts');
    await page.getByText('the image changes from').first().click();
    await shows('pull the image ghcr.io/acme/api:v1.4');
    await shows('drift: changed by hand');
    await look('09-diff');
  });

  test('before anything was applied the overview leads to the diff', async () => {
    await page.goto(await deployPath('shop'));
    await page.getByRole('link', { name: 'Look at the diff of version 1' }).click();
    await shows('1 to update, 1 unchanged on 2 hosts.');
  });

  test('apply shows the real diff first, with the safe button focused, and leads to the live rollout', async () => {
    await page.goto(await deployPath('shop'));
    await press('Apply version 1…');
    const dialog = page.getByRole('dialog', { name: 'Apply version 1?' });
    await dialog.getByText('1 to update, 1 unchanged on 2 hosts.').waitFor();
    expect(await dialog.getByRole('button', { name: 'Cancel' }).evaluate((button) => button === document.activeElement)).toBe(true);
    await look('10-apply-dialog');
    await dialog.getByRole('button', { name: 'Apply version 1' }).click();
    await page.waitForURL(/\/rollouts\/rol_/);
    await heading('Version 1 of shop');
    await shows('Queued. It starts as soon as a control-plane worker takes it.');
  });

  test('a second apply meanwhile is refused and leads to the open rollout', async () => {
    await page.goto(await deployPath('shop'));
    await press('Apply version 1…');
    await page.getByRole('dialog').getByRole('button', { name: 'Apply version 1' }).click();
    await page.getByRole('link', { name: 'Show the open rollout' }).click();
    await page.waitForURL(/\/rollouts\/rol_/);
  });
});

describe('a rollout', () => {
  test('is followed live: phase, check, output, failure with what to do, without a reload', async () => {
    const id = await openRolloutId();
    await page.goto(`/rollouts/${id}`);
    await shows('Queued.');
    await startRollout(maestro.db, id);
    await recordSteps(maestro.db, id, [
      { step: 'db-01/db', state: 'unchanged', attempt: 1, action: 'unchanged' },
      { step: 'api-01/api', state: 'running', attempt: 1, action: 'update' },
    ]);
    await tellPhases(id, [['fetch', 'started'], ['fetch', 'ended'], ['health', 'started']]);
    await tellOutput(id, [['stdout', 'listening on :8080'], ['stderr', 'no route to db-01:5432'], ['info', 'health: http 503 (2 of 3)']]);
    await shows('Waiting for api on api-01: health: http 503 (2 of 3).');
    await press('Details of api on api-01');
    await page.getByRole('log', { name: 'Output of api on api-01' }).getByText('no route to db-01:5432').waitFor();
    await look('11-rollout-running');

    await recordSteps(maestro.db, id, [{
      step: 'api-01/api', state: 'failed', attempt: 1, reason: 'http 503',
      failure: { code: 'healthcheck_failed', message: 'http://localhost:8080/healthz answered 503, 3 times of 3', fix: 'Look at the output; the service answers, but says that it is not ready.', phase: 'health', put_back: true, output_tail: 'error: no route to db-01:5432', phases: [] },
      phases: [{ phase: 'fetch', duration_ms: 2_140 }, { phase: 'health', duration_ms: 31_000 }],
    }]);
    await recordRolloutState(maestro.db, id, { state: 'paused', reason: '1 placement failed' });
    await shows(/^Paused: api on api-01 failed/);
    await shows('The old one was put back and serves again.');
    await look('12-rollout-paused');
  });

  test('shows in the deploy as well, with where everything stands', async () => {
    await page.goto(await deployPath('shop'));
    await shows('The rollout of version 1 is paused and waits for your answer.');
    await shows('The rollout going on');
    await page.getByRole('table', { name: 'Components by host' }).getByText('Failed').waitFor();
    await look('13-deploy-paused');
  });

  test('retry of one, retry of all, skip with a note, resume and abort reach the workflow', async () => {
    await page.goto(`/rollouts/${await openRolloutId()}`);
    await press('Retry api on api-01');
    await asked('retry', { step: 'api-01/api' });
    await press('Retry all failed');
    await asked('retry', {});
    await press('Skip api on api-01');
    const skip = page.getByRole('dialog', { name: 'Skip api on api-01?' });
    expect(await skip.getByRole('button', { name: 'Skip it' }).isDisabled()).toBe(true);
    await skip.getByLabel(/Note/).fill('served by the old one until the morning');
    await look('14-skip-dialog');
    await skip.getByRole('button', { name: 'Skip it' }).click();
    await asked('skip', { step: 'api-01/api', note: 'served by the old one until the morning' });
    await recordSteps(maestro.db, await openRolloutId(), [{ step: 'api-01/api', state: 'skipped', attempt: 1, reason: 'skipped by ada: served by the old one until the morning' }]);
    await shows('Paused: nothing failed is left. Resume to go on, or abort.');
    await press('Resume');
    await asked('resume', {});
    await press('Abort');
    await page.getByRole('dialog', { name: 'Abort this rollout?' }).getByText('2 of 2 placements are done and stay as they are.').waitFor();
    await press('Abort the rollout');
    await asked('abort', {});
  });

  test('after a retry ends well, with what it took and what was done', async () => {
    const id = await openRolloutId();
    await page.goto(`/rollouts/${id}`);
    await shows(/^Paused/);
    await recordRolloutState(maestro.db, id, { state: 'running', reason: 'retry' });
    await recordSteps(maestro.db, id, [{ step: 'api-01/api', state: 'running', attempt: 2 }]);
    await shows('attempt 2');
    await recordSteps(maestro.db, id, [{ step: 'api-01/api', state: 'succeeded', attempt: 2, phases: [{ phase: 'health', duration_ms: 640 }], operations: ['pulled ghcr.io/acme/api:v1.4', 'replaced the container shop-api'] }]);
    await recordRolloutState(maestro.db, id, { state: 'succeeded', reason: '' });
    await shows('Version 1 is active: 1 changed, 1 unchanged.');
    await press('Details of api on api-01');
    await shows('replaced the container shop-api');
    expect(await page.getByRole('button', { name: 'Abort' }).count()).toBe(0);
    expect(await page.title()).toBe('Succeeded: Version 1 of shop · Maestro');
    await look('15-rollout-succeeded');
  });
});

describe('versions', () => {
  test('editing submits the next version; somebody faster is a conflict that shows theirs and keeps mine', async () => {
    await page.goto(`${await deployPath('shop')}?tab=yaml`);
    await press('Edit');
    await page.getByRole('button', { name: 'Submit version 2' }).waitFor();
    await editor().click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('# reviewed\n');
    await submitVersion(maestro.db, systemActor, { deployId: await deployId('shop'), yaml: shop('v1.5'), expectedVersion: 1 });
    await page.getByRole('button', { name: 'Submit version 2' }).click();
    await shows('Somebody submitted another version meanwhile');
    await press('Show version 2');
    await page.getByRole('dialog', { name: 'Version 2' }).getByText('v1.5').waitFor();
    await page.keyboard.press('Escape');
    await look('16-yaml-conflict');
    await press('Submit mine as version 3 all the same');
    await page.getByRole('heading', { name: 'Version 3' }).waitFor();
    expect(await editor().innerText()).toContain('# reviewed');
  });

  test('the list tells number, kind, by whom, when and what came of each', async () => {
    await page.goto(`${await deployPath('shop')}?tab=versions`);
    await page.getByRole('row', { name: /v1/ }).getByText('Succeeded').waitFor();
    await page.getByRole('row', { name: /v2/ }).getByText('never applied').waitFor();
    await look('17-versions');
  });

  test('a roll back says what it is and what it would change, and becomes a version of its own', async () => {
    const id = await deployId('shop');
    const { rollout_id: rolloutId } = await openRollout(maestro.db, systemActor, { deployId: id, version: 3, kind: 'apply' });
    await startRollout(maestro.db, rolloutId);
    await recordRolloutState(maestro.db, rolloutId, { state: 'succeeded', reason: '' });
    await page.goto(`${await deployPath('shop')}?tab=versions`);
    await press('Roll back to version 1');
    const dialog = page.getByRole('dialog', { name: 'Roll back to version 1?' });
    await dialog.getByText('The content of version 1 is stored as version 4 and applied.').waitFor();
    await dialog.getByText('1 to update, 1 unchanged on 2 hosts.').waitFor();
    await look('18-rollback-dialog');
    await dialog.getByRole('button', { name: 'Roll back to version 1' }).click();
    await heading('Version 4 of shop');
    await shows('Roll back of version 4');
  });
});

describe('the shell', () => {
  test('a viewer sees everything and can press nothing that changes something, and is told why', async () => {
    await createUser(maestro.db, systemActor, { username: 'vera', password: person.password, role: 'viewer' });
    await maestro.browser.clearCookies();
    await page.goto(await deployPath('shop'));
    await signIn('vera');
    const apply = page.getByRole('button', { name: 'Apply version 4…' });
    await apply.focus();
    await shows('You lack the right deploy.apply.');
    await apply.press('Enter');
    expect(await page.getByRole('dialog').count()).toBe(0);
    await maestro.browser.clearCookies();
  });

  test('is left by keyboard through the skip link, and remembers a chosen scheme', async () => {
    await page.goto('/login');
    await signIn();
    await page.goto('/deploys');
    await heading('Deploys');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await press(/Colour scheme/);
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await page.reload();
    await heading('Deploys');
    expect(await page.evaluate('document.documentElement.dataset.mantineColorScheme')).toBe('dark');
    await press(/Colour scheme/);
    await page.getByRole('menuitem', { name: 'Follow the system' }).click();
  });

  test('says when the network is gone, and comes back by itself', async () => {
    await page.goto('/deploys');
    await shows('Live');
    await maestro.browser.setOffline(true);
    await shows('Offline');
    await maestro.browser.setOffline(false);
    await shows('Live');
    complaints = complaints.filter((complaint) => !complaint.includes('ERR_INTERNET_DISCONNECTED'));
    page.removeAllListeners('console');
  });

  test('what is not there says so and leads on', async () => {
    await page.goto('/deploys/dpl_0000000000000000');
    await page.getByRole('alert').getByText('not_found').waitFor();
    await page.goto('/no/such/page');
    await shows('There is no such page');
    await look('19-lost');
  });

  test('reads on a phone: nothing is wider than the window', async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    for (const [path, name] of [['/deploys', '20-phone-deploys'], [`/rollouts/${await anyRolloutId()}`, '21-phone-rollout'], ['/nodes', '22-phone-nodes']] as const) {
      await page.goto(path);
      await page.getByRole('table').first().waitFor();
      await look(name);
    }
  });

  test('delete wants the name typed and says that hosts are left alone', async () => {
    await page.goto(await deployPath('hello-web'));
    await press('Delete…');
    const dialog = page.getByRole('dialog', { name: 'Delete hello-web?' });
    await dialog.getByText('The hosts are left alone').waitFor();
    const confirm = dialog.getByRole('button', { name: 'Delete the deploy' });
    await dialog.getByLabel('Type hello-web to delete it').fill('hello');
    expect(await confirm.isDisabled()).toBe(true);
    await look('23-delete-dialog');
    await dialog.getByLabel('Type hello-web to delete it').fill('hello-web');
    await confirm.click();
    await page.waitForURL('**/deploys');
    await page.getByRole('row', { name: /shop/ }).waitFor();
    expect(await page.getByRole('row', { name: /hello-web/ }).count()).toBe(0);
  });
});
