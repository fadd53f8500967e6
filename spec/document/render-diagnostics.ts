/** Diagnostics for people, with the line they are about and a caret under the column; and for machines, as the API answers them. */
import type { Diagnostic } from '../errors.js';

export function renderDiagnostics(written: string, diagnostics: readonly Diagnostic[]): string {
  // Lines as read-yaml.ts counts them: without the byte order mark, each ending at a line feed.
  const lines = (written.startsWith('\uFEFF') ? written.slice(1) : written).split('\n');
  return diagnostics.map((diagnostic) => renderOne(lines[diagnostic.line - 1], diagnostic)).join('\n');
}

/** One JSON array; its keys and their order are stable. */
export const diagnosticsJson = (diagnostics: readonly Diagnostic[]): string =>
  JSON.stringify(diagnostics.map(({ code, path, line, column, message, suggested_fix }) => ({ code, path, line, column, message, suggested_fix })));

function renderOne(source: string | undefined, { code, path, line, column, message, suggested_fix: fix }: Diagnostic): string {
  const number = String(line);
  const margin = ' '.repeat(number.length);
  const place = [...(line > 0 ? [`${line}:${column}`] : []), ...(path === '' ? [] : [visible(path)])].join(' ');
  const { text, caret } = source === undefined ? { text: null, caret: '' } : excerpt(source.replace(/\r$/, ''), column);
  return [
    `${code}: ${visible(message)}`,
    ...(place === '' ? [] : [`${margin}--> ${place}`]),
    ...(text === null ? [] : [`${number} | ${text}`, `${margin} | ${caret}^`]),
    ...(fix === '' ? [] : [`${margin} = ${visible(fix)}`]),
  ].map((row) => `${row}\n`).join('');
}

/** Of a longer line only the part around the column is shown. */
const longestLine = 200;

function excerpt(line: string, column: number): { text: string; caret: string } {
  const at = startOfCharacter(line, Math.min(Math.max(column - 1, 0), line.length));
  const from = line.length > longestLine ? startOfCharacter(line, Math.max(0, at - longestLine / 2)) : 0;
  const to = startOfCharacter(line, Math.min(line.length, from + longestLine));
  const before = `${from > 0 ? '…' : ''}${line.slice(from, at)}`;
  return { text: visible(`${before}${line.slice(at, to)}${to < line.length ? '…' : ''}`), caret: blank(before) };
}

/** Never in the middle of a character of two code units. */
const startOfCharacter = (line: string, at: number): number => (/[\uD800-\uDBFF][\uDC00-\uDFFF]/.test(line.slice(Math.max(0, at - 1), at + 1)) ? at - 1 : at);

/** A document may hold what moves the cursor or turns the direction of a line: it is shown as a sign of its own. */
const visible = (text: string): string => text.replace(/[^\P{C}\t]|[\u2028\u2029]/gu, '\uFFFD');

/** As wide as the text on a terminal; a tab stays one, so that it ends at the same place. */
const blank = (text: string): string => [...visible(text)].map((character) => (character === '\t' ? character : ' '.repeat(widthOf(character)))).join('');

const combining = /^[\p{Mn}\p{Me}\u1160-\u11FF]$/u;
const narrow = /^[\uFF61-\uFFDC\uFFE8-\uFFEE\u{1F1E6}-\u{1F1FF}]$/u;
const wide = /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}\p{Script=Yi}\p{Emoji_Presentation}\u3000-\u303E\uFF01-\uFF60\uFFE0-\uFFE6]$/u;

function widthOf(character: string): 0 | 1 | 2 {
  if (combining.test(character)) return 0;
  return wide.test(character) && !narrow.test(character) ? 2 : 1;
}
