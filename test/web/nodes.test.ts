/** Nodes: enrolling, looking at and revoking hosts in a real browser, against the real API and a real database; hosts are told of by what the gateway would write. */
import { describe, expect, jest, test } from '@jest/globals';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { createDeploy } from '../../control/deploys/index.js';
import { seen } from '../../control/nodes/index.js';
import { appendEvents } from '../../control/events/index.js';
import { newId } from '../../control/ids.js';
import { recordRefusal } from '../../control/identity/enrollment-progress.js';
import { MaestroError } from '../../spec/errors.js';
import { sha256Hex } from '../../spec/hash.js';
import { onPhone, shows } from './enroll-journey.js';
import { shop } from './shop.js';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const ready = { docker: true, systemd: true, missing: [] };

const v = useVisitor(async ({ db }) => {
  for (const [username, role] of [[person.username, 'admin'], ['vera', 'viewer']] as const) await createUser(db, systemActor, { username, role, password: person.password });
});

const dialog = () => v.page.getByRole('dialog');
const say = (text: string | RegExp): Promise<void> => dialog().getByText(text).first().waitFor();
const enrollment = (host_pattern?: string) => v.maestro.db.enrollment.findFirstOrThrow({ where: host_pattern === undefined ? {} : { host_pattern }, orderBy: { expires_at: 'desc' } });
const phone = async (name: string): Promise<void> => { v.complaints.push(...(await onPhone(v.page, name))); };

const nodePath = async (name: string): Promise<string> => `/nodes/${(await v.maestro.db.node.findUniqueOrThrow({ where: { name } })).id}`;

/** What the gateway does when a host comes with a good token. */
async function comesIn(name: string): Promise<void> {
  const { id } = await enrollment();
  await v.maestro.db.$transaction(async (tx) => {
    const node = await tx.node.create({ data: { id: newId('node'), name, facts: {}, version: '', generation: 1, key_digest: name, enrollment_id: id, enrolled_at: new Date(), certificate_expires_at: new Date(Date.now() + 24 * 3600_000) } });
    await tx.enrollment.update({ where: { id }, data: { uses: { increment: 1 } } });
    await appendEvents(tx, [{ type: 'node.state', host: name, data: { node_id: node.id, enrollment_id: id, enrolled: true } }]);
  });
}

