/** What occupies a host in the database: which versions of which deploys, and that two at the same time do not both get it. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Vault, vaultKeys } from '../../control/secrets/index.js';
import { deployClaims, foreignWarnings, keepMissingClaims, type DeployClaims } from '../../control/claims/index.js';
import { readOccupants } from '../../control/claims/occupants.js';
import { createDeploy, submitVersion, tombstoneDeploy } from '../../control/deploys/index.js';
import { createRenderer, type Renderer } from '../../control/rendering/desired.js';
import { openRollout, recordRolloutState } from '../../control/rollouts/index.js';
import type { RolloutState } from '../../spec/words.js';
import { countQueries, databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';
import { actor } from './documents.js';

/** One container that publishes `port` on each of `hosts`. */
const publishing = (project: string, port: number, hosts: readonly string[] = ['web-01']): string => `api_version: maestro/v1
project: ${project}
hosts: { ${hosts.map((host) => `${host}: {}`).join(', ')} }
components:
  web:
    source: { type: docker, image: nginx }
    run: { type: docker, container_name: ${project}, ports: ["${port}:80"] }
deployment:
  - { hosts: [${hosts.join(', ')}], components: [web] }
`;

describe.each(databaseKinds)('claims on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let renderer: Renderer;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    const dataDir = await mkdtemp(join(tmpdir(), 'maestro-claims-'));
    renderer = createRenderer({ db: fresh.db, env: {}, vault: new Vault(dataDir, vaultKeys({ dataDir, passphrase: undefined })), digestKey: '' });
  });
  afterEach(() => fresh.close());

  const made = async (project: string, port: number, hosts?: readonly string[]): Promise<string> => (await createDeploy(fresh.db, actor, { yaml: publishing(project, port, hosts), files: [] })).deploy_id;
  const claimsOf = async (deployId: string, version: number): Promise<DeployClaims> => deployClaims((await renderer.version(deployId, version)).rendered?.claims ?? []);
  const open = async (deployId: string, version = 1, kindOf: 'apply' | 'rollback' = 'apply'): Promise<string> =>
    (await openRollout(fresh.db, actor, { deployId, version, kind: kindOf, claims: await claimsOf(deployId, version) })).rollout_id;
  const end = (rollout: string, state: RolloutState): Promise<unknown> => recordRolloutState(fresh.db, rollout, { state, reason: '' });
  const applied = async (deployId: string, version = 1): Promise<void> => { await end(await open(deployId, version), 'succeeded'); };
  const occupied = async (hosts: readonly string[] = ['web-01']): Promise<string[]> => (await readOccupants(fresh.db, { deployId: '', version: 0, hosts })).others.map(({ name, version }) => `${name} v${version}`);

  test('a deploy occupies its hosts with its active version and with the one that is being rolled out', async () => {
    const id = await made('shop', 80);
    await submitVersion(fresh.db, actor, { deployId: id, yaml: publishing('shop', 81) });
    expect(await occupied()).toEqual([]);
    const first = await open(id);
    expect(await occupied()).toEqual(['shop v1']);
    await end(first, 'succeeded');
    const second = await open(id, 2);
    expect(await occupied()).toEqual(['shop v1', 'shop v2']);
    expect(await occupied(['elsewhere'])).toEqual([]);
    await end(second, 'succeeded');
    expect(await occupied()).toEqual(['shop v2']);
    await end(await open(id, 1, 'rollback'), 'succeeded');
    expect(await occupied()).toEqual(['shop v3']);
  });

  test('a rollout that ends without success leaves what was active; a deleted deploy occupies nothing', async () => {
    const id = await made('shop', 80);
    await submitVersion(fresh.db, actor, { deployId: id, yaml: publishing('shop', 81) });
    await end(await open(id), 'aborted');
    expect(await occupied()).toEqual([]);
    await applied(id);
    await end(await open(id, 2), 'failed');
    expect(await occupied()).toEqual(['shop v1']);
    await tombstoneDeploy(fresh.db, actor, id);
    expect(await occupied()).toEqual([]);
  });

  test('what another deploy has is refused, and nothing of the rollout is stored; a rollback is refused as well', async () => {
    const { db } = fresh;
    const [shop, blog] = [await made('shop', 80), await made('blog', 80)];
    await applied(shop);
    await expect(open(blog)).rejects.toMatchObject({ code: 'conflict', message: `port 80/tcp on web-01 is taken by the deploy shop (${shop}), component web`, errors: [{ path: 'components.web.run.ports[0]', line: 7, column: 56 }] });
    await expect(open(blog, 1, 'rollback')).rejects.toMatchObject({ code: 'conflict', details: { clashes: [{ deploy_id: shop, deploy_name: 'shop', hosts: ['web-01'] }] } });
    expect([await db.rollout.count(), await db.version.count(), await db.auditEntry.count({ where: { action: { startsWith: 'rollout' } } })]).toEqual([1, 2, 1]);
    expect(await db.deploy.findUnique({ where: { id: blog } })).toMatchObject({ current_version: null, latest_version: 1 });
  });

  test('a port is free again when the other deploy has moved away from it, and not before the end of that', async () => {
    const [shop, blog] = [await made('shop', 80), await made('blog', 80)];
    await applied(shop);
    await submitVersion(fresh.db, actor, { deployId: shop, yaml: publishing('shop', 81) });
    const moving = await open(shop, 2);
    await expect(open(blog)).rejects.toMatchObject({ code: 'conflict' });
    await end(moving, 'succeeded');
    await applied(blog);
    await expect(open(shop, 1, 'rollback')).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('the deploy blog') as string });
  });

  test('of many deploys that race for one port exactly one gets it, and the others hear which', async () => {
    const deploys = await Promise.all(Array.from({ length: 6 }, (_, index) => made(`racer-${index}`, 80, ['web-01', `web-1${index}`])));
    const results = await Promise.allSettled(deploys.map((id) => open(id)));
    const winner = deploys[results.findIndex(({ status }) => status === 'fulfilled')];
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const result of results) if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict', details: { clashes: [{ deploy_id: winner, hosts: ['web-01'] }] } });
  });

  test('deploys that want different things race without hindrance', async () => {
    const deploys = await Promise.all(Array.from({ length: 6 }, (_, index) => made(`side-${index}`, 80 + index)));
    expect(await Promise.all(deploys.map((id) => open(id)))).toHaveLength(6);
  });

  test('applying the same again writes no claims, and asks no more however many versions there were', async () => {
    const id = await made('shop', 80);
    await applied(id);
    const written = () => fresh.db.$queryRaw`SELECT version, xmin::text FROM version_claims`;
    const before = await written();
    const queries = async (): Promise<number> => {
      const claims = await claimsOf(id, 1);
      const count = await countQueries(fresh.url, async (db) => void await openRollout(db, actor, { deployId: id, version: 1, kind: 'apply', claims }));
      await end((await fresh.db.rollout.findFirstOrThrow({ where: { ended_at: null } })).id, 'succeeded');
      return count;
    };
    const few = await queries();
    expect(await written()).toEqual(before);
    for (let version = 2; version <= 5; version += 1) {
      await submitVersion(fresh.db, actor, { deployId: id, yaml: publishing('shop', 80 + version) });
      await applied(id, version);
    }
    expect(await fresh.db.$queryRaw`SELECT version FROM version_claims ORDER BY version`).toEqual([{ version: 4 }, { version: 5 }]);
    await applied(id, 1);
    expect(await queries()).toBe(few);
  });

  test('what was rolled out before claims were kept is rendered once, and counts', async () => {
    const [shop, blog] = [await made('shop', 80), await made('blog', 80)];
    await submitVersion(fresh.db, actor, { deployId: shop, yaml: publishing('shop', 81) });
    await end((await openRollout(fresh.db, actor, { deployId: shop, version: 1, kind: 'apply' })).rollout_id, 'succeeded');
    await openRollout(fresh.db, actor, { deployId: shop, version: 2, kind: 'apply' });
    expect(await occupied()).toEqual([]);
    await keepMissingClaims(fresh.db, renderer);
    expect(await occupied()).toEqual(['shop v1', 'shop v2']);
    expect(await countQueries(fresh.url, (db) => keepMissingClaims(db, renderer))).toBe(1);
    await expect(open(blog)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('a document of the deploy itself is not warned of its own versions, and one of nobody of all', async () => {
    const id = await made('shop', 80);
    await applied(id);
    const asked = { yaml: publishing('shop', 80), claims: await claimsOf(id, 1) };
    expect(await foreignWarnings(fresh.db, { ...asked, deployId: id })).toEqual([]);
    expect((await foreignWarnings(fresh.db, asked)).map(({ path }) => path)).toEqual(['components.web.run.container_name', 'components.web.run.ports[0]']);
  });
});
