/** What the tests of the pages stand on: the console in a process of its own, its database, and a browser in front. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import type { PlanHost } from '../../control/plans/index.js';
import type { PrismaClient } from '../../prisma/client.js';
import { startDatabase } from '../control/database.js';
import { openBrowser } from './browser.js';

/** Of the checkout: tests and benches are started there. */
const root = process.cwd();
const startTimeoutMs = 60_000;
export { patienceMs } from './browser.js';

export interface Asked { asked: string; input: unknown }
export interface Console {
  url: string;
  db: PrismaClient;
  /** What a person asked of rollouts through the pages. */
  asked: Asked[];
  /** What the hosts answer to the next diffs. */
  hostsSay(plan: PlanHost[]): void;
  browser: BrowserContext;
  close(): Promise<void>;
}

async function bundled(): Promise<string> {
  const outfile = join(root, 'dist', '.test', `web-serve-${process.pid}.mjs`);
  mkdirSync(dirname(outfile), { recursive: true });
  await build({ absWorkingDir: root, entryPoints: ['test/web/serve.ts'], outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external', logLevel: 'error' });
  return outfile;
}

/** The url, once it serves. */
function started(server: ChildProcess, asked: Asked[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the console did not start')), startTimeoutMs);
    server.once('exit', (code) => reject(new Error(`the console ended with ${code}`)));
    server.on('message', (message: { ready: string } | Asked) => {
      if ('asked' in message) asked.push(message);
      else {
        clearTimeout(timer);
        resolve(message.ready);
      }
    });
  });
}

export async function openConsole(): Promise<Console> {
  const cluster = await startDatabase('embedded');
  const { db, url: databaseUrl } = await cluster.freshDatabase();
  const program = await bundled();
  const asked: Asked[] = [];
  const server = fork(program, { cwd: root, env: { ...process.env, DATABASE_URL: databaseUrl, NODE_ENV: 'production', NODE_OPTIONS: '' }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'], execArgv: [] });
  const url = await started(server, asked);
  const browser = await openBrowser(url);
  return {
    url, db, asked, browser: browser.context,
    hostsSay: (plan) => { server.send({ plan }); },
    close: async () => {
      await browser.close();
      const ended = new Promise((resolve) => { server.removeAllListeners('exit').once('exit', resolve); });
      server.disconnect();
      await ended;
      await cluster.stop();
      rmSync(program, { force: true });
    },
  };
}

/** The browser's own remark about an answer that is not 2xx; the page shows these, and the tests look at how. */
const refusals = /Failed to load resource: the server responded with a status of (401|404|409|422)/;

/** Everything the page complains about. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !refusals.test(message.text())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  return complaints;
}

const axe = createRequire(import.meta.url).resolve('axe-core');
interface Violation { id: string; nodes: { html: string; failureSummary: string }[] }

const rules = { light: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa', 'best-practice'], dark: ['color-contrast'] };

/** What is hard or impossible to use for some people, by the rules of WCAG 2.2 AA; the dark scheme differs in colours only. */
async function barriers(page: Page, scheme: keyof typeof rules): Promise<string[]> {
  // Not as a script of the page, which has a policy of its own about those.
  await page.evaluate(`${await readFile(axe, 'utf8')}; undefined`);
  const violations: Violation[] = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(rules[scheme])} }).then(({ violations }) => violations)`);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/** Where pictures of every page are left for people to look at, if anywhere. */
const shotsFolder = process.env['MAESTRO_SHOTS'];

/** Whether a page is wider than its window, in both schemes; `look` finds what else is wrong. */
export async function pictured(page: Page, name: string, look: (scheme: 'light' | 'dark') => Promise<string[]> = () => Promise.resolve([])): Promise<string[]> {
  const found: string[] = [];
  for (const scheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
    if (shotsFolder !== undefined) await page.screenshot({ path: join(shotsFolder, `${name}-${scheme}.png`), fullPage: true, animations: 'disabled' });
    found.push(...(await look(scheme)).map((fault) => `${scheme}: ${fault}`));
    const overflow: boolean = await page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
    if (overflow) found.push(`${scheme}: wider than the window`);
  }
  return found;
}

/** What is wrong with a page as it stands, in both schemes: barriers, and being wider than its window. */
export const inspect = (page: Page, name: string): Promise<string[]> => pictured(page, name, (scheme) => barriers(page, scheme));
