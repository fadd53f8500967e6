import tseslint from 'typescript-eslint';

const shellEscapes = [
  {
    selector: "CallExpression[callee.name=/^(exec|execSync)$/]",
    message: 'No shell strings: use execFile with an argv array.',
  },
  {
    selector: "CallExpression[callee.property.name='execSync']",
    message: 'No shell strings: use execFile with an argv array.',
  },
  {
    selector: "Property[key.name='shell'][value.value=true]",
    message: 'No shell strings: use execFile with an argv array.',
  },
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
      'no-restricted-syntax': ['error', ...shellEscapes],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            { name: 'node:child_process', importNames: ['exec', 'execSync'], message: 'Use execFile.' },
            { name: 'child_process', message: 'Use node:child_process and execFile.' },
          ],
        },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-eval': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['spec/**/*.ts', 'workflows/**/*.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process', 'setInterval', 'fetch'],
      'no-restricted-imports': ['error', { patterns: [{ group: ['node:*', 'fs', 'path', 'crypto'], message: 'This room is pure.' }] }],
    },
  },
);
