/** A host comes in by the page: by keyboard alone, with the command as it is shown, on a real host that has never heard of Maestro. */
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { startStack, type RunningStack } from '../../scripts/dev-stack.js';
import { pack } from '../bundle/pack.js';
import { startFleet, type Fleet } from '../fleet/fleet.js';
import { ApiClient } from '../rollouts/api-client.js';
import { openBrowser } from './browser.js';
import { complaintsOf } from './console.js';
import { shows, tabTo } from './enroll-journey.js';

jest.setTimeout(180_000);

/** Download, check, unpack, enroll, start: all that the command does on a host. */
const installTimeoutMs = 120_000;
const heardTimeoutMs = 30_000;

const held: { fleet?: Fleet; stack?: RunningStack; close?: () => Promise<void>; folders: string[] } = { folders: [] };
let browser: BrowserContext;
let page: Page;
let complaints: string[];
let fleet: Fleet;
let api: ApiClient;

beforeAll(async () => {
  const [dataDir, downloads] = await Promise.all(['data', 'download'].map((name) => mkdtemp(join(tmpdir(), `maestro-enroll-${name}-`))));
  held.folders.push(dataDir ?? '', downloads ?? '');
  await pack(downloads ?? '');
  fleet = held.fleet = await startFleet({ hosts: ['web-01', 'cli-01'] });
  const { gatewayAddress } = fleet;
  const stack = held.stack = await startStack({ dataDir: dataDir ?? '', bind: gatewayAddress, publicAddress: gatewayAddress, say: () => undefined, env: { MAESTRO_DOWNLOADS: downloads ?? '' } });
  api = new ApiClient(stack.url);
  await api.setupAdmin(stack.dataDir);
  const { context, close } = await openBrowser(`http://${gatewayAddress}:${new URL(stack.url).port}`);
  held.close = close;
  browser = context;
  page = await browser.newPage();
  complaints = complaintsOf(page);
}, 20 * 60_000);

afterAll(async () => {
  await held.close?.();
  await held.stack?.stop();
  await held.fleet?.stop();
  await Promise.all(held.folders.map((folder) => rm(folder, { recursive: true, force: true })));
}, 120_000);

/** Chromium's remarks on headers that only count over https, where the console is not reached by that or by localhost. */
const ofPlainHttp = /Cross-Origin-Opener-Policy|Origin-Agent-Cluster/;

const onHost = (command: string) => fleet.host('web-01').exec(['sh', '-c', command], { timeoutMs: installTimeoutMs });
let command: string;

describe('enrolling by the page', () => {
  test('a name, one command to copy, and a list that waits: all by keyboard', async () => {
    await page.goto('/login?next=/nodes');
    await page.getByLabel('Username').waitFor();
    await page.keyboard.type('admin');
    await tabTo(page, /^Password$/);
    await page.keyboard.type('correct horse battery');
    await page.keyboard.press('Enter');
    await page.getByText('No host has reported yet').waitFor();
    await tabTo(page, /^Enroll a host$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Name of the host/);
    await page.keyboard.type('web-01');
    await tabTo(page, /^Make the command$/);
    await page.keyboard.press('Enter');
    await page.getByTestId('enroll-command').waitFor();
    command = await page.getByTestId('enroll-command').innerText();
    expect(command).toContain(fleet.gatewayAddress);
    await tabTo(page, /^Copy the command$/);
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    await shows(page, 'Token made', 'done');
    await shows(page, 'The host has asked to come in', 'waiting');
  });

  test('on a host of another name it is refused there, and the page says why', async () => {
    const { exitCode, stderr } = await onHost(command.replace('--name web-01', '--name web-02'));
    expect(exitCode).not.toBe(0);
    expect(stderr).toContain('web-02');
    await shows(page, 'It was given a certificate', 'failed');
    await page.getByRole('dialog').getByText('The enrollment is not for a host named "web-02"').waitFor();
  });

  test('as it is shown it brings the host in, and every step of the list turns by what the host does', async () => {
    const asked: string[] = [];
    page.on('request', (request) => { if (request.url().includes('/api/enrollments/')) asked.push(request.url()); });
    const { exitCode, stdout, stderr } = await onHost(command);
    expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
    await shows(page, 'It was given a certificate', 'done');
    await shows(page, 'Its worker was heard', 'done', heardTimeoutMs);
    await shows(page, 'Docker', 'done', heardTimeoutMs);
    await shows(page, 'systemd', 'done');
    await page.getByRole('dialog').getByText('web-01 is in.').waitFor();
    // Told by events: as many looks as things that happened, however long it took.
    expect(asked.length).toBeLessThanOrEqual(6);
  });

  test('its token is in no argument of a process on the host, and in no log, that of sudo included', async () => {
    const token = /TOKEN='([^']+)'/.exec(command)?.[1] ?? '';
    expect(token.length).toBeGreaterThan(30);
    const { stdout } = await fleet.host('web-01').exec(['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "; journalctl --no-pager --quiet']);
    expect(stdout.split('\n').filter((line) => line.includes(token))).toEqual([]);
  });

  test('is confirmed by keyboard, and the host is in the list, ready', async () => {
    await tabTo(page, /^Done$/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    await page.getByRole('row', { name: /web-01/ }).getByText('Ready for every kind of component.').waitFor();
  });

  test('what the host loses and finds again is told by itself', async () => {
    await onHost('systemctl stop docker.socket docker.service');
    await page.getByRole('row', { name: /web-01/ }).getByText('Components that run in Docker cannot run here.').waitFor({ timeout: heardTimeoutMs });
    await onHost('systemctl start docker.service');
    await page.getByRole('row', { name: /web-01/ }).getByText('Ready for every kind of component.').waitFor({ timeout: heardTimeoutMs });
    expect(complaints.filter((complaint) => !ofPlainHttp.test(complaint))).toEqual([]);
  });
});

describe('enrolling by the command line', () => {
  test('a process that has the key in its environment prints the command, tells each step, and ends with 0 when the host is in', async () => {
    const { key } = await api.ok<{ key: string }>('POST', '/api/auth/keys', { name: 'cli', rights: ['deploy.read', 'node.read', 'node.enroll'] });
    const child = spawn(process.execPath, [join(process.cwd(), 'dist/maestro.mjs'), 'enroll', 'cli-01'], { env: { NODE_ENV: 'production', MAESTRO_URL: api.url, MAESTRO_KEY: key }, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = { out: '', err: '' };
    const ended = new Promise<number | null>((resolve) => { child.once('exit', resolve); });
    await new Promise<void>((resolve) => {
      child.stdout.on('data', (data: Buffer) => { said.out += data.toString(); if (said.out.includes('\n')) resolve(); });
      child.stderr.on('data', (data: Buffer) => { said.err += data.toString(); });
      child.once('exit', () => resolve());
    });
    try {
      const { exitCode, stderr } = await fleet.host('cli-01').exec(['sh', '-c', said.out.trim()], { timeoutMs: installTimeoutMs });
      expect({ exitCode, stderr, said: said.err }).toMatchObject({ exitCode: 0 });
      expect(await ended).toBe(0);
    } finally {
      child.kill('SIGKILL');
    }
    expect(said.err).toMatch(/✓ cli-01: was given a certificate\n✓ cli-01: its worker was heard\n✓ cli-01: Docker found\n✓ cli-01: systemd found\ncli-01 is in\.\n$/);
  });
});
