/** docs/diagnostics.md: the table of all diagnostics, and for each what it says of a wrong fragment. */
import { renderDiagnostics } from '../../spec/document/render-diagnostics.js';
import { badDocument, mark, type DiagnosticEntry, type Large } from './diagnostics/entry.js';
import { chapters } from './diagnostics/index.js';
import { findingsOf } from './findings.js';
import { block, code, generated, plain, table } from './markdown.js';

const introduction = `# Diagnostics

What Maestro says of a document, each with a wrong and a right fragment. A diagnostic has a stable \`code\`, the dotted \`path\`
of what it is about, \`line\` and \`column\` in the text (both from 1), a \`message\` and a \`suggested_fix\`. Match on the code, not
on the message. Warnings do not make a document invalid.

All findings come at once, at most 500 of them; what is beyond that is counted in a last one. Fragments stand in a small
document, at the place that is named above them. That a host is not enrolled (\`not_found\`) is the one finding that takes more
than the document and its bundle: a warning of validate, a refusal of apply.

`;

export async function diagnosticsPage(): Promise<string> {
  const parts = await Promise.all(chapters.map(async ({ title, about, entries }) => {
    const sections: string[] = [];
    for (const entry of entries) sections.push(await section(entry));
    return `## ${title}\n\n${about}\n\n${sections.join('\n')}`;
  }));
  return `${generated('scripts/docs/diagnostics')}${introduction}${overview()}\n${parts.join('\n')}`;
}

const codeOf = ({ code: written = 'validation_error', warning = false }: DiagnosticEntry): string => `${code(written)}${warning ? ' (warning)' : ''}`;

const overview = (): string => table(['name', 'code', 'what it means'], chapters.flatMap(({ entries }) => entries.map((entry) => [`[${entry.name}](#${entry.name})`, codeOf(entry), plain(entry.meaning)])));

async function section(entry: DiagnosticEntry): Promise<string> {
  const { name, meaning, frame, bad, good, varies = false, files = {} } = entry;
  const beside = Object.keys(files).length === 0 ? '' : `, with ${Object.keys(files).map(code).join(' and ')} in the bundle`;
  const said = varies ? '' : `${block('text', await saidOf(entry))}\n`;
  return `### ${name}\n\n${codeOf(entry)}: ${plain(meaning)}\n\nWrong, in ${frame}${beside}:\n\n${fragment(bad)}\n${said}Right:\n\n${fragment(good)}`;
}

const fragment = (written: string | Large): string => block('yaml', typeof written === 'string' ? written.replace(mark, '') : `# ${written.shown}`);

/** As it is shown to people, at its place in the fragment. */
async function saidOf(entry: DiagnosticEntry): Promise<string> {
  const { text, at, inFragment } = badDocument(entry);
  const { errors, warnings } = await findingsOf(text, entry.files);
  const found = entry.warning === true ? warnings : errors;
  const diagnostic = found.find(({ line, column }) => line === at.line && column === at.column);
  if (diagnostic === undefined) throw new Error(`${entry.name}: nothing is said at line ${at.line}, column ${at.column}, but ${JSON.stringify([errors, warnings]).slice(0, 2000)}`);
  if (typeof entry.bad !== 'string') return renderDiagnostics('', [{ ...diagnostic, line: 0 }]);
  return renderDiagnostics(entry.bad.replace(mark, ''), [{ ...diagnostic, ...inFragment }]);
}
