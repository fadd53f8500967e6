/** The wizard in a real browser, on the real API: by keyboard, over reloads, beside other people. */
import { readFileSync } from 'node:fs';
import { describe, expect, jest, test } from '@jest/globals';
import type { Locator } from 'playwright-core';
import { systemActor } from '../../control/actor.js';
import { createUser } from '../../control/auth/index.js';
import { seen } from '../../control/nodes/index.js';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const facts = { docker: true, systemd: true, missing: [] };
const v = useVisitor(async ({ db }) => {
  for (const [username, role] of [[person.username, 'admin'], ['vera', 'viewer']] as const) await createUser(db, systemActor, { username, role, password: person.password });
  await seen(db, { node: 'web-01', facts, version: '0.1.0' });
});

const recipe = readFileSync(new URL('../recipes/01-hello-nginx.yaml', import.meta.url), 'utf8');
/** The node has not said an address. */
const recipeHere = recipe.replace('    address: 10.0.0.10\n', '');

const field = (name: string) => v.page.getByRole('textbox', { name, exact: true });
const step = (title: string) => v.page.getByRole('heading', { level: 2, name: title }).waitFor();
const next = () => v.press('Next');
const storedYaml = async (name: string, version: number): Promise<string> => {
  const path = `/api/deploys/${await v.deployId(name)}/versions/${version}`;
  return (await v.page.evaluate<{ yaml: string }>(`fetch(${JSON.stringify(path)}).then((answer) => answer.json())`)).yaml;
};
const ready = () => v.page.getByRole('status').filter({ hasText: /^Valid: / }).waitFor();

/** Tab, until the button or field of this name has the focus. */
async function tabTo(name: string): Promise<void> {
  const target = v.page.getByRole('button', { name, exact: true }).or(field(name)).first();
  await target.waitFor();
  for (let pressed = 0; pressed < 80; pressed += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await v.page.keyboard.press('Tab');
  }
  throw new Error(`${name} cannot be reached by Tab`);
}

const titles = { intent: 'What is it called?', source: 'Where does it come from?', details: 'Which one exactly?', placement: 'Where does it run?', runtime: 'How does it run?', review: 'Is this what you mean?' };

describe('a new deploy', () => {
  test('by keyboard alone, all defaults accepted, is recipe 01; each step is without barriers, and the address names it', async () => {
    await v.page.goto('/login?next=/wizard');
    await v.signIn();
    await step('What do you want to do?');
    await v.look('20-wizard-entry');
    for (const [name, title] of Object.entries(titles)) {
      await tabTo('Next');
      await v.page.keyboard.press('Enter');
      await step(title);
      expect(new URL(v.page.url()).searchParams.get('step')).toBe(name);
      expect(await v.page.getByRole('heading', { level: 2, name: title }).evaluate((heading) => heading === document.activeElement)).toBe(true);
      await v.look(`20-wizard-${name}`);
    }
    await ready();
    await tabTo('Create deploy');
    await v.page.keyboard.press('Enter');
    await v.page.waitForURL(/\/deploys\/dpl_[^/]+\?tab=diff/);
    await v.heading('hello-web');
    expect(await storedYaml('hello-web', 1)).toBe(recipeHere);
  });

  test('a reload keeps step and draft; values that look like secrets are not kept, and what cannot be read is dropped', async () => {
    await v.page.goto('/wizard?step=intent');
    await field('Name of the component').fill('shop');
    await next();
    await v.page.goto('/wizard?step=runtime');
    await v.press('Add a variable');
    await v.page.keyboard.type('API_TOKEN');
    await field('Value of variable 1').fill('hunter2');
    await v.shows('API_TOKEN: this looks like a secret.');
    await v.page.reload();
    await step(titles.runtime);
    expect(await field('Name of variable 1').inputValue()).toBe('API_TOKEN');
    expect(await field('Value of variable 1').inputValue()).toBe('');
    await v.page.getByRole('region', { name: 'Live YAML' }).getByText('shop:').waitFor();
    await v.page.evaluate("for (const key of Object.keys(localStorage).filter((name) => name.startsWith('maestro.wizard'))) localStorage.setItem(key, '{\"shape\":99}')");
    await v.page.goto('/wizard?step=intent');
    expect(await field('Name of the component').inputValue()).toBe('web');
  });

  test('what is missing holds up at its step and has the focus; a second host unlocks the strategy', async () => {
    await seen(v.maestro.db, { node: 'web-02', facts: { ...facts, docker: false }, version: '0.1.0' });
    await v.page.goto('/wizard?step=intent');
    await field('Name of the deploy').fill('');
    await next();
    await v.shows('Name the deploy.');
    await v.page.locator('[aria-invalid="true"]:focus').waitFor();
    await v.look('21-wizard-missing');
    await field('Name of the deploy').fill('two-hosts');
    await v.page.goto('/wizard?step=placement');
    await v.shows('Without Docker a container cannot run here.');
    await v.page.getByRole('checkbox', { name: 'web-01' }).setChecked(true);
    await v.page.getByRole('checkbox', { name: 'web-02' }).setChecked(false);
    await v.page.goto('/wizard?step=runtime');
    expect(await v.page.getByRole('combobox', { name: 'Strategy' }).isDisabled()).toBe(true);
    await v.page.goto('/wizard?step=placement');
    await v.page.getByRole('checkbox', { name: 'web-02' }).setChecked(true);
    await v.look('22-wizard-placement');
    await next();
    await v.page.getByRole('combobox', { name: 'Strategy' }).selectOption('parallel');
    await v.page.getByRole('region', { name: 'Live YAML' }).getByText('strategy: parallel').waitFor();
    await v.press('Start over');
    await step('What do you want to do?');
  });
});

