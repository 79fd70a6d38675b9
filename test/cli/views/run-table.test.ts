/** The list of runs, with and without figures of a provider to compare with. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { CatalogRun } from '../../../src/catalog/index.ts';
import { colored, plain, widthOf } from '../../../src/terminal/index.ts';
import { listTable, runTable } from '../../../src/cli/views/run-table.ts';
import { ManifestEntry, type ManifestEntry as Entry } from '../../../src/schema/index.ts';

function run(last: string, changed: Partial<Entry> = {}): CatalogRun {
  const id = `20261122-141503-${last}`;
  const entry = ManifestEntry.parse({
    run_id: id,
    framework: 'baseline',
    path: `baseline/${id}`,
    status: 'success',
    steps_succeeded: 6,
    steps_total: 6,
    total_api_calls: 7,
    total_tokens_in: 17_821,
    total_tokens_out: 6708,
    duration_seconds: 4.1,
    ...changed,
  });
  return { entry, state: 'finished', dir: `/somewhere/runs/${entry.path}` };
}

describe('the column RECONCILED', () => {
  test('is shown when a run can be compared with a provider', () => {
    const runs = [
      run('aaaa', { verification_status: 'verified' }),
      run('bbbb', { verification_status: 'not_applicable' }),
      run('cccc'),
    ];
    const [head, ...lines] = listTable(runs, plain, 80);
    assert.match(head ?? '', /CALLS {2}TOKENS {2}TIME {2}RECONCILED$/);
    assert.deepEqual(
      lines.map((line) => line.split(/ +/).at(-1)),
      ['verified', '-', '-'],
    );
    assert.ok(listTable(runs, colored, 80)[1]?.includes('\u001b[32mverified'));
  });

  test('is not shown for rehearsals, nor for runs of a system that recorded no state', () => {
    const runs = [run('aaaa', { verification_status: 'not_applicable' }), run('bbbb')];
    assert.deepEqual(listTable(runs, plain, 80), runTable(runs, plain));
  });

  test('replaces the column of calls on a narrow terminal', () => {
    const runs = [run('aaaa', { verification_status: 'provisional', status: 'interrupted', duration_seconds: 7620 })];
    assert.ok(listTable(runs, plain, 120)[0]?.includes('CALLS'));
    const narrow = listTable(runs, plain, 80);
    assert.match(narrow[0] ?? '', /STEPS {2}TOKENS .*RECONCILED$/);
    for (const line of narrow) assert.ok(widthOf(line) <= 80, line);
  });
});
