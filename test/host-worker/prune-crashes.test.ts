/** kill -9 of the worker around every removal, on a real host: whoever comes next ends well and tells all of it. */
import { HostLab } from './host-lab.js';
import { dockerRun, file, placement, systemdRun, tree } from './placements.js';

let lab: HostLab;
beforeAll(async () => { lab = await HostLab.start(); }, 20 * 60_000);
afterAll(async () => { await (lab as HostLab | undefined)?.stop(); }, 120_000);
beforeEach(async () => { await lab.reset(); }, 120_000);

const web = placement({
  run: dockerRun({ networks: ['shop'], volumes: [{ kind: 'volume', source: 'data', target: '/data', read_only: false }], env: { CONFIG: '/server' } }),
  files: [file('/srv/pruned/app.conf', 'a')], trees: [tree('/srv/pruned/tree', { 'index.html': 'hello' })],
});
const unit = placement({ component: 'db', run: systemdRun({}, 'db'), files: [file('/srv/pruned/db.conf', 'b')] });

/** Before one effect is after the one before it; of those that are alike, one. */
const faults = ['prune.open', 'prune.remove_container', 'prune.remove_unit', 'prune.forget', 'prune.remove_network'].map((point) => `after:${point}`);

it('is gone on with after a kill at any point, without anything of others going, and told as one', async () => {
  for (const fault of faults) {
    await lab.apply(web, unit);
    await lab.succeed(['sh', '-c', 'echo mine > /srv/pruned/mine']);
    const run = lab.open();
    expect([fault, await lab.ask([lab.call('prune', run, '')], { fault })]).toEqual([fault, null]);
    // Twice, as after a lost answer: told again.
    expect(await lab.ask([lab.call('prune', run, '')], { rounds: 2 })).toMatchObject({ ended: 'well', results: [{ placements: [
      { component: 'web', whole: true, removed: ['container maestro-web', 'file /srv/pruned/app.conf', 'folder /srv/pruned/tree', 'network shop'], kept: [] },
      { component: 'db', whole: true, removed: ['unit maestro-db.service', 'file /srv/pruned/db.conf'], kept: [] },
    ] }] });
    expect(await lab.containers()).toEqual([]);
    expect((await lab.succeed(['ls', '-A', '/srv/pruned'])).trim()).toBe('mine');
    expect((await lab.succeed(['sh', '-c', 'ls /etc/systemd/system/maestro-db.service /etc/systemd/system/multi-user.target.wants/maestro-db.service 2>/dev/null || true'])).trim()).toBe('');
    expect((await lab.succeed(['docker', 'volume', 'ls', '--format', '{{.Name}}'])).trim()).toBe('data');
    expect((await lab.succeed(['sh', '-c', 'ls /var/lib/maestro-test/journal/placements/dpl_aaaaaaaaaaaaaaaa'])).trim()).toBe('');
  }
}, 300_000);

it('leaves what has become somebody else\'s, and says so', async () => {
  await lab.apply(web);
  await lab.succeed(['sh', '-c', 'rm /srv/pruned/app.conf && mkdir /srv/pruned/app.conf && rm /srv/pruned/tree/current && ln -s /etc /srv/pruned/tree/current']);
  await lab.succeed(['docker', 'run', '--detach', '--name', 'theirs', '--network', 'shop', 'demo/web:1']);
  const answer = await lab.ask([lab.call('prune', lab.open(), '')]);
  expect(answer).toMatchObject({ ended: 'well', results: [{ placements: [{ removed: ['container maestro-web'], kept: [expect.stringContaining('/srv/pruned/app.conf is not a file'), expect.stringContaining('points to something else')] }] }] });
  expect(await lab.containers()).toEqual(['theirs running']);
  expect((await lab.succeed(['docker', 'network', 'ls', '--format', '{{.Name}}'])).split('\n')).toContain('shop');
  await lab.succeed(['rm', '-rf', '/srv/pruned']);
}, 120_000);

it('a run that the control plane does not know, or that is another deploy\'s, removes nothing', async () => {
  await lab.apply(placement());
  const call = lab.call('prune', lab.open(), '');
  expect(await lab.ask([{ ...call, work: { ...call.work, run_id: 'rol_9999999999999999' } }])).toMatchObject({ ended: 'failed', type: 'not_found' });
  expect(await lab.ask([{ ...call, work: { ...call.work, deploy_id: 'dpl_bbbbbbbbbbbbbbbb' } }])).toMatchObject({ ended: 'failed', type: 'internal' });
  expect(await lab.containers()).toEqual(['maestro-web running']);
}, 60_000);
