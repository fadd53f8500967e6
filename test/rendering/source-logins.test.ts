/** credentials_ref of a source, from the document to what a host is sent: by its reference alone, checked before any host is. */
import { validateBundle, type Validation } from '../../control/documents/validate.js';
import { withContents, withCredential } from '../../control/rendering/contents.js';
import { noSources } from '../../control/rendering/credentials.js';
import type { Db } from '../../control/database.js';
import type { SecretVersions } from '../../control/rendering/secret-texts.js';
import type { DesiredPlacement } from '../../spec/desired.js';
import { contentsOf, document } from './bundle.js';

const token = 'tok-9f3b"1c $x\\';
const known: SecretVersions = new Map(Object.entries({ 'git/token': token, 'registry/login': `deploy:${token}`, 'registry/bound': JSON.stringify({ username: 'u', password: token, origin: 'ghcr.io' }), 'team/git/token': token }).map(([path, value]) => [path, { version: 3, value }]));
const docker = (reference: string, image = 'ghcr.io/acme/web'): object => ({ source: { type: 'docker', image, credentials_ref: reference } });
const git = (reference: string, repo = 'https://git.example.com/shop.git'): object => ({ source: { type: 'git', repo, credentials_ref: reference }, run: { type: 'systemd', command: '/bin/app' } });

const check = (component: object, more: object = {}, secrets = known): Promise<Validation> =>
  validateBundle(JSON.stringify({ ...(JSON.parse(document({ component })) as object), ...more }), contentsOf({}), { deployId: 'dpl_1', version: 1, secrets: { ...noSources, vault: secrets }, digestKey: 'k' });
const complaints = async (component: object): Promise<string[]> => (await check(component)).errors.map(({ path, message }) => `${path}: ${message}`);
const at = 'components.web.source.credentials_ref';

function only({ rendered, errors }: Validation): { placement: DesiredPlacement; contents: ReadonlyMap<string, string> } {
  const [placement] = rendered?.placements ?? [];
  if (placement === undefined || rendered === null) throw new Error(JSON.stringify(errors));
  expect(errors).toEqual([]);
  return { placement, contents: rendered.contents };
}

test.each([['bare', git('vault://git/token')], ['in braces', git('{{ vault://git/token }}')], ['by way of config.secrets', { ...git('{{ secrets.GIT }}'), config: { secrets: { GIT: '{{ vault://git/token }}' } } }]])('a reference %s is asked for by its host alone, and is in nothing else', async (_, component) => {
  const validation = await check(component);
  const { placement, contents } = only(validation);
  expect(placement.credential).toEqual({ origin: 'https://git.example.com', digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
  expect(validation.rendered?.secrets).toEqual(new Map([['git/token', 3]]));
  expect(JSON.stringify([placement, [...contents]])).not.toContain('tok-9f3b');
  const full = await withContents({ db: {} as Db, contents, secrets: known }, placement);
  expect(full.credential).toEqual(placement.credential);
  expect(JSON.stringify(full)).not.toContain('tok-9f3b');
  expect(withCredential({ contents, secrets: known }, placement)).toEqual({ ...placement, credential: { ...placement.credential, content: token } });
});

test('a part of the vault is put in front of it', async () => {
  const { placement, contents } = only(await check(git('vault://git/token'), { credentials_ref: 'vault://team' }));
  expect(withCredential({ contents, secrets: known }, placement).credential?.content).toBe(token);
});

test('another value, or another secret, is the same component', async () => {
  const hashOf = async (component: object, secrets = known): Promise<string> => only(await check(component, {}, secrets)).placement.hash;
  const changed: SecretVersions = new Map([...known].map(([path, { version, value }]) => [path, { version: version + 1, value: `${value}2` }]));
  const first = await hashOf(git('vault://git/token'));
  expect(await hashOf(git('vault://git/token'), changed)).toBe(first);
  expect(await hashOf(git('vault://team/git/token'))).toBe(first);
  expect(await hashOf({ ...git(''), source: { type: 'git', repo: 'https://git.example.com/shop.git' } })).toBe(first);
});

test.each<[string, object, string]>([
  ['a secret that is not there', git('vault://nope'), 'there is no secret "nope" in the vault'], ['a path that is none', docker('vault://a//b'), '"a//b" is not the path of a secret'], ['a name', git('github'), 'credentials_ref is not the reference to a secret'],
  ['more than a reference', git('deploy:{{ vault://git/token }}'), 'credentials_ref is not the reference to a secret'], ['a filter', git('{{ vault://git/token | upper }}'), 'a reference to a secret is written {{ vault://path }}, with nothing else inside'],
  ['a token for a registry', docker('vault://git/token'), 'the secret "git/token" is no login for ghcr.io: it is not a user and a password'], ['a token for ssh', git('vault://git/token', 'git@git.example.com:shop.git'), 'the secret "git/token" is no login for ssh://git.example.com: it is not a private key, or one with a passphrase'],
  ['a login that is bound to another place', docker('vault://registry/bound', 'quay.io/acme/web'), 'the secret "registry/bound" is for another place than quay.io'],
])('%s is an error at its key', async (_, component, message) => {
  const told = await complaints(component);
  expect(told).toEqual([`${at}: ${message}`]);
});

test('a login that is bound to this place is taken', async () => {
  expect(await complaints(docker('vault://registry/bound'))).toEqual([]);
});

test('nothing shows what the login is: not by way of source in another field', async () => {
  expect(await complaints({ ...docker('vault://registry/login'), run: { type: 'docker', command: 'echo {{ source.credentials_ref }}' } })).toEqual(['components.web.run.command: a secret would show here, in process lists or logs']);
});
