import { defineConfig } from 'oxlint';

/**
 * The import rule: a file may import its own folder and the entry file (`../log/index.ts`) of an area named here, never
 * another area's inside. Writers (log … rehearsal) and readers (summary … catalog) meet only in the shared areas.
 * `terminal/sanitize` is for what must start without the libraries that measure text, `plain` for what must start without zod.
 */
const plain = ['schema/guard', 'schema/json', 'schema/limits', 'schema/metric-names', 'schema/token-usage', 'schema/vocabulary'];
const shared = ['errors', 'schema', ...plain, 'secrets', 'terminal', 'terminal/sanitize', 'format', 'store'];
const allowed: Record<string, string[]> = {
  errors: [],
  schema: [],
  secrets: [],
  terminal: ['schema'],
  format: [],
  loopback: [],
  store: ['errors', 'schema', ...plain],
  // The log core and what the command line shows before a command runs take no library along: the store's entry brings zod.
  log: [
    'errors',
    'schema',
    'secrets',
    'store',
    'store/append',
    'store/errno',
    'store/layout',
    'terminal/record',
    'terminal/sanitize',
    'terminal/style',
  ],
  exec: [...shared, 'log'],
  config: shared,
  meter: [...shared, 'store/errno', 'loopback', 'log'],
  validate: [...shared, 'log', 'exec'],
  run: [...shared, 'log', 'exec', 'config', 'meter', 'validate'],
  setup: [...shared, 'log', 'exec', 'config', 'run'],
  frameworks: [...shared, 'log', 'exec', 'config', 'validate', 'run', 'setup'],
  testing: ['schema', 'store', 'log', 'exec', 'run'],
  rehearsal: [...shared, 'loopback', 'exec/shell-quote', 'meter'],
  cassette: [...shared, 'loopback', 'log', 'meter'],
  summary: shared,
  archive: [...shared, 'summary'],
  // The table of settings comes without what reads the file.
  catalog: [...shared, 'config/settings', 'summary', 'archive', 'archive/open'],
  experiment: [
    ...shared,
    'loopback',
    'log',
    'exec',
    'config',
    'meter',
    'validate',
    'run',
    'frameworks',
    'rehearsal',
    'cassette',
    'summary',
    'archive',
    'catalog',
  ],
  reconcile: [...shared, 'log', 'config', 'summary', 'archive', 'catalog'],
  cli: [
    ...shared,
    'store/errno',
    'log',
    'exec',
    'exec/shell-quote',
    'config',
    'config/settings',
    'run',
    'setup',
    'frameworks',
    'rehearsal',
    'summary',
    'archive',
    'catalog',
    'experiment',
    'reconcile',
  ],
};

/** The public entries, alone at the top of `src/`: what `exports` of package.json names. */
const entries: Record<string, string[]> = {
  index: ['errors', 'schema', 'config', 'store', 'log', 'run', 'summary', 'archive', 'catalog', 'experiment'],
  log: ['schema', 'secrets', 'log'],
  meter: ['schema', 'meter'],
  // Readers alone: importing it must load nothing that runs or writes.
  read: ['errors', 'schema', 'store', 'summary', 'summary/fold/fold', 'summary/metrics', 'archive', 'archive/open', 'catalog'],
  schema: ['schema'],
  testing: ['schema', 'log', 'config', 'run', 'testing'],
};

/** Folders below an area's own that the rule reaches; a test adds one more level than there is. */
const DEEPEST = 5;

/** @param up from the file to `src/` */
function forbid(area: string, may: string[], up: string) {
  // A path that leaves the folder in another spelling (`./../`) would pass by the patterns.
  const files = may.map((name) => `!${up}${name.includes('/') ? name : `${name}/index`}.ts`);
  const group = [`${up}**`, './../**', ...files];
  const message = `${area} may import its own folder and these entry files: ${may.join(', ') || 'none'}.`;
  return { 'no-restricted-imports': ['error', { patterns: [{ group, message }] }] as const };
}

const boundaries = [
  ...Object.entries(entries).map(([entry, may]) => ({
    files: [`src/${entry}.ts`],
    rules: forbid(`The public entry ${entry}`, may, './'),
  })),
  ...Object.entries(allowed).flatMap(([area, may]) =>
    Array.from({ length: DEEPEST }, (_, depth) => ({
      files: [`src/${area}/${'*/'.repeat(depth)}*.ts`],
      rules: forbid(`The area ${area}`, may, '../'.repeat(depth + 1)),
    })),
  ),
];

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'oxc', 'import', 'node', 'promise'],
  categories: { correctness: 'error', suspicious: 'error' },
  options: { typeAware: true },
  ignorePatterns: ['dist', 'runs', 'examples/**/workspace', 'config/rehearsal', 'test/compatibility/format-*'],
  rules: {
    'import/no-cycle': ['error', { ignoreTypes: false }],
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': ['error', { checksVoidReturn: { arguments: false } }],
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/no-explicit-any': 'error',
    'typescript/consistent-type-imports': 'error',
    'no-console': 'error',
    eqeqeq: 'error',
    'no-await-in-loop': 'off',
    'no-shadow': 'off',
    'unicorn/no-array-sort': 'off',
    'unicorn/no-array-reverse': 'off',
    'import/no-unassigned-import': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    // The compiler's noImplicitReturns says the same with the types at hand.
    'typescript/consistent-return': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'import/no-named-as-default-member': 'off',
  },
  overrides: [
    ...boundaries,
    // A JSON Schema has conditions: if, then, else.
    { files: ['src/config/file/json-schema.ts'], rules: { 'unicorn/no-thenable': 'off' } },
    {
      files: ['test/**', 'bench/**', 'scripts/**', 'examples/**'],
      rules: { 'no-console': 'off', 'typescript/no-floating-promises': 'off', 'typescript/no-explicit-any': 'off' },
    },
  ],
});
