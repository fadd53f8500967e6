/** What a document may have of things that cost the package much and a person nothing: told before they are parsed. */

/** Some seven for a line `key: value`: 22,000 such lines, more than 500 components need. */
const maxLexemes = 160_000;
/** Each is an error of its own to the composer, and hundreds of thousands fit into a document. */
const maxEmptyEntries = 500;
const maxWrongEscapes = 500;

export interface LexemeLimit { message: string; fix: string }

const tooMany: LexemeLimit = { message: `the document has too many keys and values (${maxLexemes} words and marks are read)`, fix: 'Split it into several deploys, or move contents into bundle files.' };
const emptyEntries: LexemeLimit = { message: `more than ${maxEmptyEntries} commas have nothing before them`, fix: 'Remove the commas that part nothing.' };
const wrongEscapes: LexemeLimit = { message: `not valid YAML: quoted texts have more than ${maxWrongEscapes} escapes that mean nothing`, fix: 'Write \\\\ for a backslash, or put the text into single quotes.' };

/** Takes one lexeme after the other; answers the limit that is passed by now, before this one is parsed. */
export class LexemeLimits {
  private lexemes = 0;
  private empty = 0;
  private wrong = 0;
  private last = '';

  passed(lexeme: string): LexemeLimit | null {
    if (lexeme.startsWith('"')) this.wrong += wrongEscapesIn(lexeme);
    const limit = this.wrong > maxWrongEscapes ? wrongEscapes : this.empty > maxEmptyEntries ? emptyEntries : this.lexemes > maxLexemes ? tooMany : null;
    this.lexemes += 1;
    if (lexeme === ',' && opensEntry.has(this.last)) this.empty += 1;
    if (lexeme.trim() !== '') this.last = lexeme;
    return limit;
  }
}

/** After these a comma has nothing before it. */
const opensEntry = new Set([',', '[', '{']);

const escape = /\\(?:[0abtnvfre "/\\N_LP\t\r\n]|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U00(?:0[\da-fA-F]|10)[\da-fA-F]{4}|())/g;

/** Counts until there are too many. */
function wrongEscapesIn(quoted: string): number {
  let wrong = 0;
  for (const [, nothing] of quoted.matchAll(escape)) {
    if (nothing !== undefined) wrong += 1;
    if (wrong > maxWrongEscapes) break;
  }
  return wrong;
}
