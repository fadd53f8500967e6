/** The pages' own policy in a real browser: nothing of theirs goes against it, and what somebody smuggles in does not run. */
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { person, useVisitor } from './visitor.js';

jest.setTimeout(120_000);

const yaml = `api_version: maestro/v1
project: shop
hosts: { web-01: {} }
components:
  web: { source: { type: docker, image: demo/web, tag: "1" }, run: { type: docker } }
deployment: [{ host: web-01, components: [web] }]
`;
const v = useVisitor(async ({ url }) => {
  const post = async (path: string, body: unknown, cookie = ''): Promise<Response> => fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': 'application/json', origin: url, cookie }, body: JSON.stringify(body) });
  const answer = await post('/api/auth/setup-admin', { ...person, setup_code: 'pages-setup-code' });
  await post('/api/deploys', { yaml }, answer.headers.get('set-cookie')?.split(';')[0]);
});

interface Violation { directive: string; blocked: string }
const violations = (): Promise<Violation[]> => v.page.evaluate('window.violations');
beforeEach(() => v.page.addInitScript(`window.violations = []; document.addEventListener('securitypolicyviolation', ({ effectiveDirective: directive, blockedURI: blocked }) => window.violations.push({ directive, blocked }))`));

describe('the policy of the pages', () => {
  test('is kept by every page, its editor and its dialogs, with a nonce that no other answer has', async () => {
    await v.page.goto('/login');
    await v.signIn();
    const nonces = new Set<string>();
    const deploy = await v.deployPath('shop');
    for (const path of ['/deploys', '/deploys/new', deploy, `${deploy}?tab=versions`, '/nodes', '/nowhere']) {
      const response = await v.page.goto(path);
      await v.page.locator('h1').first().waitFor();
      const policy = (await response?.headerValue('content-security-policy')) ?? '';
      nonces.add(/script-src 'self' 'nonce-([^']+)'/.exec(policy)?.[1] ?? policy);
      expect([path, await violations()]).toEqual([path, []]);
    }
    expect(nonces.size).toBe(6);
    // Hydrated, and styled by what the editor has written into the page.
    await v.page.goto('/deploys/new');
    await v.editor().first().click();
    await v.page.keyboard.type('project: x');
    await v.shows('project');
    expect(await v.page.evaluate(`getComputedStyle(document.querySelector('.cm-editor .cm-scroller')).display`)).toBe('flex');
    expect(await violations()).toEqual([]);
    v.complaints.splice(0, Infinity, ...v.complaints.filter((complaint) => !complaint.includes('404')));
  });

  test('does not let run what is smuggled into a page, by whatever way', async () => {
    await v.page.goto('/deploys');
    await v.shows('shop');
    const old = await (await fetch(`${v.maestro.url}/login`)).text();
    const [, nonce = ''] = /nonce="([^"]+)"/.exec(old) ?? [];
    expect(nonce).not.toBe('');
    await v.page.evaluate((guess) => {
      const add = (name: string, attributes: Record<string, string>, text = ''): void => {
        const element = document.createElement(name);
        for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
        element.textContent = text;
        document.body.append(element);
      };
      add('script', {}, 'window.ran = "inline"');
      add('script', { nonce: guess }, 'window.ran = "nonce of another answer"');
      add('script', { src: 'data:text/javascript,window.ran = "data"' });
      add('script', { src: 'https://elsewhere.test/x.js' });
      add('img', { src: '/nowhere.png', onerror: 'window.ran = "attribute"' });
      add('a', { href: 'javascript:window.ran = "address"', id: 'bait' });
      add('iframe', { srcdoc: '<script>parent.ran = "frame"</script>' });
      add('object', { data: 'data:text/html,<script>parent.ran = 1</script>' });
      add('style', {}, 'body { visibility: hidden }');
      document.getElementById('bait')?.click();
    }, nonce);
    const directives = async (): Promise<Set<string>> => new Set((await violations()).map(({ directive }) => directive));
    for (let look = 0; look < 50 && (await directives()).size < 4; look += 1) await v.page.waitForTimeout(100);
    expect([await v.page.evaluate('window.ran'), await v.page.evaluate(`getComputedStyle(document.body).visibility`)]).toEqual([undefined, 'visible']);
    expect(await directives()).toEqual(new Set(['script-src-elem', 'script-src-attr', 'style-src-elem', 'object-src']));
    v.complaints.length = 0;
  });
});
