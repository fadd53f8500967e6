/** The guide's recipes 01 and 02 by the wizard, as written there, on a whole Maestro with real hosts. */
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startWorld, type World } from '../rollouts/world.js';
import { openBrowser } from './browser.js';
import { complaintsOf } from './console.js';

jest.setTimeout(180_000);

let world: World;
let page: Page;
let complaints: string[];
let closeBrowser: () => Promise<void> = () => Promise.resolve();

beforeAll(async () => {
  world = await startWorld(['web-01', 'app-01']);
  const { context, close } = await openBrowser(world.stack.url);
  closeBrowser = close;
  page = await context.newPage();
  complaints = complaintsOf(page);
  await page.goto('/login?next=/wizard');
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.keyboard.press('Enter');
  await page.waitForURL((at) => at.pathname === '/wizard');
}, 900_000);

afterAll(async () => {
  await closeBrowser();
  await world?.stop();
}, 120_000);

const patient = { timeout: 90_000 };
const next = () => page.getByRole('button', { name: 'Next' }).click();
const field = (name: string) => page.getByRole('textbox', { name, exact: true });
const host = async (name: string) => {
  for (const one of ['web-01', 'app-01']) await page.getByRole('checkbox', { name: one }).setChecked(one === name);
  await field(`Address of ${name}`).fill(world.host(name).address);
};
async function variable(index: number, name: string, value: string): Promise<void> {
  await page.getByRole('button', { name: 'Add a variable' }).click();
  await field(`Name of variable ${index}`).fill(name);
  await field(`Value of variable ${index}`).fill(value);
}
async function save(button: string): Promise<string> {
  await page.getByRole('status').filter({ hasText: /^Valid: / }).waitFor();
  await page.getByRole('button', { name: button }).click();
  await page.waitForURL(/\/deploys\/dpl_[^/]+\?tab=diff/);
  return new URL(page.url()).pathname.split('/').at(-1) ?? '';
}
async function apply(version: number): Promise<void> {
  await page.getByRole('button', { name: `Apply version ${version}…` }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: 'Apply this plan' }).click(patient);
  await page.waitForURL(/\/rollouts\/rol_/);
  await world.api.settled(new URL(page.url()).pathname.split('/').at(-1) ?? '').then(({ state }) => expect(state).toBe('succeeded'));
}
const yamlOf = async (id: string, version: number): Promise<string> => (await world.api.ok<{ yaml: string }>('GET', `/api/deploys/${id}/versions/${version}`)).yaml;

test('recipe 01: every default accepted, saved, looked at, applied, and nginx answers', async () => {
  for (let step = 0; step < 4; step += 1) await next();
  await host('web-01');
  await next();
  await next();
  const id = await save('Create deploy');
  expect(await yamlOf(id, 1)).toBe(await world.recipe('01-hello-nginx.yaml'));
  await page.getByText('1 to create on 1 host.').first().waitFor(patient);
  await apply(1);
  expect((await fetch(`http://${world.host('web-01').address}/`)).status).toBe(200);
  expect(complaints).toEqual([]);
});

test('recipe 02: the database first, then the API by add-component, which waits for it', async () => {
  await page.goto('/wizard?step=intent');
  await field('Name of the deploy').fill('demo-stack');
  await field('Name of the component').fill('db');
  await next();
  await next();
  await field('Image').fill('postgres');
  await field('Tag').fill('16');
  await next();
  await host('app-01');
  await next();
  await field('Ports').fill('5432:5432');
  for (const [at, [name = '', value = '']] of [['POSTGRES_DB', 'demoapp'], ['POSTGRES_USER', 'demoapp'], ['POSTGRES_PASSWORD', 'changeme']].entries()) await variable(at + 1, name, value);
  await field('Name on the host').fill('demo-db');
  await page.getByRole('combobox', { name: 'Checked by' }).selectOption('tcp');
  await field('Start period').fill('20s');
  await next();
  const id = await save('Create deploy');
  await apply(1);

  await page.goto(`/deploys/${id}`);
  await page.getByRole('link', { name: 'Add a component' }).click();
  await field('Name of the component').fill('api');
  await page.getByRole('checkbox', { name: 'db', exact: true }).check();
  await next();
  await next();
  await field('Image').fill('ghcr.io/acme/api');
  await field('Tag').fill('v1.5');
  await next();
  await next();
  await field('Ports').fill('8080:8080');
  await variable(1, 'DATABASE_URL', 'postgres://demoapp:changeme@localhost:5432/demoapp');
  await field('Name on the host').fill('demo-api');
  await field('Path or address').fill('/health');
  await next();
  await save('Submit version 2');
  const [first, second] = [await yamlOf(id, 1), await yamlOf(id, 2)];
  expect(second.startsWith(first.slice(0, first.indexOf('deployment:')))).toBe(true);
  expect(second).toContain('    depends_on: [db]\ndeployment:\n  - host: app-01\n    components: [db, api]\n');
  await page.getByText('1 to create, 1 unchanged on 1 host.').first().waitFor(patient);
  await apply(2);
  expect((await fetch(`http://${world.host('app-01').address}:8080/health`)).status).toBe(200);
  expect(complaints).toEqual([]);
});
