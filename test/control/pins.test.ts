import { systemActor } from '../../control/actor.js';
import { createDeploy, submitVersion } from '../../control/deploys/index.js';
import { contentVersionsOf } from '../../control/deploys/content-version.js';
import { pinsOfVersion, recordPins } from '../../control/pins/index.js';
import { openRollout, recordRolloutState } from '../../control/rollouts/index.js';
import type { KeptPin } from '../../spec/pins.js';

import { databaseKinds, startDatabase, type DatabaseServer, type FreshDatabase } from './database.js';

const yaml = `api_version: maestro/v1
project: pins
hosts: { web-01: {} }
components:
  web:
    source: { type: docker, image: nginx }
    run: { type: docker }
deployment:
  - { host: web-01, components: [web] }
`;
const digest = (number: number): string => `sha256:${number.toString(16).padStart(64, '0')}`;
const image = (value: string, key = 'nginx:latest'): KeptPin => ({ kind: 'image', key, value });

describe.each(databaseKinds)('pins on %s', (kind) => {
  let server: DatabaseServer;
  let fresh: FreshDatabase;
  let deployId: string;
  beforeAll(async () => { server = await startDatabase(kind); });
  afterAll(() => server.stop());
  beforeEach(async () => {
    fresh = await server.freshDatabase();
    deployId = (await createDeploy(fresh.db, systemActor, { yaml, files: [] })).deploy_id;
  });
  afterEach(() => fresh.close());

  const pinned = async (version: number, host: string, wanted: readonly { kind: KeptPin['kind']; key: string }[]): Promise<KeptPin[]> => (await pinsOfVersion(fresh.db, { deployId, version })).of(host, wanted);

  test('what is said first stands: twenty hosts at once are all told the same', async () => {
    const told = await Promise.all(Array.from({ length: 20 }, (_, index) => recordPins(fresh.db, { deployId, version: 1 }, `web-${index}`, [image(digest(index))])));
    const values = new Set(told.flat().map(({ value }) => value));
    expect(values.size).toBe(1);
    expect(await recordPins(fresh.db, { deployId, version: 1 }, 'web-99', [image(digest(99))])).toEqual([image([...values][0] ?? '')]);
    expect(await fresh.db.versionPin.count()).toBe(1);
  });

  test('many pins in one call, some of which stand already, are answered in their order; keys may be long', async () => {
    const long = `registry.example.com/${'a'.repeat(900)}:1`;
    await recordPins(fresh.db, { deployId, version: 1 }, 'web-01', [image(digest(1)), image(digest(2), long)]);
    const commit: KeptPin = { kind: 'commit', key: 'api/aa', value: 'c'.repeat(40) };
    expect(await recordPins(fresh.db, { deployId, version: 1 }, 'web-02', [commit, image(digest(3), long), image(digest(4))])).toEqual([commit, image(digest(2), long), image(digest(1))]);
    expect(await pinned(1, 'web-09', [image('', long), { kind: 'commit', key: 'api/bb' }])).toEqual([image(digest(2), long)]);
  });

  test('the id of an image that only one host has is of that host alone', async () => {
    const local = (value: string): KeptPin => ({ kind: 'image_id', key: 'app:latest', value });
    expect(await recordPins(fresh.db, { deployId, version: 1 }, 'web-01', [local(digest(1))])).toEqual([local(digest(1))]);
    expect(await recordPins(fresh.db, { deployId, version: 1 }, 'web-02', [local(digest(2))])).toEqual([local(digest(2))]);
    expect([await pinned(1, 'web-01', [local('')]), await pinned(1, 'web-03', [local('')])]).toEqual([[local(digest(1))], []]);
  });

  test('a version asks anew; a rollback, also one of a rollback, has the pins of what it brings back', async () => {
    await recordPins(fresh.db, { deployId, version: 1 }, 'web-01', [image(digest(1))]);
    await submitVersion(fresh.db, systemActor, { deployId, yaml });
    expect(await pinned((await contentVersionsOf(fresh.db, deployId, 2))('web'), 'web-01', [image('')])).toEqual([]);
    for (const [from, to] of [[1, 3], [3, 4]] as const) {
      const { rollout_id, version } = await openRollout(fresh.db, systemActor, { deployId, version: from, kind: 'rollback' });
      await recordRolloutState(fresh.db, rollout_id, { state: 'succeeded', reason: '' });
      expect(version).toBe(to);
      expect(await pinned((await contentVersionsOf(fresh.db, deployId, version))('web'), 'web-01', [image('')])).toEqual([image(digest(1))]);
    }
  });
});
