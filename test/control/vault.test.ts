/** The vault's file: what is put in comes out, nobody without the key reads it, and what is damaged is refused and left as it is. */
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { isSecretPath, Vault, vaultKeys } from '../../control/secrets/index.js';

let dataDir: string;
beforeEach(async () => { dataDir = await mkdtemp(join(tmpdir(), 'maestro-vault-')); });
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const vaultWith = (passphrase?: string): Vault => new Vault(dataDir, vaultKeys({ dataDir, passphrase }));
const valuesOf = async (vault: Vault, path: string): Promise<string[]> => (await vault.read()).get(path)?.versions.map(({ value }) => value) ?? [];
const hidden = 'a value that must not be seen';

describe.each([['a key file', undefined], ['a passphrase', 'correct horse battery']])('a vault under %s', (_name, passphrase) => {
  it('gives back what was put in, by path and version, also to a process that starts later', async () => {
    const vault = vaultWith(passphrase);
    expect((await vault.set('prod/db', 'one')).version).toBe(1);
    expect((await vault.set('prod/db', 'two')).version).toBe(2);
    await vault.set('prod/api-key', 'ключ\n🔑');
    const later = vaultWith(passphrase);
    expect(await valuesOf(later, 'prod/db')).toEqual(['one', 'two']);
    expect(await valuesOf(later, 'prod/api-key')).toEqual(['ключ\n🔑']);
  });

  it('forgets the values of what was deleted, and never uses a version number again', async () => {
    const vault = vaultWith(passphrase);
    await vault.set('prod/db', 'one');
    expect(await vault.remove('prod/db')).toBe(true);
    expect(await vault.remove('prod/db')).toBe(false);
    expect(await valuesOf(vault, 'prod/db')).toEqual([]);
    expect((await vault.set('prod/db', 'another')).version).toBe(2);
  });

  it('shows neither names nor values, and only its owner may read it', async () => {
    const vault = vaultWith(passphrase);
    await vault.set('prod/some-name', hidden);
    const bytes = await readFile(vault.file);
    for (const text of [hidden, 'some-name', Buffer.from(hidden).toString('base64'), passphrase ?? hidden]) expect(bytes.includes(text)).toBe(false);
    expect((await stat(vault.file)).mode & 0o777).toBe(0o600);
    expect((await stat(dirname(vault.file))).mode & 0o777).toBe(0o700);
    expect(await readdir(dirname(vault.file))).toEqual(['secrets.vault']);
  });

  it('is sealed anew each time: the same content twice is not the same file', async () => {
    const vault = vaultWith(passphrase);
    await vault.set('a', hidden);
    const first = await readFile(vault.file);
    await vault.remove('a');
    await vault.set('a', hidden);
    expect((await readFile(vault.file)).equals(first)).toBe(false);
  });

  it('with any flipped bit or a missing end is refused with its name, for reading and for writing, and left as it is', async () => {
    const vault = vaultWith(passphrase);
    await vault.set('prod/db', hidden);
    const whole = await readFile(vault.file);
    const spoilt = [
      ...Array.from({ length: whole.length }, (_, at) => Buffer.from(whole.map((byte, index) => (index === at ? byte ^ (1 << (at % 8)) : byte)))),
      ...Array.from({ length: whole.length }, (_, length) => whole.subarray(0, length)),
      Buffer.concat([whole, Buffer.from('x')]), Buffer.alloc(2048, 0x20),
    ];
    for (const bytes of spoilt) {
      await writeFile(vault.file, bytes);
      await expect(vault.read()).rejects.toMatchObject({ code: 'config_error', message: expect.stringMatching(/vault/), fix: expect.stringMatching(/\w{5}/) });
    }
    await expect(vault.set('prod/db', 'new')).rejects.toMatchObject({ code: 'config_error' });
    expect((await readFile(vault.file)).equals(spoilt.at(-1) ?? whole)).toBe(true);
    await writeFile(vault.file, whole);
    expect(await valuesOf(vault, 'prod/db')).toEqual([hidden]);
  }, 60_000);
});

describe('the wrong key', () => {
  it('is told from damage, loses nothing, and says what to do', async () => {
    await vaultWith('correct horse battery').set('a', 'one');
    await expect(vaultWith('another passphrase').read()).rejects.toMatchObject({ message: expect.stringMatching(/does not open with this passphrase/), fix: expect.stringMatching(/MAESTRO_VAULT_PASSPHRASE/) });
    await expect(vaultWith('another passphrase').set('a', 'two')).rejects.toMatchObject({ code: 'config_error' });
    await expect(vaultWith().read()).rejects.toMatchObject({ message: expect.stringMatching(/sealed with a passphrase/) });
    expect(await valuesOf(vaultWith('correct horse battery'), 'a')).toEqual(['one']);
  });

  it('or none: a vault whose key file is gone does not get a new one', async () => {
    await vaultWith().set('a', 'one');
    const keyFile = join(dataDir, 'keys', 'vault.key');
    const key = await readFile(keyFile, 'utf8');
    expect(key).toMatch(/^[0-9a-f]{64}$/);
    await rm(keyFile);
    await expect(vaultWith().set('a', 'two')).rejects.toMatchObject({ message: expect.stringMatching(/vault\.key is missing/) });
    await expect(readFile(keyFile)).rejects.toMatchObject({ code: 'ENOENT' });
    await writeFile(keyFile, '0'.repeat(64));
    await expect(vaultWith().read()).rejects.toMatchObject({ message: expect.stringMatching(/does not open with this key file/) });
    await writeFile(keyFile, key);
    expect(await valuesOf(vaultWith(), 'a')).toEqual(['one']);
    await expect(vaultWith('correct horse battery').read()).rejects.toMatchObject({ message: expect.stringMatching(/sealed with a key file/) });
  });
});

describe('a path of a secret', () => {
  it.each(['a', 'prod/db/password', 'A.b_c-d/0', 'x'.repeat(255), 'constructor'])('may be %s', (path) => expect(isSecretPath(path)).toBe(true));
  it.each(['', '/', '/a', 'a/', 'a//b', '../a', 'a/../b', '.a', '__proto__', 'a b', 'ä', 'a\n', 'a?b', 'x'.repeat(256)])('may not be %j', (path) => expect(isSecretPath(path)).toBe(false));

  it('survives a URL, encoded or not', () => {
    fc.assert(fc.property(fc.string(), (text) => {
      if (!isSecretPath(text)) return;
      expect(new URL(`http://x/api/secrets/${text}`).pathname).toBe(`/api/secrets/${text}`);
      expect(decodeURIComponent(encodeURIComponent(text))).toBe(text);
    }));
  });
});
