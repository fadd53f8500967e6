/** The rules that publish ports: whatever else is in the tables stays, ours stand where they work, and made twice they are made once. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Dockerode from 'dockerode';
import fc from 'fast-check';
import { Publisher } from '../../host-worker/publish/publisher.js';
import { routeTo } from '../../host-worker/publish/route.js';
import { isInPlace, network, restoreText, type Target, wantedChains } from '../../host-worker/publish/rules.js';
import { liveRules, SavedRules } from '../../host-worker/publish/saved-rules.js';
import { isOf, listeners } from '../../host-worker/slots/held-port.js';
import { parseSockets, type Socket } from '../../host-worker/publish/sockets.js';
import type { PortMapping } from '../../spec/desired.js';
import { KernelStandIn } from './kernel-stand-in.js';

const port = (host_port: number, over: Partial<PortMapping> = {}): PortMapping => ({ ip: '', host_port, container_port: 80, protocol: 'tcp', ...over });
const ports = fc.array(fc.record({ ip: fc.constantFrom('', '0.0.0.0', '127.0.0.1', '10.0.0.9'), host_port: fc.integer({ min: 1, max: 65535 }), container_port: fc.integer({ min: 1, max: 65535 }), protocol: fc.constantFrom('tcp' as const, 'udp' as const) }), { maxLength: 4 });
const address = fc.record({ ip: fc.ipV4(), prefix: fc.integer({ min: 8, max: 30 }) });
/** A container, or a program of the host itself. */
const addresses = fc.oneof(address, fc.constant(null));
const targets: fc.Arbitrary<Target[]> = fc.array(fc.record({ ports, address: addresses, draining: fc.array(address, { maxLength: 1 }) }), { minLength: 1, maxLength: 3 });
const foreign = async (kernel: KernelStandIn): Promise<string[]> => (await kernel.save()).split('\n').filter((line) => !line.includes('MAESTRO'));

async function apply(kernel: KernelStandIn, wanted: readonly Target[]): Promise<void> {
  await kernel.restore(restoreText(new SavedRules(await kernel.save()), wantedChains(wanted), wanted.length > 0));
}

test('one text makes any rules into any others, in place, and leaves what is not ours', async () => {
  await fc.assert(fc.asyncProperty(targets, targets, async (before, after) => {
    const kernel = new KernelStandIn();
    const others = await foreign(kernel);
    for (const wanted of [before, after, after]) await apply(kernel, wanted);
    expect(isInPlace(new SavedRules(await kernel.save()), wantedChains(after))).toBe(true);
    expect(isInPlace(new SavedRules(await kernel.save()), wantedChains([...after, { ports: [port(1)], address: { ip: '10.0.0.1', prefix: 8 }, draining: [] }]))).toBe(false);
    expect(await foreign(kernel)).toEqual(others);
    expect(liveRules(new SavedRules(await kernel.save()).rules('nat', 'MAESTRO-PUBLISH') ?? [])).toHaveLength(after.flatMap((target) => target.ports).length);
    await apply(kernel, []);
    expect([await kernel.ours(), await foreign(kernel)]).toEqual([[], others]);
  }), { numRuns: 100 });
});

test('hooks that were lost or stand in the wrong place are put right: before Docker, and behind what an administrator forbids', async () => {
  const kernel = new KernelStandIn();
  const wanted = [{ ports: [port(8080)], address: { ip: '172.17.0.2', prefix: 16 }, draining: [] }];
  await apply(kernel, wanted);
  // As Docker does it when it starts: its own in front of everything.
  for (const text of ['*nat\n-I PREROUTING 1 -m addrtype --dst-type LOCAL -j DOCKER\nCOMMIT\n', '*filter\n-D FORWARD 1\n-I FORWARD 2 -j DOCKER-USER\nCOMMIT\n', '*nat\n-D OUTPUT 1\nCOMMIT\n']) {
    await kernel.restore(text);
    expect(isInPlace(new SavedRules(await kernel.save()), wantedChains(wanted))).toBe(false);
    await apply(kernel, wanted);
    expect(isInPlace(new SavedRules(await kernel.save()), wantedChains(wanted))).toBe(true);
  }
  const forward = new SavedRules(await kernel.save()).rules('filter', 'FORWARD') ?? [];
  expect(forward.map((line) => line.split('-j ')[1])).toEqual(['DOCKER-USER', 'MAESTRO-FORWARD', 'DOCKER-ISOLATION-STAGE-1']);
});

