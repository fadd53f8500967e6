/** `npm run bench`: the same workload by Maestro, by bare commands, by pyinfra and by Ansible, in one run on one machine. */
import { writeFile } from 'node:fs/promises';
import { cpus, loadavg } from 'node:os';
import { startFleet, type Fleet } from '../test/fleet/fleet.js';
import { measureFloor } from './floor/floor.js';
import { gatewayTable, measureGateway } from './gateway/gateway.js';
import { measureMaestro, type MaestroFigures } from './maestro/maestro.js';
import { profileRollouts } from './maestro/profile.js';
import { readOptions, usage, type Alone, type Options, type Tool } from './options.js';
import { measureRolloutModel } from './rollout-model/rollout-model.js';
import { measureRolloutPage } from './rollout-page/rollout-page.js';
import { makeAnsible } from './ansible/ansible.js';
import { measurePeer } from './peers/peer.js';
import { ansible, pyinfra } from './peers/venv.js';
import { makePyinfra } from './pyinfra/pyinfra.js';
import { peerRuns, type Figures } from './report/cases.js';
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

type Other = Exclude<Tool, 'maestro'>;

const others: Record<Other, (fleet: Fleet) => Promise<Figures>> = {
  floor: measureFloor,
  pyinfra: (fleet) => measurePeer(fleet, makePyinfra, peerRuns.pyinfra),
  ansible: (fleet) => measurePeer(fleet, makeAnsible, peerRuns.ansible),
};

/** They get hosts of their own, on which no Maestro runs. */
async function measureOthers({ only }: Options): Promise<Tools> {
  const chosen = only.filter((tool) => tool !== 'maestro');
  if (chosen.length === 0) return {};
  const fleet = await startFleet({ hosts });
  try {
    await pullImages(fleet);
    const found: Tools = {};
    for (const tool of chosen) {
      begin(tool);
      found[tool] = await others[tool](fleet);
    }
    return found;
  } finally {
    await fleet.stop();
  }
}

async function measureOwn({ only }: Options): Promise<MaestroFigures | undefined> {
  if (!only.includes('maestro')) return undefined;
  begin('maestro');
  return measureMaestro();
}

async function compare(options: Options): Promise<void> {
  const beside = await measureOthers(options);
  const maestro = await measureOwn(options);
  begin('end');
  const tools: Tools = { ...beside, ...(maestro === undefined ? {} : { maestro: maestro.figures }) };
  tellTools(tools, maestro);
  if (options.json !== null) {
    await writeFile(options.json, `${JSON.stringify({ cpus: cpus().length, load1: load, peers: [pyinfra.requirement, ansible.requirement], figures: tools, goals: goals(tools), memory: maestro?.memory }, null, 2)}\n`);
  }
}

function tellTools(tools: Tools, maestro: MaestroFigures | undefined): void {
  console.log(`\n${figuresTable(tools)}\n`);
  console.log(`Images are on the hosts in every case. Maestro: from POST apply to the event of success; submitting the version is measured apart.
${pyinfra.requirement} and ${ansible.requirement} check the health of what they changed; Maestro and the floor check that of all 20 also in a no-op.\n`);
  if (maestro !== undefined) console.log(memoryTable(maestro.memory.idle, maestro.memory.after));
}

/** Each prints its own figures. */
const alone: Record<Alone, () => Promise<void>> = {
  gateway: async () => console.log(gatewayTable(await measureGateway())),
  'rollout-model': measureRolloutModel, 'rollout-page': measureRolloutPage,
};

async function measureAlone(options: Options): Promise<void> {
  for (const name of options.alone) await alone[name]();
}

const options = readOptions(process.argv.slice(2));
if (options.help) console.log(usage);
else if (options.sizes) await compareSizes(options);
else if (options.profile !== null) await profileRollouts(options.profile, options.json);
else {
  if (options.only.length > 0) await compare(options);
  await measureAlone(options);
}
