/** What a placement is pinned to: which names can move, what a rollout would pin of what it saw, and what the planner makes of it. */
import fc from 'fast-check';
import { componentHash } from '../../spec/hash.js';
import { atDigest, digestAmong, isFixed, nameOf, repositoryOf, tagOf, withoutDigest } from '../../spec/image-reference.js';
import type { ObservedPlacement } from '../../spec/observed.js';
import { asPinned, asSeen, isPinValue, pinKey, pinKinds, seenPins, withPins } from '../../spec/pins.js';
import { planHost } from '../../spec/plan-host.js';
import { dockerOf, hostsFor, placements, withHash } from './planned-world.js';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const facts = { docker: true, systemd: true, missing: [] };

describe('names of images', () => {
  it.each([
    ['nginx', 'docker.io/library/nginx', 'nginx', 'latest'], ['nginx:1.27', 'docker.io/library/nginx', 'nginx', '1.27'], ['demo/web:1', 'docker.io/demo/web', 'demo/web', '1'],
    ['docker.io/library/nginx:1', 'docker.io/library/nginx', 'docker.io/library/nginx', '1'], ['index.docker.io/demo/web', 'docker.io/demo/web', 'index.docker.io/demo/web', 'latest'],
    ['localhost/web', 'localhost/web', 'localhost/web', 'latest'], ['localhost:5000/a/b', 'localhost:5000/a/b', 'localhost:5000/a/b', 'latest'], ['ghcr.io/acme/api:v1', 'ghcr.io/acme/api', 'ghcr.io/acme/api', 'v1'],
    [`ghcr.io/acme/api:v1@${digest('a')}`, 'ghcr.io/acme/api', 'ghcr.io/acme/api', 'v1'],
  ])('%s is of %s', (image, repository, name, tag) => {
    expect([repositoryOf(image), nameOf(image), tagOf(image)]).toEqual([repository, name, tag]);
    expect(withoutDigest(atDigest(withoutDigest(image), digest('b')))).toBe(withoutDigest(image));
  });

  it('a digest or an id names a content; anything else may move', () => {
    expect([digest('a'), `web@${digest('a')}`, `web:1@${digest('a')}`].map(isFixed)).toEqual([true, true, true]);
    expect(['web', 'web:1', 'sha256:abc', `web@sha256:${'A'.repeat(64)}`].map(isFixed)).toEqual([false, false, false, false]);
  });

  it('an image is known by the digest of its own repository, and by none of another', () => {
    const known = [`other/web@${digest('a')}`, `demo/web@${digest('b')}`];
    expect([digestAmong(known, 'demo/web:1'), digestAmong(known, 'docker.io/demo/web'), digestAmong(known, 'web'), digestAmong([], 'web')]).toEqual([digest('b'), digest('b'), null, null]);
  });
});

const seenBy = (over: Partial<ObservedPlacement>): ObservedPlacement =>
  ({ component: 'web', applied_hash: null, applied_version: null, image_present: true, container: null, unit: null, files: [], trees: [], source: null, health: null, ...over });
const web = (pull_policy: 'if_not_present' | 'always' | 'never' = 'if_not_present', image = 'web:1') => withHash({
  deploy_id: 'dpl_1', project: 'shop', component: 'web', host: 'h1', component_directory: '/opt/maestro/web', source: null, build: [], files: [], trees: [], healthcheck: null,
  run: { type: 'docker', image, pull_policy, container_name: 'web', ports: [], volumes: [], env: {}, networks: [], restart: 'no', command: null, resources: { memory_bytes: null, cpus: null } },
});

