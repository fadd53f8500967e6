/** `--only rollout-page`: how long a person waits for the page of a large rollout, and what it holds, in a real Chromium before a real API. */
import type { Page } from 'playwright-core';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { appendEvents } from '../../control/events/index.js';
import { openConsole, type Console } from '../../test/web/console.js';
import { recordLargeRollout, type LargeRollout } from './large-rollout.js';

const goalMs = 100;
const person = { username: 'ada', password: 'correct horse battery' };
const patient = { timeout: 60_000 };

/** From the input to the next picture, as the browser itself measures it: the longest since it was asked last. */
const observer = `
  window.waits = [];
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.waits.push(entry.duration); }).observe({ type: 'event', durationThreshold: 16, buffered: false });
`;
const settled = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 120))))';

async function felt(page: Page, act: () => Promise<void>): Promise<number> {
  await page.evaluate('window.waits.length = 0');
  await act();
  await page.evaluate(settled);
  const waits: number[] = await page.evaluate('window.waits');
  return Math.max(0, ...waits);
}

async function heapMiB(page: Page): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devtools.send('Runtime.getHeapUsage');
  await devtools.detach();
  return usedSize / 1_048_576;
}

type Figures = [what: string, ms: number][];

const details = (page: Page, name: string) => page.getByRole('region', { name, exact: true }).waitFor(patient);

async function interactions(page: Page): Promise<Figures> {
  const figures: Figures = [];
  const time = async (what: string, act: () => Promise<void>): Promise<void> => { figures.push([what, await felt(page, act)]); };
  await time('a placement is picked', async () => {
    await page.getByRole('button', { name: 'Details of cache on host-000', exact: true }).click();
    await details(page, 'cache on host-000');
  });
  await time('the next one, by keyboard', async () => {
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await details(page, 'api on host-000');
  });
  await time('only one state is shown', () => page.getByRole('button', { name: /succeeded$/ }).first().click());
  await time('all are shown again', () => page.getByRole('button', { name: /^All \d/ }).click());
  await time('to the end of the rows', () => page.keyboard.press('End'));
  await time('the timeline', async () => {
    await page.getByRole('tab', { name: 'Timeline' }).click();
    await details(page, 'Timeline of the placements');
  });
  await time('a bar of it is picked', async () => {
    await page.getByRole('button', { name: /^web host-001/ }).click();
    await details(page, 'web on host-001');
  });
  await time('the graph', async () => {
    await page.getByRole('tab', { name: 'Graph' }).click();
    await page.getByRole('button', { name: /^Details of/ }).first().waitFor(patient);
  });
  await time('a placement of it is picked', () => page.getByRole('button', { name: /^Details of/ }).nth(3).click());
  await time('back to the rows', () => page.getByRole('tab', { name: 'Steps' }).click());
  return figures;
}

/** While hosts go on telling: fifty events at a time, twenty times a second. */
async function underFire({ db }: Console, page: Page, { rolloutId, deployId }: LargeRollout): Promise<number> {
  let on = true;
  const telling = (async () => {
    for (let round = 0; on && round < 400; round += 1) {
      await appendEvents(db, Array.from({ length: 50 }, (_, index) => ({ type: 'step.output' as const, deploy_id: deployId, rollout_id: rolloutId, host: `host-${String((round + index) % 100).padStart(3, '0')}`, component: 'api', data: { lines: [{ stream: 'stdout', text: `round ${round}` }] } })));
      await page.waitForTimeout(50);
    }
  })();
  await page.evaluate('window.scrollTo(0, 0)');
  const longest = await felt(page, async () => {
    for (const component of ['db', 'cache', 'api', 'worker', 'web']) {
      await page.getByRole('button', { name: `Details of ${component} on host-000`, exact: true }).click();
      await details(page, `${component} on host-000`);
    }
  });
  on = false;
  await telling;
  return longest;
}

async function played(page: Page): Promise<Figures> {
  const thumb = page.getByRole('slider', { name: 'Moment' });
  await thumb.waitFor(patient);
  const figures: Figures = [];
  await thumb.focus();
  figures.push(['playback: to the end', await felt(page, () => page.keyboard.press('End'))]);
  figures.push(['playback: to the beginning', await felt(page, () => page.keyboard.press('Home'))]);
  figures.push(['playback: ten steps on', await felt(page, async () => { for (let press = 0; press < 10; press += 1) await page.keyboard.press('ArrowRight'); })]);
  return figures;
}

async function comeIn(page: Page, path: string): Promise<void> {
  await page.goto(`/login?next=${encodeURIComponent(path)}`);
  await page.getByLabel('Username').fill(person.username);
  await page.getByLabel('Password', { exact: true }).fill(person.password);
  await page.keyboard.press('Enter');
  await page.waitForURL((url) => url.pathname === path);
}

function print(rollout: LargeRollout, figures: Figures, notes: [string, string][]): void {
  console.log(`\nRollout page: ${rollout.placements} placements, ${rollout.events} events (goal: ${goalMs} ms from an input to the next picture)`);
  for (const [what, ms] of figures) console.log(`  ${what.padEnd(52)} ${ms < 16 ? '< 16' : ms.toFixed(0)} ms${ms > goalMs ? '  ABOVE THE GOAL' : ''}`);
  for (const [what, figure] of notes) console.log(`  ${what.padEnd(52)} ${figure}`);
}

export async function measureRolloutPage(): Promise<void> {
  const maestro = await openConsole();
  try {
    await createUser(maestro.db, systemActor, { ...person, role: 'admin' });
    const rollout = await recordLargeRollout(maestro.db);
    const path = `/rollouts/${rollout.rolloutId}`;
    const page = await maestro.browser.newPage();
    await page.addInitScript(observer);
    await comeIn(page, path);
    await page.getByRole('table').waitFor(patient);
    const reloaded = performance.now();
    await page.reload();
    await page.getByRole('table').waitFor(patient);
    const firstMs = performance.now() - reloaded;
    await page.getByRole('button', { name: '500 succeeded' }).waitFor(patient);
    const wholeMs = performance.now() - reloaded;
    const before = await heapMiB(page);
    const figures = await interactions(page);
    figures.push(['a placement is picked while 1,000 events a second come', await underFire(maestro, page, rollout)]);
    const after = await heapMiB(page);
    await page.goto(`${path}?play=1`);
    figures.push(...await played(page));
    print(rollout, figures, [['page shown after', `${firstMs.toFixed(0)} ms`], ['all events read after', `${wholeMs.toFixed(0)} ms`], ['heap once they are read', `${before.toFixed(0)} MiB`], ['heap after all that', `${after.toFixed(0)} MiB`], ['heap with the playback', `${(await heapMiB(page)).toFixed(0)} MiB`]]);
  } finally {
    await maestro.close();
  }
}