describe('enrolling', () => {
  test('the empty list leads to it; a name that cannot be one is refused in place with its fix', async () => {
    await v.page.goto('/login?next=/nodes');
    await v.signIn();
    await v.shows('No host has reported yet');
    await v.press('Enroll a host');
    await dialog().getByLabel('Name of the host').fill('Not A Name');
    await v.look('20-enroll');
    await v.press('Make the command');
    await dialog().getByRole('alert').getByText('validation_error').waitFor();
    await dialog().getByLabel('Name of the host').fill('web-01');
    await v.press('Make the command');
    await say('Waiting for the host.');
    expect(await dialog().getByTestId('enroll-command').innerText()).toMatch(/^\{ echo "MAESTRO_ENROLL_TOKEN='[^']+'"; curl .*; \} \| sudo sh -s -- .*--name web-01$/);
    await v.look('21-enroll-waiting');
    await phone('21-enroll-waiting');
  });

  test('the command is not there any more after the page was loaded again, and it says what to do; where it stands is', async () => {
    const { id } = await enrollment();
    await v.page.goto(`/nodes?enroll=${id}`);
    await say('The command was shown once');
    await shows(v.page, 'The host has asked to come in', 'waiting');
    expect(await dialog().getByTestId('enroll-command').count()).toBe(0);
  });

  test('each step turns by itself, without the page asking: refused with the reason, then certificate, first word, and what the host has', async () => {
    const { id } = await enrollment();
    await v.page.goto(`/nodes?enroll=${id}`);
    await shows(v.page, 'The host has asked to come in', 'waiting');
    await v.shows('Live');
    const asked: string[] = [];
    v.page.on('request', (request) => { if (request.url().includes('/api/enrollments/')) asked.push(request.url()); });
    const token = { token: 'not the token', name: 'web-02' };
    await recordRefusal(v.maestro.db, token, '10.0.0.9', new MaestroError('auth_error', 'The enrollment token is not valid'));
    await v.maestro.db.enrollment.update({ where: { id }, data: { token_hash: sha256Hex('token-of-this-test') } });
    expect(asked).toEqual([]);
    await recordRefusal(v.maestro.db, { token: 'token-of-this-test', name: 'web-02' }, '10.0.0.9', new MaestroError('permission_denied', 'The enrollment is not for a host named "web-02"', { fix: 'Name the host after web-01.' }));
    await say('A host came, and was not let in.');
    await shows(v.page, 'It was given a certificate', 'failed');
    await say(/Name the host after web-01/);
    await v.look('22-enroll-refused');
    await comesIn('web-01');
    await shows(v.page, 'Its worker was heard', 'waiting');
    await seen(v.maestro.db, { node: 'web-01', facts: { docker: false, systemd: true, missing: ['docker'] }, version: '0.1.0', address: '10.0.0.9' });
    await shows(v.page, 'Docker', 'missing');
    await shows(v.page, 'systemd', 'done');
    await say('web-01 is in.');
    await v.look('23-enroll-ready');
    await seen(v.maestro.db, { node: 'web-01', facts: ready, version: '0.1.0', address: '10.0.0.9' });
    await shows(v.page, 'Docker', 'done');
    expect(asked.length).toBeLessThanOrEqual(5);
    await v.press('Done');
    await dialog().waitFor({ state: 'hidden' });
    await v.page.getByRole('row', { name: /web-01/ }).getByText('Ready for every kind of component.').waitFor();
  });

  test('a pattern lets many in by one command, and each of them is followed', async () => {
    await v.page.goto('/nodes?enroll=new');
    await dialog().getByLabel('Name of the host').fill('db-*');
    await dialog().getByLabel('How many hosts').fill('3');
    await v.press('Make the command');
    await say('Waiting for the host.');
    await v.shows('Live');
    for (const name of ['db-01', 'db-02']) await comesIn(name);
    await say('2 of 3 hosts came in.');
    await dialog().getByRole('list', { name: 'How far it is: db-02' }).waitFor();
    await v.look('24-enroll-many');
  });

  test('when nothing has come for a minute it says what to look at, and how to look at it', async () => {
    await v.page.goto('/nodes?enroll=new&host=cache-01');
    await v.press('Make the command');
    await say('Waiting for the host.');
    await v.maestro.db.enrollment.update({ where: { id: (await enrollment('cache-01')).id }, data: { created_at: new Date(Date.now() - 61_000) } });
    await v.page.reload();
    await say('Nothing has come for a minute');
    await v.look('25-enroll-silence');
    await phone('25-enroll-silence');
  });

  test('the time that is left runs down; when it is over a new command is one button away, with the same settings', async () => {
    const { id } = await enrollment('cache-01');
    await v.maestro.db.enrollment.update({ where: { id }, data: { expires_at: new Date(Date.now() + 3_000) } });
    await v.page.goto(`/nodes?enroll=${id}`);
    await say('The command is good for another');
    await say('The command has expired');
    await v.look('26-enroll-expired');
    await v.press('Make a new command');
    await v.page.waitForURL((url) => url.searchParams.get('enroll') !== id);
    await say('Waiting for the host.');
    expect((await enrollment('cache-01')).id).not.toBe(id);
  });

  test('commands on their way are listed, watched and ended', async () => {
    await v.page.goto('/nodes');
    await v.press('Watch the command for cache-01');
    await say('Waiting for the host.');
    await v.page.keyboard.press('Escape');
    await dialog().waitFor({ state: 'hidden' });
    await v.press('End the command for cache-01');
    await v.look('27-enrollment-end');
    await dialog().getByRole('button', { name: 'End the command' }).click();
    await v.page.getByRole('row', { name: /cache-01/ }).waitFor({ state: 'hidden' });
    expect((await enrollment('cache-01')).revoked_at).not.toBeNull();
  });
});

