/** Images of a version on a real host with a registry whose tags move: pinned, kept for going back, and removed when they are old. */
import type { DesiredPlacement } from '../../spec/desired.js';
import { HostLab } from './host-lab.js';
import { dockerRun, placement } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => {
  await lab.reset();
  await sh('docker image prune -af >/dev/null');
}, 120_000);

const sh = (script: string): Promise<string> => lab.succeed(['sh', '-ec', script], 120_000);
const name = 'demo/moving';

/** Pushes an image that nobody has seen under the tag, and forgets it here. Answers with its digest. */
async function push(text: string, tag = 'latest', base = 'demo/web:1'): Promise<string> {
  await sh(`docker pull -q ${base} >/dev/null; c=$(docker create ${base}); docker commit -c 'LABEL text=${text}' $c ${name}:${tag}-new >/dev/null; docker rm $c >/dev/null
    docker tag ${name}:${tag}-new ${name}:pushed; docker tag ${name}:pushed registry.fleet/${name}:${tag}; docker push -q registry.fleet/${name}:${tag} >/dev/null
    docker rmi -f registry.fleet/${name}:${tag} ${name}:pushed ${name}:${tag}-new >/dev/null`);
  return (await sh(`curl -sf --unix-socket /var/run/docker.sock http://d/distribution/${name}:${tag}/json | grep -o 'sha256:[0-9a-f]*' | head -1`)).trim();
}

const web = (version: number, over: Parameters<typeof dockerRun>[0] = {}): DesiredPlacement => placement({ version, run: dockerRun({ image: `${name}:latest`, pull_policy: 'always', ...over }) });
const runs = async (): Promise<string> => (await lab.inspect('maestro-web'))?.Config.Image ?? '';
const here = async (digest: string): Promise<boolean> => (await lab.host.exec(['docker', 'image', 'inspect', `${name}@${digest}`])).exitCode === 0;
const asked = (path: string): number => lab.control.requests.filter((request) => request.path === path).length;

describe('a tag', () => {
  it('is pinned when a version is applied first, stays what it was in that version, and is asked anew by the next', async () => {
    const one = await push('one');
    await lab.apply(web(1));
    expect(await runs()).toBe(`${name}:latest@${one}`);
    expect((await sh(`docker images --format '{{.Repository}}:{{.Tag}}' ${name}`)).trim()).toBe(`${name}:latest`);
    const two = await push('two');
    const before = asked('/host/v1/pin');
    expect(await lab.plan(web(1))).toMatchObject([{ action: 'unchanged', operations: [], reasons: [] }]);
    expect(asked('/host/v1/pin')).toBe(before);
    expect(await lab.plan(web(2))).toMatchObject([{ action: 'update', needs_prepare: true, fields: [{ field: 'image', to: `${name}:latest@${two}` }] }]);
    await lab.apply(web(2));
    expect(await runs()).toBe(`${name}:latest@${two}`);
    expect(await lab.plan(web(2))).toMatchObject([{ action: 'unchanged', operations: [] }]);
    await lab.fleet.registry('pause');
    try {
      await lab.apply(web(1));
    } finally {
      await lab.fleet.registry('unpause');
    }
    expect(await runs()).toBe(`${name}:latest@${one}`);
  }, 180_000);

  it('that another host has pinned is run as that one has said, also when the image of the tag is here', async () => {
    const one = await push('first-host');
    const wanted = web(1, { pull_policy: 'if_not_present' });
    lab.control.pinsOf(wanted).push({ kind: 'image', key: `${name}:latest`, value: one });
    await push('this-host');
    await sh(`docker pull -q ${name}:latest >/dev/null`);
    await lab.apply(wanted);
    expect(await runs()).toBe(`${name}:latest@${one}`);
    // Somebody else's tag is left where it is.
    expect(await sh(`docker inspect -f '{{index .Config.Labels "text"}}' ${name}:latest`)).toBe('this-host\n');
  }, 120_000);

  it('of an image that only this host has is pinned to its id, and gone back to by it', async () => {
    const build = (text: string): Promise<string> => sh(`docker pull -q demo/web:1 >/dev/null; c=$(docker create demo/web:1); docker commit -c 'LABEL text=${text}' $c local/app:1; docker rm $c >/dev/null`);
    const never = (version: number): DesiredPlacement => web(version, { image: 'local/app:1', pull_policy: 'never' });
    const first = (await build('one')).split('\n')[0] ?? '';
    await lab.apply(never(1));
    await build('two');
    expect(await lab.plan(never(1))).toMatchObject([{ action: 'unchanged', operations: [] }]);
    await lab.apply(never(2));
    expect((await lab.inspect('maestro-web'))?.Image).not.toBe(first);
    await lab.apply(never(1));
    expect((await lab.inspect('maestro-web'))?.Image).toBe(first);
  }, 120_000);
});

describe('images of older versions', () => {
  it('are kept for the last five that were applied, and removed beyond that when we brought them and nothing else wants them', async () => {
    const digests: string[] = [];
    for (let version = 1; version <= 7; version += 1) {
      digests.push(await push(`version-${String(version)}`, 'old'));
      // The second was here before, so that it is not ours; the third is in use by somebody else.
      if (version === 2) await sh(`docker pull -q ${name}@${digests[1] ?? ''} >/dev/null`);
      await lab.apply(web(version, { image: `${name}:old` }));
      if (version === 1) await sh(`docker create --name squatter ${name}@${digests[0] ?? ''} >/dev/null`);
    }
    expect(await Promise.all(digests.map(here))).toEqual([true, true, true, true, true, true, true]);
    await sh('docker rm squatter');
    digests.push(await push('version-8', 'old'));
    await lab.apply(web(8, { image: `${name}:old` }));
    // The first is not used any more; the second is not ours; the third is the sixth from the end.
    expect(await Promise.all(digests.map(here))).toEqual([false, true, false, true, true, true, true, true]);
  }, 240_000);
});
