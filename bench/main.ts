/** `npm run bench`: the same workload by Maestro, by bare commands and by pyinfra, in one run on one machine. */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { startFleet, type Fleet } from '../test/fleet/fleet.js';
import { measureFloor } from './floor/floor.js';
import { measureMaestro, type MaestroFigures } from './maestro/maestro.js';
import { profileRollouts } from './maestro/profile.js';
import { readOptions, usage, type Options, type Tool } from './options.js';
import { measurePyinfra } from './pyinfra/pyinfra.js';
import { pyinfraVersion } from './pyinfra/venv.js';
import { compareSizes } from './sizes/sizes.js';
import { figuresTable, goals, memoryTable, type Tools } from './report/table.js';
import { pullImages } from './workload/fleet.js';
import { hosts } from './workload/workload.js';

const load: Partial<Record<Tool | 'end', number>> = {};

/** A machine that others use as well gives other figures: the load is told with them. */
function begin(tool: Tool | 'end'): void {
  load[tool] = loadavg()[0];
  if (tool !== 'end') console.log(`${tool} … (load ${(load[tool] ?? 0).toFixed(1)} on ${cpus().length} CPUs)`);
}

/** The floor and pyinfra get hosts of their own, on which no Maestro runs. */
async function measureOthers({ only }: Options): Promise<Pick<Tools, 'floor' | 'pyinfra'>> {
  if (!only.includes('floor') && !only.includes('pyinfra')) return {};
  const fleet = await startFleet({ hosts });
  try {
    await pullImages(fleet);
    return { ...(await measureOther(fleet, only, 'floor', measureFloor)), ...(await measureOther(fleet, only, 'pyinfra', measurePyinfra)) };
  } finally {
    await fleet.stop();
  }
}

async function measureOther(fleet: Fleet, only: readonly Tool[], tool: 'floor' | 'pyinfra', work: (fleet: Fleet) => Promise<NonNullable<Tools['floor']>>): Promise<Tools> {
  if (!only.includes(tool)) return {};
  begin(tool);
  return { [tool]: await work(fleet) };
}

async function measureOwn({ only }: Options): Promise<MaestroFigures | undefined> {
  if (!only.includes('maestro')) return undefined;
  begin('maestro');
  return measureMaestro();
}

async function compare(options: Options): Promise<void> {
  const others = await measureOthers(options);
  const maestro = await measureOwn(options);
  begin('end');
  const tools: Tools = { ...others, ...(maestro === undefined ? {} : { maestro: maestro.figures }) };
  console.log(`\n${figuresTable(tools)}\n`);
  console.log(`Images are on the hosts in every case. Maestro: from POST apply to the event of success; submitting the version is measured apart.
pyinfra ${pyinfraVersion} checks the health of what it changed; Maestro and the floor check that of all 20 also in a no-op.\n`);
  if (maestro !== undefined) console.log(memoryTable(maestro.memory.idle, maestro.memory.after));
  if (options.json !== null) {
    await writeFile(options.json, `${JSON.stringify({ cpus: cpus().length, load1: load, pyinfra_version: pyinfraVersion, figures: tools, goals: goals(tools), memory: maestro?.memory }, null, 2)}\n`);
  }
}

const options = readOptions(process.argv.slice(2));
if (options.help) console.log(usage);
else if (options.sizes) await compareSizes(options);
else if (options.profile !== null) await profileRollouts(options.profile, options.json);
else await compare(options);
