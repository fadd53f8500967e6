/** `npm run fuzz`: mutated and generated documents, and templates made from a grammar, as many as asked for. */
import { parseArgs } from 'node:util';
import { kinds, textOf, type Kind } from './batch.js';
import { fuzz, type FuzzReport } from './fuzz.js';

const usage = `usage: npm run fuzz -- [options]
  --documents N   so many documents (1000000)
  --templates N   so many templates (50000)
  --seed N        the same seed makes the same cases; another one each time when it is left out
  --threads N     so many at once (2)
  --show N        print document and template N of the seed, and check nothing`;

interface Options { help: boolean; counts: Record<Kind, number>; seed: number; threads: number; show: number | null }

function readOptions(argv: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ args: [...argv], options: { help: { type: 'boolean' }, documents: text, templates: text, seed: text, threads: text, show: text } });
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : whole('--seed', values.seed);
  return {
    help: values.help ?? false, seed, threads: whole('--threads', values.threads ?? '2'), show: values.show === undefined ? null : whole('--show', values.show),
    counts: { documents: whole('--documents', values.documents ?? '1000000'), templates: whole('--templates', values.templates ?? '50000') },
  };
}

function whole(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${option}: ${text} is no whole number\n${usage}`);
  return Number(text);
}

/** Ends with 1 when a promise was not kept. */
export async function main(argv: readonly string[], workerFile: string): Promise<number> {
  const { help, counts, seed, threads, show } = readOptions(argv);
  if (help) console.log(usage);
  if (show !== null) for (const kind of kinds) console.log(`--- ${kind} ${show} of seed ${seed}\n${textOf({ kind, seed }, show)}`);
  if (help || show !== null) return 0;
  let failed = false;
  for (const kind of kinds) {
    if (counts[kind] === 0) continue;
    const report = await fuzz({ kind, seed, count: counts[kind], threads, workerFile });
    console.log(described(report));
    failed ||= report.findings.length > 0;
  }
  return failed ? 1 : 0;
}

function described({ kind, seed, count, accepted, stopped, slowestMs, seconds, findings }: FuzzReport): string {
  const told = findings.map(({ index, what, text }) => `\n${kind} ${index} of seed ${seed} (--seed ${seed} --show ${index}): ${what}\n${text}\n`);
  return [...told, `${count} ${kind} with seed ${seed} in ${seconds} s: ${accepted} accepted, ${stopped} stopped, the slowest answer ${slowestMs} ms, ${findings.length} findings`].join('\n');
}
