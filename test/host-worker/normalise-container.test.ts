/** Against `docker inspect` as Docker 20.10 gave it. */
import { readFile } from 'node:fs/promises';
import type Dockerode from 'dockerode';
import fc from 'fast-check';
import { envOf, normaliseContainer } from '../../host-worker/observe/normalise-container.js';
import type { DockerRun } from '../../spec/desired.js';
import { planHost } from '../../spec/plan-host.js';
import { dockerRun, placement } from './placements.js';

const recorded = async <T>(name: string): Promise<T> => JSON.parse(await readFile(new URL(`recorded/${name}.json`, import.meta.url), 'utf8')) as T;
const container = (name: string) => recorded<Dockerode.ContainerInspectInfo>(`container-${name}`);

let image: { env: string[]; command: string[] | null };
let imageId: string;
beforeAll(async () => {
  const found = await recorded<Dockerode.ImageInspectInfo>('image-web');
  image = { env: found.Config.Env, command: found.Config.Cmd };
  imageId = found.Id;
});

/** What the container `shop-web` was made from. */
const wanted = dockerRun({
  container_name: 'shop-web', networks: ['front', 'back'], command: ['/server'], restart: 'on-failure', env: { LOG: 'a=b', NAME: 'shop' },
  ports: [{ ip: '127.0.0.1', host_port: 9000, container_port: 9000, protocol: 'udp' }, { ip: '0.0.0.0', host_port: 8080, container_port: 8080, protocol: 'tcp' }],
  volumes: [{ kind: 'volume', source: 'shop-data', target: '/data', read_only: false }, { kind: 'bind', source: '/srv/demo', target: '/etc/demo', read_only: true }],
  resources: { memory_bytes: 64 * 1024 * 1024, cpus: 0.5 },
});

const seen = async (name: string, run: DockerRun) => normaliseContainer(await container(name), run, { wanted_image_id: imageId, image });

describe('a container read back', () => {
  it('is what it was made from, in the order of the document', async () => {
    const { type: _type, pull_policy: _policy, ...run } = wanted;
    const found = await seen('shop-web', wanted);
    expect(found.run).toEqual(run);
    expect(found.run.ports[0]).toEqual(wanted.ports[0]);
  });

  it('carries its mark, state and images', async () => {
    expect(await seen('shop-web', wanted)).toMatchObject({
      owner: { deploy_id: 'dpl_aaaaaaaaaaaaaaaa', component: 'web', version: 3, hash: 'abc' }, status: 'running', exit_code: 0,
      image_id: imageId, wanted_image_id: imageId, started_at: expect.stringMatching(/^\d{4}-/),
    });
  });

  it('has no owner without the mark, and shows the network of the host', async () => {
    const found = await seen('foreign', dockerRun({ networks: ['host'], env: { PORT: '7777' } }));
    expect(found).toMatchObject({ owner: null, run: { networks: ['host'], env: { PORT: '7777' }, ports: [], container_name: 'foreign' } });
  });

  it('on the default bridge has no networks, limits or command of its own', async () => {
    expect((await seen('plain', dockerRun())).run).toMatchObject({
      networks: [], volumes: [], env: {}, command: null, resources: { memory_bytes: null, cpus: null }, restart: 'unless-stopped',
      ports: [{ ip: '0.0.0.0', host_port: 8081, container_port: 8080, protocol: 'tcp' }],
    });
  });

  it('tells a port without an address in the way the document does', async () => {
    const port = { host_port: 8081, container_port: 8080, protocol: 'tcp' as const };
    expect((await seen('plain', dockerRun({ ports: [{ ip: '', ...port }] }))).run.ports).toEqual([{ ip: '', ...port }]);
    expect((await seen('plain', dockerRun({ ports: [{ ip: '127.0.0.1', ...port }] }))).run.ports).toEqual([{ ip: '0.0.0.0', ...port }]);
  });

  it('gives the planner nothing to do when it is as wanted, and the field that differs when it is not', async () => {
    const planned = async (run: DockerRun) => {
      const desired = placement({ run, version: 3 });
      const observed = { component: 'web', applied_hash: desired.hash, applied_version: 3, image_present: true, container: await seen('shop-web', run), unit: null, files: [], trees: [], source: null, health: null };
      return planHost([desired], [observed], { docker: true, systemd: true, missing: [] })[0];
    };
    expect(await planned(wanted)).toMatchObject({ action: 'unchanged', fields: [], operations: [] });
    const changes: [string, Partial<DockerRun>][] = [
      ['env.NAME', { env: { LOG: 'a=b', NAME: 'other' } }], ['env.LOG', { env: { NAME: 'shop' } }], ['restart', { restart: 'always' }], ['command', { command: null }],
      ['networks', { networks: ['front'] }], ['ports', { ports: wanted.ports.slice(1) }], ['volumes', { volumes: wanted.volumes.slice(1) }],
      ['resources', { resources: { memory_bytes: null, cpus: 0.5 } }], ['image', { image: 'demo/web:2' }],
    ];
    for (const [field, over] of changes) expect((await planned({ ...wanted, ...over }))?.fields.map((change) => change.field)).toEqual([field]);
  });

  it('whose image was given a newer one shows both', async () => {
    const found = normaliseContainer(await container('plain'), dockerRun(), { wanted_image_id: 'sha256:new', image });
    expect(found).toMatchObject({ image_id: imageId, wanted_image_id: 'sha256:new' });
  });
});

