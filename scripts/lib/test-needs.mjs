// What the tests use beyond npm packages: a browser, PostgreSQL, git, and the fleet of hosts made of containers (which
// sees to Docker itself). On Debian and as root it is installed; elsewhere a line says what is missing and what that means.
import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { SetupError, root, run } from './run.mjs';

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).concat('/usr/sbin', '/sbin').some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const postgresHome = '/usr/lib/postgresql';
const hasPostgres = () => onPath('postgres') || (existsSync(postgresHome) && readdirSync(postgresHome).length > 0);

const needs = [
  { what: 'Chromium', present: () => onPath('chromium') || onPath('chromium-browser') || onPath('google-chrome'), packages: ['chromium'], without: 'the tests of the web app fail' },
  { what: 'PostgreSQL', present: hasPostgres, packages: ['postgresql'], without: 'the tests on an external database fail' },
  { what: 'git', present: () => onPath('git'), packages: ['git'], without: 'the tests of git sources fail' },
];

const canInstall = () => process.getuid?.() === 0 && onPath('apt-get') && existsSync('/etc/debian_version');

async function aptInstall(packages, say) {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const fix = `install them yourself: ${packages.join(' ')}`;
  say(`installing ${packages.join(', ')} with apt-get`);
  await run('updating the package lists', 'apt-get', ['update', '-q'], { timeoutMs: 5 * 60_000, env, fix });
  await run('installing Debian packages', 'apt-get', ['install', '-q', '-y', '--no-install-recommends', ...packages], { timeoutMs: 15 * 60_000, env, fix });
}

async function ensureFleet(say) {
  const script = join(root, 'test', 'fleet', 'ensure.sh');
  if (!existsSync(script)) return;
  try {
    await run('preparing the fleet of test hosts', script, [], { timeoutMs: 20 * 60_000, fix: `run ${script} by hand and read its output` });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`${error.message}\n      Without it the tests in test/fleet fail.`);
  }
}

/** True when something had to be installed. What cannot be installed is said, not fatal: the other tests still run. */
export async function ensureTestNeeds(say) {
  const missing = needs.filter((need) => !need.present());
  if (missing.length > 0 && canInstall()) await aptInstall(missing.flatMap((need) => need.packages), say);
  for (const need of needs.filter((one) => !one.present())) say(`missing: ${need.what}; ${need.without}. Install it (Debian: ${need.packages.join(' ')}).`);
  if (process.platform === 'linux' && process.getuid?.() === 0) await ensureFleet(say);
  else say('the fleet of test hosts needs Linux and root; the tests in test/fleet fail without it.');
  return missing.length > 0;
}
