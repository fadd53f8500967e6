/** The rollout's page in a real browser, over the real API and its events: its three views, by mouse, by keyboard and on a phone; the report, and how it stood before. */
import { describe, expect, jest, test } from '@jest/globals';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { seen } from '../../control/nodes/index.js';
import { beginWaves, untilPaused, untilTheEnd, type Told } from './waves.js';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const began = 400;
const retriedAt = 320;
let told: Told;
const v = useVisitor(async ({ db }) => {
  for (const [username, role] of [[person.username, 'admin'], ['vera', 'viewer']] as const) await createUser(db, systemActor, { username, role, password: person.password });
  for (const node of ['db-01', 'api-01']) await seen(db, { node, facts: { docker: true, systemd: true, missing: [] }, version: '0.1.0' });
  told = await beginWaves(db, began);
  await told.say(untilPaused(told));
});

const path = (query = ''): string => `/rollouts/${told.rolloutId}${query}`;
const region = (name: string) => v.page.getByRole('region', { name, exact: true });
const query = (): string => new URL(v.page.url()).search;

describe('a rollout that rests', () => {
  test('says what failed, what that holds up, since when, and offers the next act; what failed is open beside it', async () => {
    await v.page.goto(`/login?next=${path()}`);
    await v.signIn();
    await v.shows(/^Paused: api on api-03 failed \(.*503.*\) and 7 more are blocked by that\./);
    await v.shows(/^since /);
    await v.page.getByRole('group', { name: 'Answers to the rollout' }).getByRole('button', { name: 'Retry all failed' }).waitFor();
    await v.shows(/^canary · .*each change is watched for 20s$/);
    for (const wave of [/Wave 1 of 3, done \(1 of 1 host\)/, /Wave 2 of 3, failed \(1 of 2 hosts\)/, /Wave 3 of 3, not begun \(0 of 2 hosts\)/]) await v.shows(wave);
    await region('api on api-03').getByText('error: no route to db-01:5432').first().waitFor();
    await v.look('30-rollout-steps');
  });

  test('shows only the placements of one state, and that is in the address', async () => {
    await v.page.goto(path());
    await v.page.getByRole('group', { name: 'Show only' }).getByRole('button', { name: '7 blocked' }).click();
    expect(query()).toContain('state=blocked');
    await v.page.getByRole('row', { name: /api-04/ }).first().waitFor();
    expect(await v.page.getByRole('button', { name: /^Details of/ }).count()).toBe(7);
    await v.page.getByRole('button', { name: 'Details of web on web-02' }).click();
    await region('web on web-02').getByRole('button', { name: 'api on api-03' }).click();
    await region('api on api-03').getByText('The old one was put back and serves again.').waitFor();
    await v.page.goBack();
    await region('web on web-02').waitFor();
  });

  test('as a timeline: waits are named, and the rest for a person is one of them', async () => {
    await v.page.goto(path('?view=timeline'));
    const timeline = region('Timeline of the placements');
    await timeline.getByText('waited 19s: waiting for db on db-01').waitFor({ state: 'attached' });
    await timeline.getByRole('button', { name: /^api api-03.*worked 18s, failed/ }).click();
    await region('api on api-03').getByText('health check').first().waitFor();
    await v.look('31-rollout-timeline');
  });

  test('as a graph: hosts with their components, loaded when it is looked at; a placement there opens its details', async () => {
    const loaded: string[] = [];
    v.page.on('request', (request) => loaded.push(request.url()));
    await v.page.goto(path());
    await v.shows(/^Paused/);
    const before = loaded.length;
    await v.page.getByRole('tab', { name: 'Graph' }).click();
    await v.page.getByRole('button', { name: 'Details of db on db-01: Succeeded' }).click();
    await region('db on db-01').waitFor();
    expect(query()).toBe('?view=graph&step=db-01/db');
    expect(loaded.slice(before).some((url) => url.endsWith('.js'))).toBe(true);
    expect(loaded.filter((url) => !url.startsWith(v.maestro.url) && !url.startsWith(v.maestro.url.replace('http', 'ws')))).toEqual([]);
    await v.look('32-rollout-graph');
  });

  test('is read and answered by keyboard alone', async () => {
    await v.page.goto(path('?step=none'));
    await v.page.getByRole('button', { name: 'Details of db on db-01' }).focus();
    await v.page.keyboard.press('ArrowDown');
    await v.page.keyboard.press('j');
    await v.page.keyboard.press('Enter');
    expect(query()).toContain('step=api-01/worker');
    await region('worker on api-01').getByRole('button', { name: 'Close the details' }).focus();
    await v.page.keyboard.press('Enter');
    await region('worker on api-01').waitFor({ state: 'detached' });
    await v.page.getByRole('tab', { name: 'Steps' }).focus();
    await v.page.keyboard.press('ArrowRight');
    await region('Timeline of the placements').waitFor();
    await v.page.getByRole('button', { name: 'Abort' }).focus();
    await v.page.keyboard.press('Enter');
    const dialog = v.page.getByRole('dialog', { name: 'Abort this rollout?' });
    await dialog.waitFor();
    await v.page.keyboard.press('Enter');
    await dialog.waitFor({ state: 'detached' });
    expect(v.maestro.asked).toEqual([]);
  });

  test('is read and stopped on a phone: the answers stay in reach, and each view fits', async () => {
    await v.page.setViewportSize({ width: 390, height: 800 });
    for (const view of ['steps', 'timeline', 'graph']) {
      await v.page.goto(path(`?view=${view}`));
      await v.shows(/^Paused/);
      if (view === 'graph') await v.page.getByRole('button', { name: /^Details of db on db-01/ }).waitFor();
      const abort = await v.page.getByRole('button', { name: 'Abort' }).boundingBox();
      expect(abort?.y ?? 0).toBeGreaterThan(700);
      await v.look(`33-phone-rollout-${view}`);
    }
    await v.page.evaluate('window.scrollTo(0, document.body.scrollHeight)');
    await v.press('Abort');
    await v.page.getByRole('dialog', { name: 'Abort this rollout?' }).waitFor();
  });

  test('with a newer version offers to go on with that one', async () => {
    await v.maestro.db.deploy.update({ where: { id: told.deployId }, data: { latest_version: 2 } });
    await v.page.goto(path());
    await v.page.getByRole('button', { name: 'Retry with version 2' }).waitFor();
    await v.maestro.db.deploy.update({ where: { id: told.deployId }, data: { latest_version: 1 } });
  });
});

