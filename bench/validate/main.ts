/** `npm run bench:validate`: reading, ordering and rendering of documents of 50 to 500 components, and their growth. */
import { noSecrets } from '../../control/rendering/secret-texts.js';
import { renderDocument } from '../../control/rendering/render-document.js';
import { validateBundle } from '../../control/documents/validate.js';
import { parseDocument } from '../../spec/document/index.js';
import { documentGraph } from '../../spec/graph.js';
import { columns } from '../report/table.js';
import { median, timed } from '../report/series.js';
import { bundleOf, type SizedBundle } from './document.js';

const sizes = [50, 100, 200, 500] as const;
const runs = 9;
/** Ten times the document in at most so much more than ten times the time. */
const maxGrowth = 1.5;

type Stage = 'parse' | 'graph' | 'render' | 'validate';
type Times = Record<Stage, number>;

async function measured({ yaml, contents }: SizedBundle): Promise<Times> {
  const { document } = parseDocument(yaml);
  const { ok, errors } = await validateBundle(yaml, contents);
  if (document === null || !ok) throw new Error(`the document is not valid: ${JSON.stringify(errors.slice(0, 3))}`);
  const source = { document, deployId: '', version: 0, bundle: contents.entries, texts: contents.texts, env: {}, credentials: { place: { kind: 'vault' as const, prefix: '' }, secrets: noSecrets, wrong: null }, artifacts: () => Promise.resolve(new Map()), written: yaml, digestKey: '' };
  return {
    parse: await medianOf(async () => parseDocument(yaml)),
    graph: await medianOf(async () => documentGraph(document)),
    render: await medianOf(() => renderDocument(source)),
    validate: await medianOf(() => validateBundle(yaml, contents)),
  };
}

async function medianOf(work: () => Promise<unknown>): Promise<number> {
  const values: number[] = [];
  for (let run = 0; run < runs; run += 1) values.push(await timed(work));
  return median(values);
}

/** Time for each component, beside that in the smallest document: 1 is linear. */
const growth = (times: Times, of: SizedBundle, first: Times, firstOf: SizedBundle, stage: Stage): number =>
  times[stage] / of.components / (first[stage] / firstOf.components);

const rows: { bundle: SizedBundle; times: Times }[] = [];
for (const size of sizes) {
  const bundle = bundleOf(size);
  rows.push({ bundle, times: await measured(bundle) });
}

const stages: readonly Stage[] = ['parse', 'graph', 'render', 'validate'];
const [first] = rows;
const last = rows.at(-1);
if (first === undefined || last === undefined) throw new Error('nothing was measured');
const cells = rows.map(({ bundle, times }) => [
  String(bundle.components), String(bundle.hosts), String(bundle.lines), ...stages.map((stage) => times[stage].toFixed(1)),
  `${(times.validate / bundle.components).toFixed(2)}`, `${growth(times, bundle, first.times, first.bundle, 'validate').toFixed(2)}x`,
]);
const grown = stages.map((stage) => growth(last.times, last.bundle, first.times, first.bundle, stage));
console.log(columns([['components', 'hosts', 'lines', ...stages.map((stage) => `${stage} ms`), 'ms a component', 'growth'], ...cells]));
console.log(`\nGrowth from ${first.bundle.components} to ${last.bundle.components} components, 1 being linear: ${stages.map((stage, index) => `${stage} ${(grown[index] ?? 0).toFixed(2)}`).join(', ')}`);
const worst = growth(last.times, last.bundle, first.times, first.bundle, 'validate');
console.log(`${worst <= maxGrowth ? 'met' : 'NOT MET'}: validating grows about linearly (at most ${maxGrowth})`);
