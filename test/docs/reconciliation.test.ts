/** docs/reconciliation.md names every state, setting, variable and option, with the defaults that there are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildProgram } from '../../src/cli/program.ts';
import { ExitCode } from '../../src/errors.ts';
import { ADMIN_KEY_VARIABLES, RECONCILE_VARIABLES } from '../../src/reconcile.ts';
import { ReconciliationConfig, ReconciliationState } from '../../src/schema.ts';
import { root } from './clone.ts';

const text = readFileSync(join(root, 'docs/reconciliation.md'), 'utf8');

test('every state has its row', () => {
  for (const state of ReconciliationState.options) assert.match(text, new RegExp(`^\\| \`${state}\` \\|`, 'm'));
});

test('every setting has its row, with its default', () => {
  for (const [name, value] of Object.entries(ReconciliationConfig.parse({}))) {
    assert.match(text, new RegExp(`^\\| \`${name}\` \\| ${value} \\|`, 'm'), `${name}: ${value}`);
  }
});

test('every variable that is read is named', () => {
  for (const name of [...Object.values(RECONCILE_VARIABLES), ...Object.values(ADMIN_KEY_VARIABLES).flat()]) {
    assert.ok(text.includes(`\`${name}\``), name);
  }
});

test('every option of the command is named', () => {
  const command = buildProgram(() => Promise.resolve()).commands.find((one) => one.name() === 'reconcile');
  const common = new Set(['--config', '--runs-dir']);
  const flags =
    command?.options.flatMap(({ long }) => (long === null || long === undefined || common.has(long) ? [] : [long])) ?? [];
  assert.ok(flags.length > 8);
  for (const flag of flags) assert.ok(text.includes(flag), flag);
});

test('every exit code of the command is named', () => {
  for (const code of [ExitCode.ok, ExitCode.failure, ExitCode.usage, ExitCode.verification]) {
    assert.match(text, new RegExp(`^\\| ${code} \\|`, 'm'));
  }
});