test('a network is its first address, whatever address in it is given', () => {
  expect([network('172.18.5.9', 16), network('10.1.2.3', 30), network('192.168.255.255', 24), network('10.0.0.0', 8)]).toEqual(['172.18.0.0/16', '10.1.2.0/30', '192.168.255.0/24', '10.0.0.0/8']);
});

test('sockets are read with their addresses and what they are for', () => {
  const table = (...lines: string[]): string => ['  sl  local_address rem_address   st', ...lines].join('\n');
  expect(parseSockets('tcp', table('   0: 0100007F:1F90 00000000:0000 0A 0', '   1: 00000000:0050 00000000:0000 0A', '   2: 020011AC:1F90 0100000A:C350 01'))).toEqual([
    { protocol: 'tcp', ip: '127.0.0.1', port: 8080, state: 'listening' }, { protocol: 'tcp', ip: '', port: 80, state: 'listening' }, { protocol: 'tcp', ip: '172.17.0.2', port: 8080, state: 'established' },
  ]);
  expect(parseSockets('udp', table('  0: 00000000:0035 00000000:0000 07', '  1: 0100007F:9C40 0100007F:0035 01')).map(({ state }) => state)).toEqual(['listening', 'other']);
  expect(parseSockets('tcp', table('  0: 0000000000000000FFFF0000020011AC:1F90 0000000000000000FFFF00000100000A:C350 08', '  1: 00000000000000000000000001000000:1F90 0:0 0A')).map(({ ip, state }) => [ip, state])).toEqual([['172.17.0.2', 'closing'], [null, 'listening']]);
});

describe('the way of a health check', () => {
  const route = routeTo('172.17.0.2', [port(8080), port(8443, { ip: '127.0.0.1', container_port: 443 }), port(53, { protocol: 'udp' })]);
  test.each([
    ['localhost', 8080, { host: '172.17.0.2', port: 80 }], ['127.0.0.1', 8443, { host: '172.17.0.2', port: 443 }], ['[::1]', 8080, { host: '172.17.0.2', port: 80 }],
    ['127.0.0.1', 9090, null], ['localhost', 53, null], ['192.0.2.1', 8080, null], ['no-such-name.invalid', 8080, null],
  ])('to %s:%i', async (host, asked, expected) => {
    expect(await route(host, asked)).toEqual(expected);
  });
});

describe('a port', () => {
  const listening = (over: Partial<Socket>): Socket => ({ protocol: 'tcp', ip: '', port: 8080, state: 'listening', ...over });
  const key = { deploy_id: 'dpl_1', component: 'web' };
  async function refusal(sockets: Socket[], wanted: PortMapping, held: PortMapping[] = []): Promise<string | null> {
    const folder = await mkdtemp(join(tmpdir(), 'published-'));
    try {
      const publisher = new Publisher({ path: join(folder, 'published.json'), docker: new Dockerode(), kernel: new KernelStandIn(), sockets: async () => sockets });
      await publisher.record({ deploy_id: 'dpl_2', component: 'api' }, { deploy_id: 'dpl_2', component: 'api', ports: [port(9000, { ip: '10.0.0.1' })], container: 'c', draining: null });
      return await publisher.refuseTaken(key, [wanted], held).then(() => null, (error: Error) => error.message);
    } finally {
      await rm(folder, { recursive: true });
    }
  }
  test.each<[string, Socket[], PortMapping, PortMapping[], RegExp | null]>([
    ['nobody has', [listening({ port: 8081 }), listening({ protocol: 'udp' }), listening({ state: 'established' })], port(8080), [], null],
    ['that somebody listens on', [listening({})], port(8080), [], /something on this host listens there/],
    ['that somebody listens on at another address', [listening({ ip: '10.0.0.1' })], port(8080, { ip: '127.0.0.1' }), [], null],
    ['that is held already', [listening({})], port(8080), [port(8080, { ip: '0.0.0.0' })], null],
    ['that another deploy publishes', [], port(9000), [port(9000)], /api of the deploy dpl_2 publishes it/],
    ['that another deploy publishes at another address', [], port(9000, { ip: '10.0.0.2' }), [], null],
  ])('%s', async (_, sockets, wanted, held, expected) => {
    const told = await refusal(sockets, wanted, held);
    if (expected === null) expect(told).toBeNull();
    else expect(told).toMatch(expected);
  });
});