describe('one node', () => {
  test('shows what it has, until when its certificate is good, and all that is deployed to it', async () => {
    const { db } = v.maestro;
    const { deploy_id: id } = await createDeploy(db, systemActor, { name: 'shop', yaml: shop('v1.4').replaceAll('api-01', 'web-01'), files: [] });
    await db.componentState.create({ data: { deploy_id: id, host: 'web-01', component: 'api', version: 1, state: 'healthy', detail: '', drift: [], since: new Date(), seen_at: new Date(), stream: 's', sequence: 1 } });
    await seen(db, { node: 'web-01', facts: ready, version: '0.1.0', address: '10.0.0.9' });
    await v.page.goto('/nodes');
    await v.page.getByRole('link', { name: 'web-01' }).click();
    await v.heading('web-01');
    await v.shows('good until');
    await v.page.getByRole('row', { name: /api/ }).getByRole('link', { name: 'shop' }).waitFor();
    await v.look('30-node');
    await phone('30-node');
  });

  test('what documents may ask of it is changed by who lets hosts in, and said what the change is', async () => {
    await v.page.goto(await nodePath('web-01'));
    await v.page.getByRole('checkbox', { name: 'docker_socket' }).check();
    await v.shows('1 permission more');
    await v.press('Save what is allowed');
    await v.shows('Saved. It holds for every rollout from its next step on.');
    expect((await v.maestro.db.node.findUniqueOrThrow({ where: { name: 'web-01' } })).allow).toEqual(['docker_socket']);
  });

  test('a certificate that has run out says what to do', async () => {
    await v.maestro.db.node.update({ where: { name: 'web-01' }, data: { certificate_expires_at: new Date(Date.now() - 60_000) } });
    await v.page.goto(await nodePath('web-01'));
    await v.shows('The certificate has run out');
    await v.look('31-node-expired');
  });

  test('is replaced by an enrollment that is filled in', async () => {
    await v.page.goto(await nodePath('web-01'));
    await v.press('Replace…');
    await dialog().waitFor();
    expect(await dialog().getByLabel('Name of the host').inputValue()).toBe('web-01');
    expect(await dialog().getByRole('checkbox', { name: /May take the place/ }).isChecked()).toBe(true);
  });
});

describe('revoking', () => {
  test('says what it does and asks for the name; then the host is out of the list', async () => {
    await v.page.goto('/nodes');
    await v.press('Revoke db-02…');
    await say('Its certificate is worth nothing from now on');
    expect(await dialog().getByRole('button', { name: 'Revoke the host' }).isDisabled()).toBe(true);
    await v.look('28-revoke');
    await dialog().getByLabel('Type db-02 to confirm').fill('db-02');
    await v.press('Revoke the host');
    await v.page.getByRole('row', { name: /db-02/ }).waitFor({ state: 'hidden' });
    await v.look('29-nodes');
    await phone('29-nodes');
  });
});

describe('who may less', () => {
  test('reads all of it, and is told at each button which right is lacking', async () => {
    const path = await nodePath('web-01');
    await v.maestro.browser.clearCookies();
    await v.page.goto('/login?next=/nodes');
    await v.signIn('vera');
    await v.page.getByRole('row', { name: /web-01/ }).waitFor();
    const enroll = v.page.getByRole('button', { name: 'Enroll a host' });
    await enroll.focus();
    await v.page.getByRole('tooltip').getByText('You lack the right node.enroll').waitFor();
    await v.page.keyboard.press('Enter');
    expect(await dialog().count()).toBe(0);
    await enroll.blur();
    await v.page.getByRole('tooltip').waitFor({ state: 'hidden' });
    await v.look('32-nodes-viewer');
    await v.page.goto(path);
    await v.shows('You lack the right node.enroll. An administrator can give it to you.');
    expect(await v.page.getByRole('checkbox', { name: 'docker_socket' }).isDisabled()).toBe(true);
    await v.look('33-node-viewer');
  });
});
