/** Users, keys, secrets and the audit in a real browser, against the real API and a real database: what is secret is shown once, what is dangerous is asked twice. */
import { describe, expect, jest, test } from '@jest/globals';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { recordAudit } from '../../control/audit/index.js';
import { onPhone } from './enroll-journey.js';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const v = useVisitor(async ({ db }) => { await createUser(db, systemActor, { username: person.username, role: 'admin', password: person.password }); });

const dialog = () => v.page.getByRole('dialog');
const phone = async (name: string): Promise<void> => { v.complaints.push(...(await onPhone(v.page, name))); };
const shownOnce = (): Promise<string> => dialog().getByTestId('shown-once').innerText();
const row = (name: string | RegExp) => v.page.getByRole('row', { name });
const given: { password?: string; key?: string } = {};

/** Back as the administrator, whoever was here before. */
async function asAda(path: string): Promise<void> {
  await v.maestro.browser.clearCookies();
  await v.page.goto(`/login?next=${encodeURIComponent(path)}`);
  await v.signIn();
  await v.page.waitForURL(`**${path}`);
}

describe('users', () => {
  test('the last administrator cannot be ended, and the buttons say why', async () => {
    await asAda('/users');
    await row(/ada/).waitFor();
    await v.page.getByRole('button', { name: 'Delete ada…' }).focus();
    await v.page.getByRole('tooltip').getByText('This is the last administrator').waitFor();
    await v.page.keyboard.press('Enter');
    expect(await dialog().count()).toBe(0);
    await v.press('Change ada…');
    await dialog().getByText('This is the last administrator').waitFor();
    expect(await dialog().getByRole('radio', { name: 'Viewer' }).isDisabled()).toBe(true);
    await v.look('40-users-last-admin');
  });

  test('one is added with a role that is narrowed, and a password that is shown once', async () => {
    await v.page.goto('/users');
    await v.press('Add a user');
    await dialog().getByLabel('Username').fill('otto');
    await dialog().getByRole('radio', { name: 'Operator' }).check();
    await dialog().getByRole('checkbox', { name: 'Only hosts with one of these tags' }).check();
    await dialog().getByPlaceholder('staging, eu').fill('staging');
    await v.look('41-users-add');
    await v.press('Add the user');
    given.password = await shownOnce();
    expect(given.password).toMatch(/^[0-9a-z]{5}(-[0-9a-z]{5}){3}$/);
    await v.look('42-users-password');
    await v.press('Done');
    await row(/otto/).getByText('only hosts tagged staging').waitFor();
    await row(/otto/).getByText('Has to choose a password').waitFor();
    expect(await v.page.content()).not.toContain(given.password);
    await v.look('43-users');
    await phone('43-users');
  });

  test('a name that is taken is refused in place', async () => {
    await v.page.goto('/users');
    await v.press('Add a user');
    await dialog().getByLabel('Username').fill('Otto');
    await v.press('Add the user');
    await dialog().getByRole('alert').getByText('conflict', { exact: true }).waitFor();
  });
});

describe('choosing a new password', () => {
  test('is all that somebody with a password of an administrator can do; the wrong old one is refused, then the page asked for comes', async () => {
    await v.maestro.browser.clearCookies();
    await v.page.goto('/login?next=/nodes');
    await v.page.getByLabel('Username').fill('otto');
    await v.page.getByLabel('Password', { exact: true }).fill(given.password ?? '');
    await v.page.keyboard.press('Enter');
    await v.heading('Choose a password');
    await v.look('44-new-password');
    await v.page.keyboard.type('not what was given');
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.press('Tab');
    await v.page.getByLabel('New password', { exact: true }).fill('a password of my own');
    await v.page.keyboard.press('Enter');
    await v.page.getByRole('alert').waitFor();
    await v.page.getByLabel('Password you signed in with').fill(given.password ?? '');
    await v.press('Change password');
    await v.heading('Nodes');
    await v.page.goto('/deploys');
    await v.heading('Deploys');
  });

  test('the one-time password is worth nothing after that, and the new one is', async () => {
    await v.maestro.browser.clearCookies();
    await v.page.goto('/login');
    await v.page.getByLabel('Username').fill('otto');
    await v.page.getByLabel('Password', { exact: true }).fill(given.password ?? '');
    await v.page.keyboard.press('Enter');
    await v.page.getByRole('alert').getByText('auth_error').waitFor();
    await v.page.getByLabel('Password', { exact: true }).fill('a password of my own');
    await v.page.keyboard.press('Enter');
    await v.heading('Deploys');
  });
});

describe('who may less', () => {
  test('sees no way to users or audit, and by their address is told which right is lacking', async () => {
    await v.page.goto('/keys');
    await v.heading('API keys');
    const nav = v.page.getByRole('navigation', { name: 'Main' });
    expect(await nav.getByRole('link').allInnerTexts()).toEqual(['Deploys', 'Wizard', 'Nodes', 'Secrets', 'API keys']);
    await v.page.goto('/audit');
    await v.shows('You lack the right audit.read');
    await v.page.goto('/users');
    await v.shows('You lack the right user.manage');
    await v.look('46-closed');
  });

  test('makes keys that may at most what they may themselves', async () => {
    await v.page.goto('/keys');
    await v.press('Make a key');
    expect(await dialog().getByRole('checkbox', { name: 'deploy.apply' }).count()).toBe(1);
    expect(await dialog().getByRole('checkbox', { name: 'node.enroll' }).count()).toBe(0);
  });
});

