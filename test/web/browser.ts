/** A real browser with a profile of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type BrowserContext } from 'playwright-core';

export const patienceMs = 15_000;

export async function openBrowser(url: string): Promise<{ context: BrowserContext; close: () => Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), 'maestro-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-precise-memory-info'],
    baseURL: url, viewport: { width: 1280, height: 860 }, reducedMotion: 'reduce',
  });
  context.setDefaultTimeout(patienceMs);
  return { context, close: async () => { await context.close(); rmSync(profile, { recursive: true, force: true }); } };
}