test('a program of the host itself is led to by its first packets alone, and reached by other machines in no other way', () => {
  const chains = wantedChains([{ ports: [port(8080, { container_port: 20_001 })], address: null, draining: [] }]);
  const lines = (chain: string): string[] => (chains.get(chain) ?? []).slice(1);
  expect(lines('MAESTRO-PUBLISH')).toEqual(['-p tcp -m tcp --dport 8080 --syn -j REDIRECT --to-ports 20001']);
  expect(lines('MAESTRO-INPUT')).toEqual(['! -i lo -p tcp -m tcp --dport 20001 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP']);
  expect([lines('MAESTRO-FORWARD'), lines('MAESTRO-MASQUERADE')]).toEqual([[], []]);
  expect(liveRules(['-p tcp -m tcp --dport 8080 --tcp-flags FIN,SYN,RST,ACK SYN -j REDIRECT --to-ports 20001'])).toEqual([{ protocol: 'tcp', ip: '', host_port: 8080, to_ip: '', to_port: 20_001 }]);
});

describe('ports of units that take turns', () => {
  const key = (component: string) => ({ deploy_id: 'dpl_1', component });
  const listens = (at: number): Socket => ({ protocol: 'tcp', ip: '', port: at, state: 'listening' });

  async function withPublisher(work: (publisher: Publisher, sockets: Socket[]) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'slots-'));
    const sockets: Socket[] = [];
    try {
      await work(new Publisher({ path: join(folder, 'published.json'), docker: new Dockerode({ socketPath: '/nowhere' }), kernel: new KernelStandIn(), sockets: () => Promise.resolve(sockets) }), sockets);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('are nobody else\'s, stay the same, and are free again when they are given up', () => withPublisher(async (publisher, sockets) => {
    sockets.push(listens(20_000));
    const web = await publisher.takeSlots(key('web'), ['blue', 'green']);
    const [db, again] = await Promise.all([publisher.takeSlots(key('db'), ['blue', 'green']), publisher.takeSlots(key('web'), ['blue', 'green'])]);
    expect([web, db, again]).toEqual([{ blue: 20_001, green: 20_002 }, { blue: 20_003, green: 20_004 }, web]);
    await publisher.record(key('web'), { ...key('web'), ports: [port(8080, { container_port: 20_001 })], container: 'web-blue.service', draining: null, unit: true });
    await publisher.giveUpSlots(key('db'));
    expect(await publisher.takeSlots(key('mail'), ['blue', 'green'])).toEqual(db);
    expect(await publisher.ofUnits()).toMatchObject([{ container: 'web-blue.service' }]);
  }));

  it('of the one that does not serve is another one when somebody has it meanwhile; of the one that serves, never', () => withPublisher(async (publisher, sockets) => {
    const before = await publisher.takeSlots(key('web'), ['blue', 'green']);
    sockets.push(listens(before.blue), listens(before.green));
    expect(await publisher.takeSlots(key('web'), ['green'])).toEqual({ blue: before.blue, green: before.green + 1 });
  }));

  it('are led to without Docker, and told as live only when the rules are there', () => withPublisher(async (publisher) => {
    await publisher.record(key('web'), { ...key('web'), ports: [port(8080, { container_port: 20_001 })], container: 'web-blue.service', draining: null, unit: true });
    expect((await (await publisher.live())?.('web-blue.service'))?.ports).toEqual([]);
    await publisher.refresh();
    expect((await (await publisher.live())?.('web-blue.service'))?.ports).toHaveLength(1);
  }));
});

test('whose socket a port is, is read from what the kernel lists', () => {
  const table = ['  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode', '   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1', '   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4712 1', ''].join('\n');
  expect([listeners(table, 8080), listeners(table, 8081)]).toEqual([['4711'], []]);
  expect(['0::/system.slice/web.service', '11:memory:/docker/abc/system.slice/web.service/child', '0::/system.slice/web.service.d', '0::/system.slice/other-web.service'].map((text) => isOf(`${text}\n`, 'web.service'))).toEqual([true, true, false, false]);
});
