/**
 * YAML text to nodes, with the package's lexer, parser and composer driven one lexeme at a time: what is too large or
 * nested too deep ends there, before it costs time or stack. Everything after this may recurse freely.
 */
import { Composer, Lexer, Parser, type CST, type Document } from 'yaml';
import { LexemeLimits } from './lexeme-limits.js';
import { lineTable, type Position } from './line-table.js';

export const maxDepth = 64;

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
  const found = [...document.errors, ...document.warnings].map(({ pos, message }) => ({ offset: pos[0], message: `not valid YAML: ${shortened(message)}`, fix: syntaxFix }));
  // Where reading ended early, what is unclosed there is no mistake of the document's.
  const [limit] = limits;
  const syntax = limit === undefined ? found : found.filter(({ offset }) => position(offset).line < position(limit.offset).line);
  const more = second === undefined ? [] : [{ offset: second.range[0], message: 'a second YAML document starts here', fix: 'Keep one document in a file: remove the line "---".' }];
  return { document, position, troubles: syntax.length > 0 ? syntax : [...limits, ...more] };
}

/** The package quotes what it did not expect, which may be the rest of the document: of that, the first line is enough. */
function shortened(message: string): string {
  const [first = ''] = message.split('\\n');
  const line = first.slice(0, messageMax);
  return line === message ? message : `${line}…`;
}
const messageMax = 160;

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
  const lexemes = new LexemeLimits();
  for (const lexeme of new Lexer().lex(text)) {
    const limit = lexemes.passed(lexeme);
    if (limit !== null) {
      limits.push({ offset: parser.offset, ...limit });
      return;
    }
    yield* parser.next(lexeme);
    if (parser.stack.length > maxDepth && parser.stack.filter(isCollection).length > maxDepth) {
      limits.push({ offset: parser.offset, message: `the document is nested deeper than ${maxDepth} levels`, fix: 'Flatten this part.' });
      break;
    }
  }
  yield* parser.end();
}

const isCollection = ({ type }: CST.Token): boolean => type === 'block-map' || type === 'block-seq' || type === 'flow-collection';