describe('a command', () => {
  const of = async (cmd: string[] | null, desired: string[] | null, imageCmd: string[] | null) => {
    const found = await container('plain');
    const inspect = { ...found, Config: { ...found.Config, Cmd: cmd as string[] } };
    return normaliseContainer(inspect, dockerRun({ command: desired }), { wanted_image_id: null, image: { env: [], command: imageCmd } }).run.command;
  };
  it('is null only when both the document and the container leave it to the image', async () => {
    expect(await of(['a'], null, ['a'])).toBeNull();
    expect(await of(['b'], null, ['a'])).toEqual(['b']);
    expect(await of(['a'], ['a'], ['a'])).toEqual(['a']);
    expect(await of(null, null, null)).toBeNull();
  });
});

describe('the environment', () => {
  const fromImage = { env: ['PATH=/bin', 'LANG=C'], command: null };

  it('leaves out what the image sets and the document does not speak of', () => {
    expect(envOf(['PATH=/bin', 'LANG=C', 'X=1'], { X: '1' }, fromImage)).toEqual({ X: '1' });
  });
  it('shows a variable that the document sets to the image\'s own value', () => {
    expect(envOf(['PATH=/bin', 'LANG=C'], { LANG: 'C' }, fromImage)).toEqual({ LANG: 'C' });
  });
  it('shows a value that is neither the image\'s nor asked for: an earlier version set it', () => {
    expect(envOf(['PATH=/bin', 'LANG=de'], {}, fromImage)).toEqual({ LANG: 'de' });
  });
  it('shows all when the image is gone', () => {
    expect(envOf(['PATH=/bin'], {}, null)).toEqual({ PATH: '/bin' });
  });

  const name = fc.stringMatching(/^[A-Z]{1,2}$/);
  const variables = fc.dictionary(name, fc.string());
  const list = (record: Record<string, string>): string[] => Object.entries(record).map(([key, value]) => `${key}=${value}`);

  it('equals the document for every image and document, and differs after any change of the document', () => {
    fc.assert(fc.property(variables, variables, variables, (imageEnv, desired, other) => {
      const known = { env: list(imageEnv), command: null };
      const container = list({ ...imageEnv, ...desired });
      expect({ ...envOf(container, desired, known) }).toEqual({ ...desired });
      // Another document is the same only if a container made from it would have the same environment.
      const same = JSON.stringify(list({ ...imageEnv, ...other }).sort()) === JSON.stringify([...container].sort());
      const looksSame = JSON.stringify(list(envOf(container, other, known)).sort()) === JSON.stringify(list(other).sort());
      expect(looksSame).toBe(same);
    }));
  });
});
