/**
 * The rollout's page on a whole Maestro: the real workflow, real hosts, two browsers in front. A failing rollout is paused,
 * explained, mended and retried; both browsers see the same, also the one whose network was cut in the middle.
 */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Page } from 'playwright-core';
import { startWorld, type World } from '../rollouts/world.js';
import { openBrowser } from './browser.js';
import { complaintsOf } from './console.js';
import { wireTo, type Wire } from './cuttable.js';

jest.setTimeout(180_000);

/** `sick` answers 503 until a file is there; `child` depends on it, `free` and `far` do not. */
const document = `api_version: maestro/v1
project: seen
hosts: { h1: {}, h2: {} }
components:
  sick:
    source: { type: docker, image: demo/sick, tag: "1" }
    run: { type: docker, container_name: seen-sick, ports: ["18210:8080"], volumes: ["/srv/seen:/state"] }
    healthcheck: { type: http, url: "http://localhost:18210/health", interval: 300ms, start_period: 500ms, retries: 3 }
  child:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: seen-child, ports: ["18211:8080"], env: { CONFIG: /server } }
    depends_on: [sick]
  far:
    source: { type: docker, image: demo/web, tag: "1" }
    run: { type: docker, container_name: seen-far, ports: ["18212:8080"], env: { CONFIG: /server } }
deployment:
  - { host: h1, components: [sick, child], strategy: parallel }
  - { host: h2, components: [far, child], strategy: parallel }
`;

interface Person { page: Page; complaints: string[]; close: () => Promise<void> }
let world: World;
let wire: Wire;
let ada: Person;
let bob: Person;
let rolloutId: string;

async function comeIn(url: string, path: string): Promise<Person> {
  const { context, close } = await openBrowser(url);
  const page = await context.newPage();
  const complaints = complaintsOf(page);
  await page.goto(`/login?next=${encodeURIComponent(path)}`);
  await page.getByLabel('Username').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill('correct horse battery');
  await page.keyboard.press('Enter');
  await page.waitForURL((at) => at.pathname === path);
  return { page, complaints, close };
}

const patient = { timeout: 60_000 };
const says = ({ page }: Person, text: string | RegExp) => page.getByText(text).first().waitFor(patient);
const row = ({ page }: Person, component: string, host: string) => page.getByRole('row').filter({ has: page.getByRole('button', { name: `Details of ${component} on ${host}`, exact: true }) });
/** What both pages show of every placement. */
const rows = ({ page }: Person) => page.getByRole('row').allInnerTexts().then((texts) => texts.map((text) => text.replaceAll(/\d+(\.\d+)?(ms|s)|\d+m \d+s/g, '').split('\n').filter((part) => part.trim() !== '').join(' ')));

/** Both show the same, at the latest once what they have to ask for has been answered. */
async function expectSame(): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000 && JSON.stringify(await rows(ada)) !== JSON.stringify(await rows(bob)); waitedMs += 100) await ada.page.waitForTimeout(100);
  expect(await rows(bob)).toEqual(await rows(ada));
}

/** Every line of output there is, once, in order, by the API; and as a page shows them. */
async function linesOf(step: string): Promise<string[]> {
  const [host, component] = step.split('/');
  const body = await (await fetch(`${world.stack.url}/api/rollouts/${rolloutId}/log`, { headers: { cookie: world.api.cookie } })).text();
  const events = body.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { type: string; host?: string; component?: string; data: { lines?: { text: string }[] } });
  return events.filter((event) => event.type === 'step.output' && event.host === host && event.component === component).flatMap(({ data }) => (data.lines ?? []).map(({ text }) => text));
}
const shownLines = ({ page }: Person) => page.getByRole('log').locator('[data-stream]').allInnerTexts();

beforeAll(async () => {
  world = await startWorld(['h1', 'h2']);
  wire = await wireTo(world.stack.url);
  const deployId = await world.api.deploy(document);
  const { rollout_id: id } = await world.api.ok<{ rollout_id: string }>('POST', `/api/deploys/${deployId}/apply`, {});
  rolloutId = id;
  [ada, bob] = await Promise.all([comeIn(world.stack.url, `/rollouts/${id}`), comeIn(wire.url, `/rollouts/${id}`)]);
}, 900_000);
afterAll(async () => {
  await Promise.all([ada?.close(), bob?.close()]);
  await wire?.close();
  await world?.stop();
}, 120_000);

describe('two people before the same rollout', () => {
  test('see it rest, and why: what failed, what waits for that, what is done all the same', async () => {
    for (const person of [ada, bob]) {
      await says(person, /^Paused: sick on h1 failed \(.*503.*\) and 2 more are blocked by that\./);
      await row(person, 'child', 'h2').getByText(/^waiting for sick on h1: .*503/).waitFor(patient);
      await row(person, 'far', 'h2').getByText('Succeeded').waitFor(patient);
      await person.page.getByRole('region', { name: 'sick on h1', exact: true }).getByText('healthcheck_failed').waitFor(patient);
    }
    await expectSame();
  });

  test('one mends the host and retries; the other, whose network was cut meanwhile, catches up without a hole or a repeat', async () => {
    wire.cut();
    await says(bob, 'Live updates are interrupted; the page catches up by itself.');
    await world.host('h1').exec(['install', '-D', '/dev/null', '/srv/seen/mended']);
    await ada.page.getByRole('button', { name: 'Retry sick on h1' }).click();
    await says(ada, 'Version 1 is active: 4 changed, 0 unchanged.');
    wire.mend();
    await says(bob, 'Version 1 is active: 4 changed, 0 unchanged.');
    await bob.page.getByText('Live updates are interrupted').waitFor({ state: 'detached' });
    await expectSame();
    for (const person of [ada, bob]) {
      await person.page.getByRole('button', { name: 'Details of sick on h1', exact: true }).click();
      await person.page.getByRole('region', { name: 'sick on h1', exact: true }).getByRole('table', { name: 'Attempts' }).getByText('Failed').waitFor(patient);
    }
    const lines = await linesOf('h1/sick');
    expect(lines.length).toBeGreaterThan(3);
    for (const person of [ada, bob]) expect(await shownLines(person)).toEqual(lines);
  });

  test('both read in the report who answered; and the page leads to the workflow', async () => {
    for (const person of [ada, bob]) {
      const report = person.page.getByRole('region', { name: 'Report', exact: true });
      await report.getByText('admin retried sick on h1').waitFor(patient);
      await report.getByText('Retried: sick on h1').waitFor(patient);
      expect(await person.page.getByRole('link', { name: 'Open in Temporal Web' }).getAttribute('href')).toContain(world.stack.temporalUiUrl);
    }
    expect(ada.complaints).toEqual([]);
    expect(bob.complaints.filter((text) => !/Failed to fetch|ERR_|WebSocket|Failed to load resource/.test(text))).toEqual([]);
  });
});
