/** What a host tells and keeps: not the files, environments and logs that the secrets are for. */
import type { FleetHost } from '../fleet/fleet.js';
import type { Place } from './places.js';

/** Units of components: what they print is theirs. */
export const unitPrefix = 'canary-';

/** Prints the journal without what the components' own units have printed. */
const journal = `
import json, subprocess, sys
lines = subprocess.run(['journalctl', '--output=json', '--no-pager', '--quiet', '--all'], stdout=subprocess.PIPE, check=True).stdout.splitlines()
for line in lines:
    entry = json.loads(line)
    if str(entry.get('_SYSTEMD_UNIT', '')).startswith('${unitPrefix}') : continue
    message = entry.get('MESSAGE', '')
    print(bytes(message).decode('utf-8', 'replace') if isinstance(message, list) else message)
`;

/**
 * Looks at all processes over and over, since most of what an apply starts is gone in a moment. Environments of containers, of
 * units and of builds are what the secrets are for; arguments are nobody's.
 */
const sampler = `
import os, pwd
own = os.readlink('/proc/self/ns/pid')
try: build = pwd.getpwnam('maestro-build').pw_uid
except KeyError: build = -1
seen = set()
def read(pid, what):
    with open('/proc/%s/%s' % (pid, what), 'rb') as file: return file.read()
while not os.path.exists('/run/sampler.stop'):
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            seen.add(('cmdline', read(pid, 'cmdline')))
            if os.readlink('/proc/%s/ns/pid' % pid) != own or b'${unitPrefix}' in read(pid, 'cgroup'): continue
            if build == -1:
                try: build = pwd.getpwnam('maestro-build').pw_uid
                except KeyError: pass
            if os.stat('/proc/%s' % pid).st_uid != build: seen.add(('environ', read(pid, 'environ')))
        except OSError: pass
for what in ('cmdline', 'environ'):
    with open('/run/sampler.' + what, 'wb') as out: out.write(b'\\n'.join(text for kind, text in seen if kind == what))
`;

export async function startSampler(host: FleetHost): Promise<void> {
  await host.writeFile('/srv/sampler.py', sampler);
  const { exitCode, stderr } = await host.exec(['systemd-run', '--quiet', '--unit', 'sampler', '--nice', '10', 'python3', '/srv/sampler.py']);
  if (exitCode !== 0) throw new Error(stderr);
}

export async function stopSampler(host: FleetHost): Promise<void> {
  await host.exec(['touch', '/run/sampler.stop']);
  const { stdout } = await host.exec(['sh', '-c', 'for i in $(seq 100); do test -e /run/sampler.environ && echo ended && break; sleep 0.1; done']);
  if (!stdout.includes('ended')) throw new Error('the sampler has not ended');
}

export async function placesOnHost(host: FleetHost): Promise<Place[]> {
  const read = async (name: string, argv: readonly string[]): Promise<Place> => {
    const { exitCode, stdout, stderr } = await host.exec(argv, { timeoutMs: 60_000 });
    if (exitCode !== 0) throw new Error(`${name} on ${host.id}: ${stderr}`);
    return { name: `${host.id}: ${name}`, bytes: Buffer.from(stdout) };
  };
  return Promise.all([
    read('journal', ['python3', '-c', journal]),
    read('cmdline', ['cat', '/run/sampler.cmdline']),
    read('environ', ['cat', '/run/sampler.environ']),
    read('state of the worker', ['sh', '-c', 'find /var/lib/maestro -type f -exec cat {} +']),
    read('units', ['sh', '-c', 'cat /etc/systemd/system/*.service']),
    read('releases', ['sh', '-c', 'find /opt -path "*/.releases/*" -type f -size -200k -exec cat {} +']),
    read('temporary files', ['sh', '-c', 'find /tmp /var/tmp /root /run/maestro* -type f -size -1000k -exec cat {} + 2>/dev/null || true']),
    read('what Docker tells of containers', ['sh', '-c', "docker ps -aq | xargs docker inspect --format '{{json .Name}} {{json .Config.Labels}} {{json .Config.Cmd}} {{json .Args}} {{json .State}} {{json .Mounts}}'"]),
  ]);
}
