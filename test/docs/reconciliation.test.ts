/** docs/reconciliation.md names every state, setting, variable and option, with the defaults that there are. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildProgram } from '../../src/cli/program.ts';
import { ExitCode } from '../../src/errors/index.ts';
import { SETTING_VARIABLES } from '../../src/config/settings.ts';
import { ADMIN_KEY_VARIABLES } from '../../src/reconcile/index.ts';
import { ReconciliationConfig, ReconciliationState } from '../../src/schema/index.ts';
import { HOUR, MINUTE, NOON, createFixture } from '../reconcile/sealed-runs.ts';
import { root } from '../checkout.ts';

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
  for (const name of [
    ...SETTING_VARIABLES.filter((name) => name.startsWith('RECONCILIATION_')),
    ...Object.values(ADMIN_KEY_VARIABLES).flat(),
  ]) {
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

test('the worked timeline is what happens', async () => {
  const rows = [...text.matchAll(/^\| (\d\d):(\d\d) \| (.*?) \|.*?\| `(\w+)` \| (\d) \|$/gm)];
  assert.equal(rows.length, 6);
  await using here = await createFixture();
  const ended = 2 * HOUR + 20 * MINUTE;
  const calls = [1, 2, 3].map((minute) => ({ at: ended - minute * MINUTE, input: 3000, output: 0, booked: false }));
  await here.make({ id: 'timeline', calls, from: ended - 5 * MINUTE, to: ended });
  let booked = 0;
  for (const [, hours, minutes, says = '', state, equal] of rows) {
    const tokens = Number(/^[\d,]+/.exec(says)?.[0].replaceAll(',', '') ?? 0);
    for (; booked < tokens; booked += 3000) {
      const call = calls[booked / 3000]!;
      here.server.record({ at: new Date(NOON + call.at), model: 'gpt-x', input: 3000, output: 0 });
    }
    const [result] = await here.at((Number(hours) - 12) * HOUR + Number(minutes) * MINUTE);
    assert.deepEqual([result?.state, result?.summary?.equal_readings ?? 0], [state, Number(equal)], `at ${hours}:${minutes}`);
    assert.equal(result?.action, says.startsWith('not asked') ? 'skipped' : 'read');
  }
});
