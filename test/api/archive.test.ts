/** The archive of a placement at the hosts' door: for its host, while the run is open, and from any byte on. */
import { createDeploy } from '../../control/deploys/index.js';
import { systemActor } from '../../control/actor.js';
import { openRollout, recordRolloutState } from '../../control/rollouts/index.js';
import { sha256Hex } from '../../spec/hash.js';
import { useApi } from './harness.js';

const document = `api_version: maestro/v1
project: packed
hosts: { app-01: {}, app-02: {} }
components:
  app:
    source: { type: archive, path: dist/app.tar }
    run: { type: systemd, command: /opt/app/run }
deployment:
  - { host: app-01, components: [app] }
`;
const bytes = Buffer.from(Array.from({ length: 2_500_000 }, (_, index) => (index * 7919) % 251));
const sha256 = sha256Hex(bytes);

describe('an archive of the bundle', () => {
  const context = useApi();

  it('is sent to its host, whole or from where it broke off; to nobody else, and not when the run has ended', async () => {
    const { db } = context.api;
    const { deploy_id: id } = await createDeploy(db, systemActor, { yaml: document, files: [{ path: 'dist/app.tar', bytes }, { path: 'other.tar', bytes: Buffer.from('other') }] });
    const { rollout_id: run } = await openRollout(db, systemActor, { deployId: id, version: 1, kind: 'apply' });
    const get = async (over: Record<string, string> = {}, host = 'app-01', range = 'bytes=0-'): Promise<{ status: number; bytes: Buffer; range: string | null }> => {
      const query = new URLSearchParams({ run, component: 'app', sha256, ...over });
      const response = await fetch(`${context.api.hostsUrl}/host/v1/archive?${query.toString()}`, { headers: { ...context.api.hostHeaders(host), range } });
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()), range: response.headers.get('content-range') };
    };
    const whole = await get();
    expect([whole.status, whole.bytes.equals(bytes), whole.range]).toEqual([206, true, 'bytes 0-2499999/2500000']);
    const rest = await get({}, 'app-01', 'bytes=1048577-');
    expect([rest.status, rest.bytes.equals(bytes.subarray(1_048_577)), rest.range]).toEqual([206, true, 'bytes 1048577-2499999/2500000']);
    expect((await get({}, 'app-01', 'bytes=2500000-')).bytes).toHaveLength(0);
    expect((await get({}, 'app-01', 'bytes=2500001-')).status).toBe(422);
    // The run is for the first host; the file is one of the bundle, but not of the placement.
    expect(await Promise.all([get({}, 'app-02'), get({ sha256: sha256Hex('other') }), get({ component: 'none' }), get({ run: 'rol_00000000000000000000' })].map(async (answer) => (await answer).status))).toEqual([404, 404, 404, 404]);
    expect((await fetch(`${context.api.hostsUrl}/host/v1/archive?run=${run}&component=app&sha256=${sha256}`)).status).toBe(401);
    await recordRolloutState(db, run, { state: 'failed', reason: 'over' });
    expect((await get()).status).toBe(404);
  });
});