describe('keys', () => {
  test('the empty page leads to the first one, which is shown once with a way to use it', async () => {
    await asAda('/keys');
    await v.shows('No keys yet');
    await v.look('47-keys-empty');
    await v.press('Make a key');
    await dialog().getByLabel('Name', { exact: true }).fill('ci');
    await dialog().getByRole('checkbox', { name: 'deploy.write' }).check();
    await dialog().getByLabel('Hosts a day').fill('5');
    await v.look('48-keys-make');
    await phone('48-keys-make');
    await v.press('Make the key');
    given.key = await shownOnce();
    const answer = await fetch(`${v.maestro.url}/api/auth/me`, { headers: { authorization: `Bearer ${given.key}` } });
    expect(await answer.json()).toMatchObject({ kind: 'key', rights: ['deploy.read', 'deploy.write'] });
    await v.look('49-keys-made');
    await v.press('Done');
    await row(/ci/).getByText('5 hosts a day').waitFor();
    expect(await v.page.content()).not.toContain(given.key);
    await v.look('50-keys');
  });

  test('revoking asks, and holds from the next request on', async () => {
    await v.page.goto('/keys');
    await v.press('Revoke the key ci…');
    await dialog().getByText('It is worth nothing from the next request on').waitFor();
    await dialog().getByRole('button', { name: 'Revoke the key' }).click();
    await v.shows('No keys yet');
    expect((await fetch(`${v.maestro.url}/api/auth/me`, { headers: { authorization: `Bearer ${given.key ?? ''}` } })).status).toBe(401);
  });
});

describe('ending a user', () => {
  test('is asked with what it means; the name has to be typed', async () => {
    await v.page.goto('/users');
    await v.press('Disable otto…');
    await v.press('Disable the user');
    await row(/otto/).getByText('Disabled').waitFor();
    await v.press('Enable otto');
    await row(/otto/).getByText('Active').waitFor();
    await v.press('Reset the password of otto…');
    await dialog().getByRole('button', { name: 'Reset the password' }).click();
    expect(await shownOnce()).not.toBe(given.password);
    await v.press('Done');
    await v.press('Delete otto…');
    await dialog().getByLabel('Type otto to confirm').fill('otto');
    await v.look('51-users-delete');
    await v.press('Delete the user');
    await row(/otto/).waitFor({ state: 'hidden' });
  });
});

describe('the audit', () => {
  test('tells who did what, page by page, filtered by its address', async () => {
    for (let n = 0; n < 60; n += 1) await recordAudit(v.maestro.db, { actor: { kind: 'system', id: 'sweeper', name: 'sweeper' }, action: 'rollout.sweep', target: `rol_${n}`, result: 'ok' });
    await v.page.goto('/audit?actor=ada&action=user.*');
    await row(/user\.delete/).waitFor();
    expect(await v.page.getByLabel('Who', { exact: true }).inputValue()).toBe('ada');
    expect(await row(/rollout\.sweep/).count()).toBe(0);
    await v.page.getByRole('button', { name: /^Details of entry/ }).first().click();
    await v.shows('"username": "otto"');
    await v.look('52-audit');
    await phone('52-audit');
    await v.press('Show everything');
    await v.page.waitForURL('**/audit');
    await row(/rollout\.sweep/).first().waitFor();
    await v.press('Show older ones');
    await row(/user\.delete/).first().waitFor();
    await v.page.getByLabel('Result').selectOption('refused');
    await v.press('Show');
    await v.page.waitForURL('**/audit?result=refused');
    await row(/auth\.login/).first().waitFor();
    await v.page.goBack();
    await v.page.waitForURL('**/audit');
  });

  test('a filter that nothing fits says so and leads back', async () => {
    await v.page.goto('/audit?target=nobody');
    await v.shows('Nothing like that was done');
  });

  test('is verified with a sentence, and what was changed behind its back is found', async () => {
    await v.page.goto('/audit');
    await v.press('Verify the trail');
    await v.shows(/^All \d+ entries are as they were written\.$/);
    await v.look('54-audit-good');
    const { id } = await v.maestro.db.auditEntry.findFirstOrThrow({ where: { action: 'user.delete' } });
    await v.maestro.db.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL session_replication_role = replica`;
      await tx.$executeRaw`UPDATE audit SET actor_name = 'eve' WHERE id = ${id}`;
    });
    await v.press('Verify again');
    await v.page.getByRole('alert').getByText(`The trail is broken at entry ${String(id)}`).waitFor();
    await v.look('55-audit-bad');
  });
});

describe('secrets', () => {
  test('the empty page says how to set one without showing it to anybody; then names and versions, never values', async () => {
    await v.page.goto('/secrets');
    await v.shows('No secrets yet');
    await v.look('56-secrets-empty');
    const cookie = (await v.maestro.browser.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    for (const value of ['first value', 'second value']) {
      expect((await fetch(`${v.maestro.url}/api/secrets/shop/db`, { method: 'PUT', headers: { cookie, origin: v.maestro.url, 'content-type': 'application/json' }, body: JSON.stringify({ value }) })).status).toBe(200);
    }
    await v.page.reload();
    await row(/shop\/db/).getByText('2 versions').waitFor();
    expect(await v.page.content()).not.toContain('second value');
    await v.look('57-secrets');
    await phone('57-secrets');
  });
});