describe('a deploy that is there', () => {
  test('gets a component by its button: what the server says is at the field, and somebody who was faster loses nothing', async () => {
    await v.page.goto(await v.deployPath('hello-web'));
    await v.page.getByRole('link', { name: 'Add a component' }).click();
    await step(titles.intent);
    await field('Name of the component').fill('api');
    await v.page.getByRole('checkbox', { name: 'web', exact: true }).check();
    await next();
    await next();
    await field('Image').fill('ghcr.io/acme/api');
    await field('Tag').fill('v1.5');
    await next();
    await next();
    await field('Ports').fill('nonsense:x');
    await v.page.locator('[aria-invalid="true"]').waitFor();
    await v.look('23-wizard-problem-at-field');
    await field('Ports').fill('8080:8080');
    await field('Path or address').fill('/health');
    await ready();
    await next();
    await step(titles.review);
    await v.look('24-wizard-add-review');
    const theirs = recipeHere.replace('project: hello-web', 'project: hello-web # theirs');
    const id = await v.deployId('hello-web');
    await v.page.evaluate(`fetch('/api/deploys/${id}/versions', { method: 'POST', headers: { 'content-type': 'application/json' }, body: ${JSON.stringify(JSON.stringify({ yaml: theirs }))} })`);
    await v.press('Submit version 2');
    await v.shows('Your change was made on version 1; by now version 2 is the latest.');
    await v.look('25-wizard-conflict');
    await v.press('Put my change on version 2');
    await ready();
    await v.press('Submit version 3');
    await v.page.waitForURL(/\?tab=diff/);
    const made = await storedYaml('hello-web', 3);
    expect(made).toBe(`${theirs.slice(0, theirs.indexOf('deployment:'))}  api:
    source:
      type: docker
      image: ghcr.io/acme/api
      tag: "v1.5"
    run:
      type: docker
      container_name: hello-web-api
      ports: ["8080:8080"]
      restart: unless-stopped
    healthcheck:
      type: http
      url: http://localhost:8080/health
      expect_status: 200
    depends_on: [web]
deployment:
  - host: web-01
    components: [web, api]
`);
  });

  test('gets another version of a component by a link: one word of the document changes, its comments stay', async () => {
    await v.page.goto(`/wizard?entry=upgrade-component&deploy=${await v.deployId('hello-web')}&component=web`);
    await step(titles.details);
    await field('Tag').fill('1.28-alpine');
    await v.look('26-wizard-upgrade');
    await next();
    await next();
    await ready();
    await v.press('Submit version 4');
    await v.page.waitForURL(/\?tab=diff/);
    expect(await storedYaml('hello-web', 4)).toBe((await storedYaml('hello-web', 3)).replace('1.27-alpine', '1.28-alpine'));
  });

  test('is chosen at the entry, then one of its components; the keyboard keeps its place', async () => {
    await v.page.goto('/wizard');
    const radio = (name: string) => v.page.getByRole('radio', { name });
    const isFocused = (target: Locator) => target.and(v.page.locator(':focus')).waitFor();
    await radio('Make a new deploy').focus();
    for (const name of ['Add a component to a deploy', 'Change a component of a deploy']) {
      await v.page.keyboard.press('ArrowDown');
      await isFocused(radio(name));
      expect(await radio(name).isChecked()).toBe(true);
    }
    await v.page.getByRole('combobox', { name: 'Deploy' }).selectOption('hello-web');
    await isFocused(v.page.getByRole('combobox', { name: 'Deploy' }));
    await v.page.getByRole('combobox', { name: 'Component' }).selectOption('api');
    await next();
    expect(await field('Image').inputValue()).toBe('ghcr.io/acme/api');
  });
});

describe('at the edges', () => {
  test('on a phone nothing is wider than the window', async () => {
    await v.page.setViewportSize({ width: 390, height: 844 });
    for (const name of ['entry', 'intent', 'source', 'details', 'placement', 'runtime', 'review']) {
      await v.page.goto(`/wizard?step=${name}`);
      await v.page.getByRole('region', { name: 'Live YAML' }).waitFor();
      expect(await v.page.evaluate<boolean>('document.documentElement.scrollWidth <= document.documentElement.clientWidth')).toBe(true);
    }
    await v.look('28-wizard-phone-review');
    await v.page.goto('/wizard?step=runtime');
    await v.press('Add a variable');
    await v.look('28-wizard-phone-runtime');
  });

  test('somebody without the right may look and copy, and is told what is lacking', async () => {
    await v.maestro.browser.clearCookies();
    await v.page.goto('/login?next=/wizard?step=review');
    await v.signIn('vera');
    await v.shows('You may look at the wizard and copy its document, but not save it.');
    await v.page.getByRole('button', { name: 'Copy the file' }).waitFor();
    expect(await v.page.getByRole('button', { name: 'Create deploy' }).getAttribute('aria-disabled')).toBe('true');
    await v.look('29-wizard-viewer');
  });

  test('without any node the placement leads to enrolling one', async () => {
    await v.maestro.db.node.deleteMany();
    await v.page.goto('/wizard?step=placement');
    await v.page.evaluate('localStorage.clear()');
    await v.page.reload();
    await v.heading('New deploy by the wizard');
    await v.shows('There is no node yet');
    expect(await v.page.getByRole('link', { name: 'Enroll a node' }).getAttribute('href')).toBe('/nodes?enroll=new');
    await v.look('30-wizard-no-node');
  });
});
