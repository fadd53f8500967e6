/** What every answer promises, whatever was asked: the findings of the fuzz are the promises that were not kept. */
import { isErrorCode, type Diagnostic } from '../../spec/errors.js';

export const maxAnswerMs = 2500;
const maxErrors = 501;

/** Stands in the environment of the process that is fuzzed, where only a leak could bring it from. */
export const canary = 'canary-5f3a91c7-of-the-control-plane';
export const plantCanary = (): void => { process.env['MAESTRO_FUZZ_CANARY'] = canary; };

/** Words of our own inside, which no message may have. */
const inside = new RegExp(`${canary}|\\[native code\\]|node_modules|node:internal|\\bat .{1,80}:\\d+:\\d+|file://.*\\.m?[jt]s`);
export const leaks = (text: string): boolean => inside.test(text);

export function brokenPromises(text: string, diagnostics: readonly Diagnostic[]): string[] {
  if (diagnostics.length > maxErrors) return [`${diagnostics.length} diagnostics in one answer`];
  const lines = text.split('\n');
  return diagnostics.flatMap((diagnostic) => brokenPromise(lines, text, diagnostic).map((what) => `${what}: ${JSON.stringify(diagnostic)}`));
}

function brokenPromise(lines: readonly string[], text: string, { code, path, line, column, message, suggested_fix: fix }: Diagnostic): string[] {
  const promises: readonly [kept: boolean, what: string][] = [
    [isErrorCode(code) && code !== 'internal', 'not a code of the language'],
    [typeof path === 'string', 'no path'],
    [Number.isInteger(line) && line >= 1 && line <= lines.length, 'no line of the document'],
    [Number.isInteger(column) && column >= 1 && column <= (lines[line - 1] ?? '').length + 1, 'no column of its line'],
    [/\S{2}/.test(message) && !/\bundefined$|\[object /.test(message.replace(/"[^"]*"/g, '')), 'no message for a person'],
    [/\S+ \S/.test(fix), 'no fix'],
    [!leaks(`${message} ${fix}`) || leaks(text), 'the inside of the control plane shows'],
  ];
  return promises.filter(([kept]) => !kept).map(([, what]) => what);
}

/** The answer to a question and what it broke by being slow or by failing. A busy machine is no slow answer: it is asked twice. */
export async function answered<T>(ask: () => Promise<T>): Promise<{ answer: T | null; broken: string[]; ms: number }> {
  try {
    const first = await timed(ask);
    const { answer, ms } = first.ms > maxAnswerMs ? await timed(ask) : first;
    return { answer, ms, broken: ms > maxAnswerMs ? [`an answer after ${Math.round(ms)} ms`] : [] };
  } catch (error) {
    return { answer: null, ms: 0, broken: [`a crash: ${error instanceof Error ? error.stack ?? error.message : String(error)}`] };
  }
}

async function timed<T>(ask: () => Promise<T>): Promise<{ answer: T; ms: number }> {
  const started = performance.now();
  const answer = await ask();
  return { answer, ms: performance.now() - started };
}
