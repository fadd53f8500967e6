/**
 * YAML text to nodes, with the package's lexer, parser and composer driven one lexeme at a time: what is too large or
 * nested too deep ends there, before it costs time or stack. Everything after this may recurse freely.
 */
import { Composer, Lexer, Parser, type CST, type Document } from 'yaml';
import { lineTable, type Position } from './line-table.js';

export const maxDepth = 64;
/** Some seven for a line `key: value`: 22,000 such lines, more than 500 components need. */
const maxLexemes = 160_000;

export interface Trouble { offset: number; message: string; fix: string }
export interface Composed { document: Document.Parsed; troubles: Trouble[]; position(offset: number): Position }

const syntaxFix = 'Correct the syntax at this line; check indentation, quotes and colons.';

export function composeYaml(text: string): Composed {
  const position = lineTable(text);
  const limits: Trouble[] = [];
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false, resolveKnownTags: false });
  const [document, second] = withoutStacks(() => [...composer.compose(boundedTokens(text, limits), true, text.length)]);
  if (document === undefined) throw new Error('the composer always gives a document');
  // Warnings are tags it does not know and such: nothing is silently ignored.
  const found = [...document.errors, ...document.warnings].map(({ pos, message }) => ({ offset: pos[0], message: `not valid YAML: ${message}`, fix: syntaxFix }));
  // Where reading ended early, what is unclosed there is no mistake of the document's.
  const [limit] = limits;
  const syntax = limit === undefined ? found : found.filter(({ offset }) => position(offset).line < position(limit.offset).line);
  const more = second === undefined ? [] : [{ offset: second.range[0], message: 'a second YAML document starts here', fix: 'Keep one document in a file: remove the line "---".' }];
  return { document, position, troubles: syntax.length > 0 ? syntax : [...limits, ...more] };
}

/** What is wrong with a document becomes an Error in the package, and its stack, of no use here, costs most of its time. */
function withoutStacks<T>(work: () => T): T {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function* boundedTokens(text: string, limits: Trouble[]): Generator<CST.Token> {
  const parser = new Parser();
  let [lexemes, wrongEscapes] = [0, 0];
  for (const lexeme of new Lexer().lex(text)) {
    if (lexeme.startsWith('"')) wrongEscapes += wrongEscapesIn(lexeme);
    if (wrongEscapes > maxWrongEscapes) {
      limits.push({ offset: parser.offset, message: `not valid YAML: quoted texts have more than ${maxWrongEscapes} escapes that mean nothing`, fix: 'Write \\\\ for a backslash, or put the text into single quotes.' });
      return;
    }
    yield* parser.next(lexeme);
    lexemes += 1;
    if (lexemes > maxLexemes) {
      limits.push({ offset: parser.offset, message: `the document has too many keys and values (${maxLexemes} words and marks are read)`, fix: 'Split it into several deploys, or move contents into bundle files.' });
      return;
    }
    if (parser.stack.length > maxDepth && parser.stack.filter(isCollection).length > maxDepth) {
      limits.push({ offset: parser.offset, message: `the document is nested deeper than ${maxDepth} levels`, fix: 'Flatten this part.' });
      break;
    }
  }
  yield* parser.end();
}

/** Each is an error of its own to the composer, and hundreds of thousands fit into a document. */
const maxWrongEscapes = 500;
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

const isCollection = ({ type }: CST.Token): boolean => type === 'block-map' || type === 'block-seq' || type === 'flow-collection';
