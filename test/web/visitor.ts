/** One visitor in front of the console for a whole file: a fresh page for each test, and what they can say of it. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { Locator, Page } from 'playwright-core';
import { complaintsOf, inspect, openConsole, patienceMs, type Console } from './console.js';

export const person = { username: 'ada', password: 'correct horse battery' };

export interface Visitor {
  readonly maestro: Console;
  readonly page: Page;
  /** What the page complains about, and what people with other eyes, hands or windows would run into. Empty at the end of each test. */
  complaints: string[];
  shows(text: string | RegExp): Promise<void>;
  heading(name: string | RegExp): Promise<void>;
  press(name: string | RegExp): Promise<void>;
  look(name: string): Promise<void>;
  editor(): Locator;
  pick(button: string, file: { name: string; text: string }): Promise<void>;
  signIn(username?: string): Promise<void>;
  deployId(name: string): Promise<string>;
  deployPath(name: string): Promise<string>;
}

/** `setUp` runs once, before the first page. */
export function useVisitor(setUp: (maestro: Console) => Promise<void> = () => Promise.resolve()): Visitor {
  const held: { maestro?: Console; page?: Page } = {};
  const there = <T>(thing: T | undefined): T => {
    if (thing === undefined) throw new Error('only there inside of tests');
    return thing;
  };
  const visitor: Visitor = {
    get maestro() { return there(held.maestro); },
    get page() { return there(held.page); },
    complaints: [],
    shows: (text) => visitor.page.getByText(text).first().waitFor({ timeout: patienceMs }),
    heading: (name) => visitor.page.getByRole('heading', { level: 1, name }).waitFor(),
    press: (name) => visitor.page.getByRole('button', { name }).first().click(),
    look: async (name) => { visitor.complaints.push(...(await inspect(visitor.page, name))); },
    editor: () => visitor.page.locator('.cm-content'),
    pick: async (button, { name, text }) => {
      const chooser = visitor.page.waitForEvent('filechooser');
      await visitor.press(button);
      await (await chooser).setFiles([{ name, mimeType: 'text/plain', buffer: Buffer.from(text) }]);
    },
    signIn: async (username = person.username) => {
      await visitor.page.getByLabel('Username').fill(username);
      await visitor.page.getByLabel('Password', { exact: true }).fill(person.password);
      await visitor.page.keyboard.press('Enter');
      await visitor.page.waitForURL((url) => !url.pathname.startsWith('/login'));
    },
    deployId: async (name) => (await visitor.maestro.db.deploy.findFirstOrThrow({ where: { name, deleted_at: null } })).id,
    deployPath: async (name) => `/deploys/${await visitor.deployId(name)}`,
  };
  beforeAll(async () => {
    held.maestro = await openConsole();
    await setUp(held.maestro);
  }, 180_000);
  afterAll(async () => { await held.maestro?.close(); });
  beforeEach(async () => {
    held.page = await visitor.maestro.browser.newPage();
    visitor.complaints = complaintsOf(held.page);
  });
  afterEach(async () => {
    await visitor.page.close();
    expect(visitor.complaints).toEqual([]);
  });
  return visitor;
}
