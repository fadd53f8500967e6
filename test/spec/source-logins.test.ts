/** Logins for sources as the language knows them: what a secret may be, and the one place that it may go to. */
import fc from 'fast-check';
import type { DesiredPlacement } from '../../spec/desired.js';
import { sha256Hex } from '../../spec/hash.js';
import { resolvePlacement } from '../../spec/resolve/placement.js';
import type { Problem } from '../../spec/resolve/problems.js';
import { type LoginPurpose, readLogin, secretParts } from '../../spec/secrets/login.js';
import { secretMark } from '../../spec/secrets/marks.js';
import { isOrigin, originOfImage, originOfRepo } from '../../spec/secrets/origin.js';
import { withBracedCredential } from '../../spec/secrets/references.js';
import { parsed, small } from './marked.js';

const key = (name: string, body: string, end = name): string => `-----BEGIN ${name}-----\n${body}\n-----END ${end}-----`;
const openKey = key('OPENSSH PRIVATE KEY', 'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gt');

describe('the value of a secret', () => {
  test.each<[LoginPurpose, string, object]>([
    ['https', 'ghp_abc', { kind: 'password', username: 'x-access-token', password: 'ghp_abc' }], ['https', 'deploy:to:ken\n', { kind: 'password', username: 'deploy', password: 'to:ken' }],
    ['https', '{"username":"deploy","password":"a:b"}', { kind: 'password', username: 'deploy', password: 'a:b' }], ['https', ' { "password": "glpat" } ', { kind: 'password', username: 'x-access-token', password: 'glpat' }],
    ['registry', 'robot$ci:pass word', { kind: 'password', username: 'robot$ci', password: 'pass word' }], ['registry', '{"registrytoken":"eyJ"}', { kind: 'token', type: 'registrytoken', token: 'eyJ' }], ['registry', '{"identitytoken":"eyJ"}', { kind: 'token', type: 'identitytoken', token: 'eyJ' }],
    ['ssh', openKey, { kind: 'key', key: `${openKey}\n` }], ['ssh', `\r\n${key('RSA PRIVATE KEY', 'AAAA\nBBBB').replaceAll('\n', '\r\n')}\r\n\r\n`, { kind: 'key', key: `${key('RSA PRIVATE KEY', 'AAAA\nBBBB')}\n` }], ['ssh', key('PRIVATE KEY', 'AAAA'), { kind: 'key' }],
  ])('for %s, %j is a login', (purpose, value, login) => {
    expect(readLogin(purpose, value)).toMatchObject({ ok: true, login });
  });

  test.each<[LoginPurpose, string]>([
    ['https', ''], ['https', ' \n'], ['https', ':token'], ['https', 'user:'], ['https', 'to\nken'], ['https', 'to\u0000ken'], ['https', openKey], ['https', '{'], ['https', '{}'], ['https', '{"registrytoken":"x"}'], ['https', '{"username":"a:b","password":"x"}'], ['https', '{"username":"","password":"x"}'],
    ['https', '{"username":"u","password":["x"]}'], ['https', '{"username":"u","password":"x","extra":1}'], ['https', '{"username":"u","password":"x","origin":7}'],
    ['registry', 'token'], ['registry', '{"password":"x"}'], ['registry', '{"registrytoken":"a","identitytoken":"b"}'], ['registry', '{"username":"u","password":"p","registrytoken":"a"}'], ['registry', openKey],
    ['ssh', 'user:token'], ['ssh', key('PUBLIC KEY', 'AAAA')], ['ssh', key('ENCRYPTED PRIVATE KEY', 'AAAA')], ['ssh', key('RSA PRIVATE KEY', 'Proc-Type: 4,ENCRYPTED\n\nAAAA')], ['ssh', key('OPENSSH PRIVATE KEY', 'b3BlbnNzaC1rZXktdjEAAAAACmFlczI1Ni1jdHI')], ['ssh', key('RSA PRIVATE KEY', 'AAAA', 'EC PRIVATE KEY')], ['ssh', `${openKey}\n${openKey}`],
  ])('for %s, %j is none', (purpose, value) => {
    expect(readLogin(purpose, value)).toMatchObject({ ok: false, fix: expect.stringMatching(/^Set the secret/) });
  });

  test('whatever it is, a login is one line of a protocol, and what is told of it has nothing of the value', () => {
    fc.assert(fc.property(fc.constantFrom<LoginPurpose>('https', 'ssh', 'registry'), fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.tuple(fc.string(), fc.string()).map(([user, password]) => `${user}:${password}`)), (purpose, value) => {
      const reading = readLogin(purpose, value);
      // What is told of a value that is none depends on the purpose alone, and on whether a key stands in a wrong place.
      if (!reading.ok) return [readLogin(purpose, ''), readLogin(purpose, openKey)].some((other) => !other.ok && other.wrong === reading.wrong && other.fix === reading.fix);
      const { login } = reading;
      expect(secretParts(login).length).toBeGreaterThan(0);
      if (login.kind === 'password') expect(`${login.username}${login.password}`).not.toMatch(/\p{Cc}/u);
      return login.kind === 'key' || secretParts(login).every((part) => part !== '');
    }));
  });
});

