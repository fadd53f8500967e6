// What the lint says of snippets: reads [code, file name] pairs (JSON) from the file that it is given, prints the findings
// of each. By itself, since the test runner's modules are not those of the lint.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import config from '../../eslint.config.js';

const snippets = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8'));
// Rules that ask for types are of no matter here, and would read the whole program.
const withoutTypes = (rules) => Object.fromEntries(Object.entries(rules).filter(([name]) => !name.startsWith('@typescript-eslint/')));
const untyped = config.map(({ rules, languageOptions: _, ...rest }) => ({ ...rest, ...(rules === undefined ? {} : { rules: withoutTypes(rules) }) }));
const parser = { files: ['**/*.ts', '**/*.tsx'], languageOptions: { parser: tseslint.parser } };
const linter = new Linter({ cwd: fileURLToPath(new URL('../../', import.meta.url)) });
const findings = snippets.map(([code, filename]) => linter.verify(code, [...untyped, parser], { filename }).map(({ ruleId, message, severity }) => [ruleId ?? 'broken', severity, message]));
process.stdout.write(JSON.stringify(findings));
