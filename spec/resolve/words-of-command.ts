/**
 * Splits a command line into words like a shell would, with its quotes and backslashes, but expands nothing.
 * Null: a quote or a backslash is left open.
 */
export function splitCommand(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    if (char === '\\' && quote !== "'") {
      at += 1;
      if (at === line.length) return null;
      word = (word ?? '') + escaped(line.charAt(at), quote);
    } else if (quote !== null) {
      if (char === quote) quote = null;
      else word = (word ?? '') + char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (/\s/.test(char)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (quote !== null) return null;
  return word === null ? words : [...words, word];
}

/** Inside of double quotes a backslash stays before everything but what it can protect there. */
const escaped = (char: string, quote: '"' | null): string => (quote === '"' && !'"\\$`'.includes(char) ? `\\${char}` : char);
