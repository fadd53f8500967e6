import tseslint from 'typescript-eslint';

const argv = 'No shell strings: use execFile with an argv array.';
const runners = '/^(spawn|spawnSync|execFile|execFileSync|runProgram|runInGroup|runCommand|runCommandOrThrow)$/';
const childProcess = '/^(node:)?child_process$/';

const shellEscapes = [
  { selector: 'CallExpression[callee.name=/^(exec|execSync)$/]', message: argv },
  { selector: "CallExpression[callee.property.name='execSync']", message: argv },
  { selector: "Property[key.name='shell']:not([value.value=false])", message: argv },
  { selector: "Property[key.value='shell']:not([value.value=false])", message: argv },
  { selector: 'CallExpression[callee.name=/^set(Timeout|Interval|Immediate)$/]:matches([arguments.0.value=/^/], [arguments.0.type=TemplateLiteral])', message: 'Give it a function: a text would be evaluated.' },
  // A program is a name, and what it is given is a list.
  { selector: `CallExpression[callee.name=${runners}][arguments.0.value=/\\s/]`, message: argv },
  { selector: `CallExpression[callee.name=${runners}][arguments.0.type=/^(BinaryExpression|TemplateLiteral)$/]`, message: argv },
  { selector: `CallExpression[callee.name=${runners}][arguments.1.type='ObjectExpression']`, message: argv },
  { selector: `CallExpression[callee.name=${runners}][arguments.length=1]`, message: argv },
  // Under another name these rules would not know it.
  { selector: `ImportDeclaration[source.value=${childProcess}] > :matches(ImportNamespaceSpecifier, ImportDefaultSpecifier)`, message: 'Import what you use of node:child_process by its name.' },
  { selector: `ImportDeclaration[source.value=${childProcess}] > ImportSpecifier[imported.name=/^(spawn|execFile)/]:not([local.name=/^(spawn|execFile)/])`, message: 'Import what you use of node:child_process by its own name.' },
  { selector: `ImportExpression[source.value=${childProcess}]`, message: 'Import what you use of node:child_process by its name.' },
  { selector: `CallExpression[callee.name='require'][arguments.0.value=${childProcess}]`, message: 'Import what you use of node:child_process by its name.' },
  { selector: `ExportNamedDeclaration[source.value=${childProcess}], ExportAllDeclaration[source.value=${childProcess}]`, message: 'Nobody hands on node:child_process.' },
];

/** For what is delivered; tests may make patterns and run shells on hosts of their own. */
const variablePattern = [
  { selector: ":matches(NewExpression, CallExpression)[callee.name='RegExp']:not([arguments.0.type='Literal'])", message: 'A pattern made of a variable may be anything: write it out, or have it reviewed (eslint.config.js).' },
];
const anyShell = [
  { selector: 'Literal[value=/^(\\/(usr\\/)?bin\\/)?(ba|da|z|k)?sh$/]', message: 'The declared shells are build steps, tests and health checks; have another one reviewed (eslint.config.js).' },
  { selector: 'Literal[value=/^((\\/(usr\\/)?bin\\/)?env )?(\\/(usr\\/)?bin\\/)?(ba|da|z|k)?sh -l?c/]', message: argv },
];
/** Looked at one by one: patterns of constants, or of what was escaped. */
const reviewedPatterns = ['spec/image-reference.ts', 'spec/resolve/git-names.ts', 'host-worker/control-plane/redact.ts', 'control/secrets/credentials-file.ts', 'api/schemas/common.ts'];
/** The declared shells: what they run is an argument of its own, as the user of the component or the build user. */
const reviewedShells = ['host-worker/source/build.ts', 'host-worker/source/environment.ts', 'host-worker/tests/command-on-host.ts', 'host-worker/tests/command-in-container.ts', 'host-worker/health/commands.ts'];
const delivered = ['activities', 'api', 'cli', 'control', 'gateway', 'host-worker', 'prisma', 'scripts', 'spec', 'web', 'workers', 'workflows'].flatMap((room) => [`${room}/**/*.ts`, `${room}/**/*.tsx`]);

const syntax = (...more) => ({ 'no-restricted-syntax': ['error', ...shellEscapes, ...more] });
const evaluation = { 'no-eval': 'error', 'no-new-func': 'error' };
const restrictedModules = [
  { name: 'node:child_process', importNames: ['exec', 'execSync'], message: 'Use execFile.' },
  { name: 'child_process', message: 'Use node:child_process and execFile.' },
];

export default tseslint.config(
  { ignores: ['node_modules/', 'dist/', 'web/.next/', 'web/next-env.d.ts', 'prisma/generated/', 'web/src/api/schema.d.ts', '.maestro/', 'coverage/'] },
  {
    files: ['**/*.ts', '**/*.tsx'],
    extends: [tseslint.configs.base],
    languageOptions: {
      parserOptions: { project: ['./tsconfig.json', './web/tsconfig.json'], tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: { attributes: false } }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      ...syntax(),
      'no-restricted-imports': ['error', { paths: restrictedModules }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      ...evaluation,
      'prefer-const': 'error',
    },
  },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], rules: { ...syntax(), ...evaluation, 'no-restricted-imports': ['error', { paths: restrictedModules }] } },
  { files: delivered, rules: syntax(...variablePattern, ...anyShell) },
  { files: reviewedPatterns, rules: syntax(...anyShell) },
  { files: reviewedShells, rules: syntax(...variablePattern) },
  {
    files: ['spec/**/*.ts', 'workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setInterval', 'fetch'],
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', 'fs', 'path', 'crypto'], message: 'This room is pure.' }] }],
    },
  },
);