describe('the place that a login goes to', () => {
  test.each([
    ['https://git.example.com/a.git', 'https://git.example.com'], ['https://Git.Example.com:8443/a/b', 'https://git.example.com:8443'], ['https://git.example.com:443/a', 'https://git.example.com'], ['https://[::1]:8443/a', 'https://[::1]:8443'],
    ['ssh://git@example.com/a', 'ssh://example.com'], ['ssh://example.com:2222/a', 'ssh://example.com:2222'], ['git@example.com:acme/api.git', 'ssh://example.com'], ['git@[::1]:a', 'ssh://[::1]'], ['file:///srv/git/a.git', undefined], ['https://a.example.com@b.example.com/x', 'https://b.example.com'],
  ])('of the repository %s is %s', (repo, name) => {
    expect(originOfRepo(repo)?.name).toBe(name);
  });
  test.each([['nginx', 'docker.io'], ['acme/web:1', 'docker.io'], ['ghcr.io/acme/web', 'ghcr.io'], ['localhost:5000/web', 'localhost:5000'], ['Registry.example.com/web@sha256:x', 'registry.example.com'], ['index.docker.io/acme/web', 'docker.io']])('of the image %s is %s', (image, name) => {
    expect(originOfImage(image)).toEqual({ purpose: 'registry', name });
  });
  test.each([
    ['https://git.example.com/', 'https://git.example.com/a', true], ['HTTPS://git.example.com:443', 'https://git.example.com/a', true], ['https://git.example.com', 'https://git.example.com:8443/a', false], ['https://git.example.com', 'ssh://git.example.com/a', false], ['git.example.com', 'https://git.example.com.evil.org/a', false],
  ])('written as %s covers %s: %s', (written, repo, expected) => {
    const origin = originOfRepo(repo);
    expect(origin !== null && isOrigin(written, origin)).toBe(expected);
  });
  test.each([['ghcr.io', 'ghcr.io/a/b', true], ['https://ghcr.io', 'ghcr.io/a/b', true], ['docker.io', 'nginx', true], ['ghcr.io', 'nginx', false]])('%s covers the image %s: %s', (written, image, expected) => {
    expect(isOrigin(written, originOfImage(image))).toBe(expected);
  });
});

describe('a component with credentials_ref', () => {
  interface Resolved { placement: DesiredPlacement; told: string[]; problems: Problem[] }
  function resolve(source: string, reference: string, run = 'type: docker'): Resolved {
    const component = parsed(small({ source: `${source}, credentials_ref: ${JSON.stringify(reference)}`, run })).components['web'];
    if (component === undefined) throw new Error('no component');
    const problems: Problem[] = [];
    const placement = resolvePlacement({ deployId: 'dpl_1', project: 'shop', version: 1, host: 'h1', componentId: 'web', component, bundle: [], templates: [], digest: (text) => ({ sha256: sha256Hex(text), size: 1, keyed: true }) }, (problem) => problems.push(problem));
    return { placement, problems, told: problems.map(({ path, message }) => `${path.join('.')}: ${message}`) };
  }
  const mark = secretMark('ab'.repeat(16), 'git/token');
  const git = 'type: git, repo: "https://git.example.com:8443/shop.git"';
  const unit = 'type: systemd, command: /bin/app';

  test('is resolved to where it goes and which secret it is, and hashed as the same without', () => {
    const { placement, told } = resolve(git, mark, unit);
    expect({ told, credential: placement.credential }).toEqual({ told: [], credential: { origin: 'https://git.example.com:8443', digest: sha256Hex(mark) } });
    const other = resolve(git, secretMark('ab'.repeat(16), 'git/other'), unit).placement;
    expect([other.hash, other.source?.source_hash]).toEqual([placement.hash, placement.source?.source_hash]);
    expect(resolve('type: docker, image: ghcr.io/acme/web', mark).placement.credential?.origin).toBe('ghcr.io');
  });

  test.each(['hunter2hunter2', 'user:hunter2hunter2', `${mark}hunter2hunter2`, `hunter2hunter2${mark}`, `${mark}${mark}`])('that is %j is refused, and not told', (written) => {
    const { placement, told } = resolve(git, written, unit);
    expect(told).toEqual(['source.credentials_ref: credentials_ref is not the reference to a secret']);
    expect(placement.credential).toBeUndefined();
  });
  test('for a folder of the host, or for an image of another registry, is refused', () => {
    expect(resolve('type: git, repo: "file:///srv/git/a.git"', mark, unit).told).toEqual([expect.stringContaining('asks for no login')]);
    expect(resolve('type: docker, image: ghcr.io/acme/web', mark, 'type: docker, image: "quay.io/acme/web:1"').told).toEqual([expect.stringContaining('run.image is pulled from quay.io')]);
  });

  test('may be written without braces', () => {
    const written = (reference: string): string | undefined => {
      const component = parsed(small({ source: `${git}, credentials_ref: ${JSON.stringify(reference)}`, run: unit })).components['web'];
      const source = component === undefined ? undefined : withBracedCredential(component).source;
      return source?.type === 'git' ? source.credentials_ref : undefined;
    };
    expect(['vault://git/token', '{{ vault://git/token }}', 'x vault://git/token'].map(written)).toEqual(['{{ vault://git/token }}', '{{ vault://git/token }}', 'x vault://git/token']);
  });
});
