/** What validation takes for text is carried out by the drivers on a real host, and stays text there. */
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { bundleDriver } from '../host-worker/driver/bundle-driver.js';
import { HostLab } from '../host-worker/host-lab.js';
import { type Accepted, acceptedOf } from './accepted.js';
import type { CarryAnswer, CarryRequest, CarryWork, Carried } from './carried.js';
import { knownArtifact } from '../rendering/bundle.js';
import { payloads } from './payloads.js';
import { sample } from './sample.js';

const program = '/root/carrier.cjs';
const state = '/var/lib/maestro-test';
const canaries = '/tmp/canary-';
const deployId = 'dpl_attacksattacksatt';
const payloadsAtOnce = 8;
const componentsAtOnce = 40;

let lab: HostLab;
let listener: Server;
const asked: string[] = [];

beforeAll(async () => {
  lab = await HostLab.start();
  listener = createServer((socket) => {
    asked.push(`a connection from ${socket.remoteAddress ?? ''}`);
    socket.on('error', () => undefined);
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(0, lab.fleet.gatewayAddress, resolve));
  await lab.host.writeFile(program, await bundleDriver(new URL('carrier.ts', import.meta.url)));
  await lab.reset();
  // Not what its name says: the fetch of it ends there.
  lab.control.archives.set(knownArtifact, Buffer.alloc(1024));
  await lab.succeed(['sh', '-ec', prepareHost], 60_000);
}, 20 * 60_000);

afterAll(async () => {
  await new Promise((resolve) => (listener as Server | undefined)?.close(resolve) ?? resolve(null));
  await (lab as HostLab | undefined)?.stop();
}, 120_000);

/** A repository, an archive and a page to ask; and from here on every shell that is started writes down what it was given. */
const prepareHost = `
  rm -rf /srv/git /srv/served /srv/named /tmp/canary*; mkdir -p /srv/served /srv/git/work/src /srv/named; chmod 755 /srv/named; echo served > /srv/served/index.html
  export HOME=/root GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@t GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@t
  git init -q -b main /srv/git/work; cd /srv/git/work; echo one > src/file; git add -A; git commit -q -m one; git clone -q --bare . ../app.git
  tar -cf /srv/app.tar src
  systemd-run -q --unit=served /usr/bin/python3 -m http.server 8000 --bind 127.0.0.1 --directory /srv/served
  install -m 666 /dev/null /var/log/shells
  printf '#!/bin/bash\\n{ printf "%%q " "$0" "$@"; echo; } >> /var/log/shells\\nexec /usr/bin/dash "$@"\\n' > /usr/bin/sh.new; chmod 755 /usr/bin/sh.new; mv /usr/bin/sh.new /usr/bin/sh`;

const shells = async (): Promise<string[]> => (await lab.succeed(['cat', '/var/log/shells'])).split('\n').filter((line) => line !== '');

/** Everywhere but below what was named, where a file may be called as a payload is. */
const found = async (): Promise<string[]> => (await lab.succeed(['find', '/', '(', '-path', '/proc', '-o', '-path', '/sys', '-o', '-path', '*/named', '-o', '-path', '/opt/maestro', ')', '-prune', '-o', '-name', '*canary-*', '-print'], 120_000)).split('\n').filter((line) => line !== '');

const workOf = ({ placement }: Accepted): CarryWork => ({
  deploy_id: deployId, version: placement.version, component: placement.component, files: placement.files.map(({ path }) => path),
  unit: placement.run.type === 'systemd' ? placement.run.unit_name : null, container: placement.run.type === 'docker' ? placement.run.container_name : null,
});

async function carryOut(accepted: readonly Accepted[]): Promise<Carried[]> {
  const run = lab.open(...accepted.map(({ placement }) => placement));
  const request: CarryRequest = { url: `http://${lab.fleet.gatewayAddress}:${String(lab.control.port)}`, state, run_id: run, at_once: componentsAtOnce, works: accepted.map(workOf) };
  await lab.host.writeFile('/root/request.json', JSON.stringify(request));
  const result = await lab.host.exec(['node', program, '/root/request.json'], { timeoutMs: 5 * 60_000 });
  if (result.exitCode !== 0) throw new Error(`the carrier failed (${String(result.exitCode)}): ${result.stderr}\n${result.stdout}`);
  lab.control.runs.delete(run);
  return (JSON.parse(result.stdout) as CarryAnswer).carried;
}

/** Of one that ended well: its files, its environment and its unit are as they were asked for, byte by byte. */
function differences({ placement: { files, run } }: Accepted, { found: seen }: Carried): string[] {
  if (seen === undefined) return [];
  const env = Object.entries(run.env).filter(([name, value]) => !seen.env.includes(`${name}=${value}`)).map(([name]) => `env ${name} is not as it was asked for`);
  const wrong = [...files.flatMap(({ path, sha256 }, index) => (seen.files[index] === sha256 ? [] : [`${path} is ${seen.files[index] ?? ''}`])), ...env];
  if (run.type === 'docker') return wrong;
  const { ExecStart = '', User, StandardOutput, MainPID: _, ...others } = seen.unit;
  if (!/^\{ path=\/usr\/bin\/sleep ; argv\[\]=\/usr\/bin\/sleep infinity ; [^{}]*\}$/.test(ExecStart) || User !== run.user || StandardOutput !== 'journal') wrong.push(`the unit is another one: ${JSON.stringify(seen.unit)}`);
  return [...wrong, ...Object.entries(others).filter(([, value]) => value !== '').map(([name, value]) => `${name} is ${value}`)];
}

const failures = new Set(['fetch_failed', 'config_error', 'dependency_missing', 'runtime_error', 'healthcheck_failed', 'test_failed', 'build_failed', 'conflict']);

test('the corpus bites: a shell that is given it makes canaries', async () => {
  const scripts = payloads(canaries, '127.0.0.1:1').filter(({ kind }) => kind === 'sh').map(({ text }) => `echo ${text}\n`);
  await lab.host.writeFile('/root/bites.json', JSON.stringify(scripts.filter((text) => !text.includes('\0'))));
  await lab.succeed(['node', '-e', 'for (const text of JSON.parse(require("fs").readFileSync("/root/bites.json"))) require("child_process").spawnSync("/bin/bash", ["-c", text], { stdio: "ignore", timeout: 2000, cwd: "/tmp" })'], 120_000);
  expect((await found()).length).toBeGreaterThan(40);
  await lab.succeed(['find', '/tmp', '-name', '*canary*', '-delete']);
  await lab.succeed(['truncate', '--size=0', '/var/log/shells']);
  expect(await found()).toEqual([]);
});

test('what is accepted is carried out as text: no canary, nobody asked, no shell that was given any of it', async () => {
  const { port } = listener.address() as AddressInfo;
  const corpus = sample(payloads(canaries, `${lab.fleet.gatewayAddress}:${String(port)}`), 10);
  const counts = { payloads: 0, placements: 0, fields: new Set<string>(), well: 0, failed: {} as Record<string, number>, slowestMs: 0 };
  const wrong: string[] = [];
  for (let from = 0; from < corpus.length; from += payloadsAtOnce) {
    const chosen = corpus.slice(from, from + payloadsAtOnce);
    const accepted = await acceptedOf(chosen, deployId, from + 1);
    const carried = accepted.length === 0 ? [] : await carryOut(accepted);
    counts.payloads += chosen.length;
    accepted.forEach((one, index) => {
      const what = carried[index];
      if (what === undefined) return;
      const name = `${one.field} = ${one.payload.name} ${JSON.stringify(one.text.slice(0, 80))}`;
      counts.placements += 1;
      counts.fields.add(one.field);
      counts.slowestMs = Math.max(counts.slowestMs, what.ms);
      if (what.ended === 'well') counts.well += 1;
      else counts.failed[what.type ?? 'broken'] = (counts.failed[what.type ?? 'broken'] ?? 0) + 1;
      if (what.ended !== 'well' && !failures.has(what.type ?? '')) wrong.push(`${name}: ${what.type ?? 'broken'} ${what.message ?? ''}`);
      wrong.push(...differences(one, what).map((difference) => `${name}: ${difference}`));
    });
    if (asked.length > 0) wrong.push(`${chosen.map(({ name }) => name).join(', ')}: ${asked.splice(0).join(', ')}`);
    // A run of all takes a quarter of an hour: what is known so far is told.
    if (corpus.length > 50) process.stdout.write(`attacks: ${String(counts.payloads)} payloads, ${String(counts.placements)} placements, wrong: ${JSON.stringify(wrong)}\n`);
  }
  process.stdout.write(`attacks: ${JSON.stringify({ ...counts, fields: [...counts.fields].sort() })}\n`);
  expect(wrong).toEqual([]);
  expect(await found()).toEqual([]);
  expect((await shells()).filter((line) => line.includes('canary') && !isGits(line))).toEqual([]);
  // It was really on its way: the declared shells ran beside it.
  expect((await shells()).filter((line) => line.includes('TEXT')).length).toBeGreaterThan(0);
  expect(counts.well).toBeGreaterThan(0);
}, 60 * 60_000);

/**
 * git itself starts ssh by a shell, and the server's ssh starts git by one: the address comes as arguments of their own
 * (`"$@"`) or as one quoted word. That it stays text there, the search for canaries shows.
 */
const isGits = (line: string): boolean => /^\/bin\/sh -c (ssh(\\ -o\w+=[\w]+)+\\ \\"\\\$@\\" |git-upload-pack\\ \\'[^']*\\' )/.test(line);
