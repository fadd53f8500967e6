/** Getting in, the shell and the nodes in a real browser, against the real API and a real database, by keyboard and in both schemes. */
import { describe, expect, jest, test } from '@jest/globals';
import { seen } from '../../control/nodes/index.js';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const v = useVisitor();

describe('first run', () => {
  test('whoever comes first is led to the set-up, and by keyboard alone into an empty list that says what to do', async () => {
    await v.page.goto('/deploys');
    await v.page.waitForURL('**/setup');
    await v.heading('Set up Maestro');
    await v.look('01-setup');
    await v.page.keyboard.type('pages-setup-code');
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.type(person.username);
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.type(person.password);
    await v.page.keyboard.press('Enter');
    await v.page.waitForURL('**/deploys');
    await v.shows('No deploys yet');
    await v.shows('Live');
    expect(await v.page.title()).toBe('Deploys · Maestro');
    await v.look('02-deploys-empty');
  });
});

describe('signing in', () => {
  test('a page asked for without a session comes after signing in, and a wrong password says so without leaving', async () => {
    await v.maestro.browser.clearCookies();
    await v.page.goto('/deploys/new');
    await v.page.waitForURL('**/login?next=*');
    await v.heading('Sign in');
    await v.page.keyboard.type(person.username);
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.type('wrong');
    await v.page.keyboard.press('Enter');
    await v.page.getByRole('alert').getByText('auth_error').waitFor();
    await v.look('03-login-refused');
    await v.page.getByLabel('Password', { exact: true }).fill(person.password);
    await v.page.keyboard.press('Enter');
    await v.page.waitForURL('**/deploys/new');
    await v.heading('New deploy');
  });

  test('signing out leads to the sign-in page, and back does not show what was there', async () => {
    await v.page.goto('/nodes');
    await v.press(/Account/);
    await v.page.getByRole('menuitem', { name: 'Sign out' }).click();
    await v.page.waitForURL('**/login');
    await v.page.goto('/nodes');
    await v.page.waitForURL('**/login?next=*');
    await v.signIn();
  });

  test('a session that ended elsewhere leads to signing in, and back to the same page', async () => {
    await v.page.goto('/nodes');
    await v.shows('Live');
    await v.maestro.db.session.deleteMany();
    await v.page.waitForURL('**/login?next=%2Fnodes');
    await v.signIn();
    await v.page.waitForURL('**/nodes');
  });

  test('a path of another site as the page to return to is not followed', async () => {
    await v.maestro.browser.clearCookies();
    await v.page.goto('/login?next=//evil.test/');
    await v.signIn();
    await v.page.waitForURL(`${v.maestro.url}/deploys`);
  });
});

describe('nodes', () => {
  test('the list is empty with a next step, then fills by itself when hosts report', async () => {
    await v.page.goto('/nodes');
    await v.shows('No host has reported yet');
    await v.look('04-nodes-empty');
    await v.shows('Live');
    await seen(v.maestro.db, { node: 'db-01', facts: { docker: true, systemd: true, missing: [] }, version: '0.1.0' });
    await seen(v.maestro.db, { node: 'api-01', facts: { docker: false, systemd: true, missing: ['docker'] }, version: '0.1.0' });
    const row = (name: string) => v.page.getByRole('row', { name });
    await row('db-01').getByText('Ready for every kind of component.').waitFor();
    await row('api-01').getByText('Install Docker and start its service').waitFor();
  });

  test('a host that fell silent is offline since when, and it says what that means', async () => {
    await v.maestro.db.node.updateMany({ where: { name: 'api-01' }, data: { last_seen_at: new Date(Date.now() - 300_000), online: false } });
    await v.page.goto('/nodes');
    await v.page.getByRole('row', { name: 'api-01' }).getByText('Offline').waitFor();
    await v.shows('last seen 5 minutes ago');
    await v.look('05-nodes');
  });
});

describe('the shell', () => {
  test('is left by keyboard through the skip link, and remembers a chosen scheme', async () => {
    await v.page.goto('/deploys');
    await v.heading('Deploys');
    await v.page.keyboard.press('Tab');
    await v.page.keyboard.press('Enter');
    expect(await v.page.evaluate('document.activeElement.id')).toBe('content');
    await v.press(/Colour scheme/);
    await v.page.getByRole('menuitem', { name: 'Dark' }).click();
    await v.page.reload();
    await v.heading('Deploys');
    expect(await v.page.evaluate('document.documentElement.dataset.mantineColorScheme')).toBe('dark');
    await v.press(/Colour scheme/);
    await v.page.getByRole('menuitem', { name: 'Follow the system' }).click();
  });

  test('says when the network is gone, and comes back by itself', async () => {
    await v.page.goto('/deploys');
    await v.shows('Live');
    await v.maestro.browser.setOffline(true);
    await v.shows('Offline');
    await v.maestro.browser.setOffline(false);
    await v.shows('Live');
    v.complaints = v.complaints.filter((complaint) => !complaint.includes('ERR_INTERNET_DISCONNECTED'));
  });

  test('what is not there says so and leads on', async () => {
    await v.page.goto('/deploys/dpl_0000000000000000');
    await v.page.getByRole('alert').getByText('not_found').waitFor();
    await v.page.goto('/no/such/page');
    await v.shows('There is no such page');
    await v.look('19-lost');
  });
});
