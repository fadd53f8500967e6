/** Walking through the enrollment as people do who use the keyboard alone. */
import { expect } from '@jest/globals';
import type { Page } from 'playwright-core';
import { patienceMs, pictured } from './console.js';

const longestWalk = 60;
const focusedName = `(() => { const it = document.activeElement; return it === null ? '' : (it.getAttribute('aria-label') ?? it.labels?.[0]?.textContent ?? it.textContent ?? ''); })()`;

/** Presses Tab until what has the focus is called so. */
export async function tabTo(page: Page, name: RegExp): Promise<void> {
  const met: string[] = [];
  for (let step = 0; step < longestWalk; step += 1) {
    const here: string = await page.evaluate(focusedName);
    if (name.test(here)) return;
    met.push(here);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never came to ${String(name)}, only to: ${met.join(' | ')}`);
}

/** One step of the checklist, in a state: the text that is read out. */
export const item = (page: Page, title: string, state: string) => page.getByRole('dialog').getByRole('listitem').filter({ hasText: `${title}: ${state}` });
export const shows = (page: Page, title: string, state: string, timeout = patienceMs): Promise<void> => item(page, title, state).first().waitFor({ timeout });

/** What is wrong with the page in the window of a phone: whether it is wider than that. Pictures of it, where they are wanted. */
export async function onPhone(page: Page, name: string): Promise<string[]> {
  const before = page.viewportSize();
  await page.setViewportSize({ width: 390, height: 780 });
  // What slides to its new width has to be there first.
  await page.evaluate('Promise.allSettled(document.getAnimations().map(({ finished }) => finished)).then(() => null)');
  const found = await pictured(page, `${name}-390`);
  expect(before).not.toBeNull();
  if (before) await page.setViewportSize(before);
  return found;
}