describe('a rollout that has ended', () => {
  test('is followed to its end, and then says in a report what changed, what was slow and who answered', async () => {
    await v.page.goto(path('?view=timeline'));
    await v.shows(/^Paused/);
    await v.maestro.db.auditEntry.count();
    await v.page.request.post(`${v.maestro.url}/api/rollouts/${told.rolloutId}/retry`, { data: {}, headers: { origin: v.maestro.url } });
    await v.maestro.db.rollout.update({ where: { id: told.rolloutId }, data: { state: 'succeeded', ended_at: new Date(told.beganMs + (retriedAt + 120) * 1_000) } });
    await told.say(untilTheEnd(told, retriedAt));
    await v.shows('Version 1 is active: 13 changed, 0 unchanged.');
    const report = region('Report');
    await report.getByText('13 updated').waitFor();
    await report.getByText(/of which 3m 39s it rested for a person/).waitFor();
    await report.getByText('ada retried').waitFor();
    await report.getByRole('list').getByRole('button', { name: 'api on api-03' }).first().waitFor();
    await region('Timeline of the placements').getByText(/of rest, drawn short/).waitFor();
    await v.look('34-rollout-report');
  });

  test('is played back: any moment, at any pace, in every view; nothing can be answered there', async () => {
    await v.page.goto(path());
    await v.press('Play it back');
    const bar = region('Playback');
    await bar.getByText(/^0s of /).waitFor();
    await v.shows(/Queued|Asking the hosts|Waiting for/);
    const thumb = bar.getByRole('slider', { name: 'Moment' });
    await thumb.focus();
    for (let press = 0; press < 125; press += 1) await v.page.keyboard.press('ArrowRight');
    await v.shows(/^Paused: api on api-03 failed/);
    expect(await v.page.getByRole('button', { name: 'Abort' }).count()).toBe(0);
    await v.look('35-rollout-playback');
    await v.page.getByRole('tab', { name: 'Timeline' }).click();
    await region('Timeline of the placements').waitFor();
    await v.page.getByRole('tab', { name: 'Graph' }).click();
    await v.page.getByRole('button', { name: 'Details of api on api-03: Failed' }).waitFor();
    await bar.getByText('100×').click();
    await bar.getByRole('button', { name: 'Play' }).click();
    await v.shows('Version 1 is active: 13 changed, 0 unchanged.');
    await bar.getByRole('button', { name: 'Back to the end' }).click();
    await region('Report').waitFor();
  });

  test('of somebody who may only read, says so at each act', async () => {
    await v.maestro.db.rollout.update({ where: { id: told.rolloutId }, data: { state: 'paused', ended_at: null } });
    await told.say([told.tell(600, null, 'rollout.state', { state: 'paused', reason: 'paused by ada' })]);
    await v.maestro.browser.clearCookies();
    await v.page.goto(`/login?next=${path()}`);
    await v.signIn('vera');
    const abort = v.page.getByRole('button', { name: 'Abort' });
    await abort.focus();
    await v.shows('You lack the right deploy.apply.');
    await abort.press('Enter');
    expect(await v.page.getByRole('dialog').count()).toBe(0);
  });

  test('that is not there says so, with a way on', async () => {
    await v.page.goto('/rollouts/rol_nosuchrollout0000');
    await v.page.getByRole('alert').getByText('not_found', { exact: true }).waitFor();
  });
});
