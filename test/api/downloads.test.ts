/** What anybody may fetch, and nothing else. */
import { createHash } from 'node:crypto';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ReleaseKey } from '../../control/host-bundles/index.js';
import { openRelease } from '../../host-worker/bundle/release.js';
import { useApi } from './harness.js';

const held = useApi();
const bytes = Buffer.from('an archive');
const sha256 = createHash('sha256').update(bytes).digest('hex');
const facts = (version: string) => ({ file: `maestro-host-${version}-linux-x64.tar.gz`, version, platform: 'linux-x64', build: 'a'.repeat(12), glibc: '2.28', bytes: bytes.length, sha256, manifest_sha256: sha256 });
const file = facts('1.2.0').file;

describe('before anything is built', () => {
  it('the script says what is missing', async () => {
    const { status, body } = await held.api.ask('/install.sh');
    expect({ status, body }).toMatchObject({ status: 503, body: { code: 'unavailable', suggested_fix: expect.stringContaining('build.mjs host-bundle') as string } });
  });
});

describe('downloads', () => {
  let folder: string;

  beforeAll(async () => {
    folder = join(held.api.dataDir, 'download');
    await mkdir(folder);
    for (const version of ['1.2.0', '1.10.0']) {
      await writeFile(join(folder, facts(version).file), bytes);
      await writeFile(join(folder, `maestro-host-${version}-linux-x64.json`), JSON.stringify(facts(version)));
    }
    await writeFile(join(folder, 'install.sh.in'), '#!/bin/sh\n# @MAESTRO_URL@ @MAESTRO_KEY@ @MAESTRO_GLIBC@\n@MAESTRO_ARCHIVES@\n');
    await writeFile(join(folder, 'secret.tar.gz'), 'secret');
    await symlink('/etc/hostname', join(folder, 'maestro-host-9.9.9-linux-x64.tar.gz'));
  });

  it('are for everybody: the archive with its length, its SHA-256, its release, the newest release', async () => {
    const archive = await held.api.ask(`/download/${file}`);
    expect({ status: archive.status, text: archive.text, length: archive.headers.get('content-length') }).toEqual({ status: 200, text: 'an archive', length: String(bytes.length) });
    expect((await held.api.ask(`/download/${file}.sha256`)).text).toBe(`${sha256}  ${file}\n`);
    const key = ReleaseKey.fromSeed('5'.repeat(64)).public;
    const releaseOf = async (name: string) => openRelease((await held.api.ask(`/download/${name}`)).text, [key], Date.now());
    expect((await releaseOf(`${file}.release.json`)).archive).toEqual(facts('1.2.0'));
    expect((await releaseOf('linux-x64.release.json')).archive).toEqual(facts('1.10.0'));
  });

  it('of the script have the address, the key and the newest archives in them', async () => {
    const { status, text, headers } = await held.api.ask('/install.sh');
    expect(status).toBe(200);
    expect(headers.get('content-type')).toContain('shellscript');
    expect(text).toContain(`linux-x64 ${facts('1.10.0').file} ${sha256}`);
    expect(text).not.toContain(file);
    expect(text).toContain('http://maestro.test');
  });

  it.each(['secret.tar.gz', 'install.sh.in', 'maestro-host-9.9.9-linux-x64.tar.gz', '..%2f..%2fetc%2fpasswd', '%2e%2e%2fkeys%2fhost-release.key', `${file}%00`, `${file}.json`, 'maestro-host-1.2.0-linux-x64.json', `.${file}`, 'linux-arm64.release.json'])('are nothing else: %s', async (name) => {
    const { status, text } = await held.api.ask(`/download/${name}`);
    expect([404, 422]).toContain(status);
    expect(text).not.toContain('secret"');
  });

  it('of an archive that is not the one that was built are refused', async () => {
    await writeFile(join(folder, file), 'longer than it was');
    expect((await held.api.ask(`/download/${file}`)).status).toBe(404);
    await writeFile(join(folder, file), bytes);
  });
});