describe('what a rollout pins', () => {
  it('is the digest of the registry, or where there is none the id on that host; with pull_policy never always the id', () => {
    const both = seenBy({ image_digest: digest('a'), wanted_image_id: digest('1') });
    expect(seenPins(web(), both)).toEqual([{ kind: 'image', value: digest('a') }]);
    expect(seenPins(web(), { ...both, image_digest: null })).toEqual([{ kind: 'image_id', value: digest('1') }]);
    expect(seenPins(web('never'), both)).toEqual([{ kind: 'image_id', value: digest('1') }]);
    expect([seenPins(web('always', `web@${digest('a')}`), both), seenPins(web(), seenBy({})), seenPins(web(), seenBy({ wanted_image_id: 'sha256:odd' }))]).toEqual([[], [], []]);
  });

  it('is no image that the build of the component may be about to make', () => {
    const built = { ...web(), build: [{ command: 'make', env: {}, timeout_ms: 1, working_dir: null }] };
    expect(seenPins(built, seenBy({ image_digest: null, wanted_image_id: digest('1') }))).toEqual([]);
  });

  it('is pinned once: what is pinned is in the hash, and nothing of it is left to be pinned', () => {
    fc.assert(fc.property(placements.chain((desired) => fc.tuple(fc.constant(desired), hostsFor(desired))), ([desired, host]) => {
      const observed = { ...host, image_digest: digest('a'), wanted_image_id: digest('1') };
      const pinned = asPinned(desired, observed);
      expect(pinned.hash).toBe(componentHash(pinned));
      expect(pinned.hash === desired.hash).toBe(seenPins(desired, observed).length === 0);
      expect(seenPins(pinned, observed)).toEqual([]);
    }));
  });

  it('is not the commit that is there when the repository cannot be asked; but that counts as the one that is asked for', () => {
    fc.assert(fc.property(placements, ({ ...desired }) => {
      const { source } = desired;
      fc.pre(source?.type === 'git' && pinKey(desired, 'commit') !== null);
      const commit = 'c'.repeat(40);
      const found = (wanted_commit: string | null): ObservedPlacement => seenBy({ source: { path: '/opt/web', kind: 'link', owned: true, current: { commit, source_hash: source.source_hash }, wanted_commit, trouble: wanted_commit === null ? 'away' : null, prepared: true } });
      expect(seenPins(desired, found(null)).filter(({ kind }) => kind === 'commit')).toEqual([]);
      expect(asSeen(desired, found(null)).hash).toBe(asSeen(desired, found(commit)).hash);
    }));
  });

  it('is nothing of what is of another form, and nothing that a placement does not have', () => {
    fc.assert(fc.property(fc.constantFrom(...pinKinds), fc.string(), (kind, value) => { expect(isPinValue({ kind, value })).toBe(/^sha256:[0-9a-f]{64}$|^[0-9a-f]{40}$/.test(value)); }));
    expect(pinKinds.map((kind) => pinKey(web(), kind))).toEqual(['web:1', 'web:1', null]);
    expect(withPins(web(), [{ kind: 'image', key: 'web:2', value: digest('a') }, { kind: 'commit', key: 'web/x', value: 'c'.repeat(40) }])).toEqual(web());
  });

  it('the id on this host comes before the digest of all', () => {
    const pins = [{ kind: 'image' as const, key: 'web:1', value: digest('a') }, { kind: 'image_id' as const, key: 'web:1', value: digest('1') }];
    expect(dockerOf(withPins(web(), pins)).pinned).toBe(digest('1'));
    expect(dockerOf(withPins(web(), pins.slice(0, 1))).pinned).toBe(`web:1@${digest('a')}`);
  });
});

describe('the planner with a pinned image', () => {
  const pinned = withPins(web('always'), [{ kind: 'image', key: 'web:1', value: digest('a') }]);
  const running = (image: string, image_id: string, wanted: string | null): ObservedPlacement => seenBy({
    image_present: wanted !== null, applied_hash: pinned.hash, wanted_image_id: wanted,
    container: { id: 'c', owner: { deploy_id: 'dpl_1', component: 'web', version: 1, hash: '' }, status: 'running', exit_code: 0, image_id, wanted_image_id: wanted, run: { ...dockerOf(pinned), image }, started_at: null },
  });
  const fieldsOf = (observed: ObservedPlacement): string[] => planHost([pinned], [observed], facts)[0]?.fields.map(({ field }) => field) ?? [];

  it.each([
    ['started by the digest', `web:1@${digest('a')}`, digest('1'), digest('1')], ['started by its tag, of the same image', 'web:1', digest('1'), digest('1')],
    ['whose image has lost its name on the host', `web:1@${digest('a')}`, digest('1'), null],
  ])('leaves alone what was %s, and pulls nothing', (_, image, id, wanted) => {
    expect(planHost([pinned], [running(image, id, wanted)], facts)).toMatchObject([{ action: 'unchanged', operations: [], fields: [] }]);
  });

  it.each([
    ['another digest', `web:1@${digest('b')}`, digest('2'), digest('1'), 'image_id'], ['another digest, with the pinned one not here', `web:1@${digest('b')}`, digest('2'), null, 'image'],
    ['the tag, when it was another image', 'web:1', digest('2'), digest('1'), 'image_id'], ['another name', 'web:2', digest('1'), digest('1'), 'image'],
  ])('replaces what was started by %s', (_, image, id, wanted, field) => {
    expect(fieldsOf(running(image, id, wanted))).toEqual([field]);
  });

  it('pulls what is not here, once, whatever the policy', () => {
    expect(planHost([pinned], [seenBy({ image_present: false })], facts)[0]?.operations[0]).toEqual({ op: 'pull_image', image: `web:1@${digest('a')}` });
    expect(planHost([pinned], [seenBy({})], facts)[0]?.operations.map(({ op }) => op)).toEqual(['create_container', 'check_health']);
  });
});
