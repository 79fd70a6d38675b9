import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareRuns, listRuns, spreadOf, type ComparedGroup } from '../../src/catalog/index.ts';
import { writeOriginalRun, writeTree } from './fixtures.ts';

interface Given {
  framework?: string;
  status?: string;
  model?: string;
  rehearsal?: boolean;
  replay_of?: string | null;
  tokens?: number | null;
  tokensOut?: number;
  complete?: boolean | null;
  cost?: number | null;
  seconds?: number;
  downtime?: number | null;
  crud?: readonly [number, number] | null;
  /** Of an earlier step that is not the validated one. */
  earlierCrud?: readonly [number, number];
  checks?: string;
}

async function compared(runs: readonly Given[], more: (runsDir: string) => void = () => {}): Promise<ComparedGroup[]> {
  const runsDir = mkdtempSync(join(tmpdir(), 'stepwell-compare-'));
  try {
    runs.forEach((given, index) => write(runsDir, index, given));
    more(runsDir);
    return await compareRuns((await listRuns(runsDir)).runs);
  } finally {
    rmSync(runsDir, { recursive: true, force: true });
  }
}

function write(runsDir: string, index: number, given: Given): void {
  const { framework = 'baes', status = 'success', tokens = 100, crud = [3, 4], downtime = 0, cost = null } = given;
  const id = `20261122-1415${String(index).padStart(2, '0')}-aaa${index}`;
  const validationOf = ([crud_passed, crud_total]: readonly [number, number]) => ({ crud_passed, crud_total });
  const validation = crud === null ? null : validationOf(crud);
  const earlier =
    given.earlierCrud === undefined ? [] : [{ step_number: 0, success: true, validation: validationOf(given.earlierCrud) }];
  writeTree(join(runsDir, framework, id), {
    'metadata.json': JSON.stringify({
      run_id: id,
      framework,
      model: given.model ?? 'gpt-x',
      rehearsal: given.rehearsal ?? false,
      replay_of: given.replay_of ?? null,
      status,
      checks_digest: given.checks,
      started_at: '2026-11-22T14:15:00.000Z',
      duration_seconds: given.seconds ?? 10,
    }),
    'metrics.json': JSON.stringify({
      run_id: id,
      steps: [...earlier, { step_number: 1, success: status === 'success', validation }],
      steps_total: 1,
      validated_step: validation === null ? null : 1,
      downtime_seconds: downtime,
      tokens_complete: given.complete === undefined ? true : given.complete,
      aggregate_metrics: {
        TOK_IN: tokens,
        TOK_OUT: given.tokensOut ?? tokens,
        API_CALLS: tokens === null ? null : 2,
        COST_USD: cost,
      },
    }),
  });
}

test('a spread is the median, minimum and maximum of the runs that have the figure', async () => {
  const [group, ...others] = await compared([
    { tokens: 100, seconds: 5, cost: 0.1 },
    { tokens: 300, seconds: 50 },
    { tokens: 200, seconds: 6, status: 'failed', crud: [4, 4] },
    { tokens: 1000, seconds: 7, status: 'timed_out', crud: null, downtime: null },
  ]);
  assert.deepEqual(others, []);
  assert.deepEqual([group?.runs, group?.succeeded, group?.left_out], [4, 2, 0]);
  assert.deepEqual(group?.figures.tokens_in, { runs: 4, median: 250, min: 100, max: 1000 });
  assert.deepEqual(group.figures.duration_seconds, { runs: 4, median: 6.5, min: 5, max: 50 });
  assert.deepEqual(group.figures.cost_usd, { runs: 1, median: 0.1, min: 0.1, max: 0.1 });
  assert.deepEqual(group.figures.crud_score, { runs: 3, median: 0.75, min: 0.75, max: 1 });
  assert.deepEqual(group.figures.downtime_seconds, { runs: 3, median: 0, min: 0, max: 0 });
  assert.deepEqual(group.figures.steps_succeeded, { runs: 4, median: 0.5, min: 0, max: 1 });
});

test('rehearsals, replays and other models form separate groups, with real runs first', async () => {
  const groups = await compared([
    { rehearsal: true, tokens: 1 },
    { replay_of: '20261122-141500-aaa9', tokens: 2 },
    // A replay of a rehearsal is one, too.
    { rehearsal: true, replay_of: '20261122-141500-aaa8', tokens: 3 },
    { tokens: 4 },
    { tokens: 5, model: 'gpt-y' },
    { tokens: 6, framework: 'chatdev' },
  ]);
  assert.deepEqual(
    groups.map(({ framework, kind, model, runs, figures }) => [framework, kind, model, runs, figures.tokens_in?.median]),
    [
      ['baes', 'real', 'gpt-x', 1, 4],
      ['baes', 'real', 'gpt-y', 1, 5],
      ['chatdev', 'real', 'gpt-x', 1, 6],
      ['baes', 'replay', 'gpt-x', 1, 2],
      ['baes', 'rehearsal', 'gpt-x', 2, 2],
    ],
  );
});

test('a lower bound and an unmeasured value count as unknown', async () => {
  const [group] = await compared([{ tokens: 50, complete: false, cost: 0.1, crud: [0, 0], downtime: null }, { tokens: null }]);
  assert.deepEqual(
    [group?.figures.tokens_in, group?.figures.tokens_out, group?.figures.api_calls, group?.figures.cost_usd],
    [null, null, null, null],
  );
  assert.deepEqual(group?.figures.crud_score?.runs, 1);
  assert.deepEqual(group?.figures.downtime_seconds?.runs, 1);
  // Nor is what does not say whether it is one.
  assert.equal((await compared([{ complete: null }]))[0]?.figures.tokens_in, null);
});

test('each figure is read from its own field', async () => {
  const [group] = await compared([{ tokens: 5, tokensOut: 7, crud: [4, 4], earlierCrud: [0, 4] }]);
  assert.deepEqual([group?.figures.tokens_in?.median, group?.figures.tokens_out?.median], [5, 7]);
  assert.equal(group?.figures.crud_score?.median, 1);
});

test('runs without an end of their own are left out and counted, those of the original system too', async () => {
  const groups = await compared(
    [{ status: 'interrupted', seconds: 1 }, { status: 'crashed' }, { status: 'running' }, {}],
    (runsDir) => writeOriginalRun(runsDir),
  );
  assert.deepEqual(
    groups.map(({ framework, runs, left_out }) => [framework, runs, left_out]),
    [
      ['baes', 1, 3],
      ['chatdev', 0, 1],
    ],
  );
  assert.deepEqual(groups[0]?.figures.duration_seconds, { runs: 1, median: 10, min: 10, max: 10 });
  assert.deepEqual(groups[1]?.figures.tokens_in, null);
});

test('a group names the checks by which its runs were measured; null stands for runs that do not say', async () => {
  const groups = await compared([
    { checks: 'aa' },
    { checks: 'bb', status: 'failed' },
    { checks: 'aa' },
    {},
    { checks: 'cc', status: 'interrupted' },
    { framework: 'ghspec', checks: 'cc', status: 'crashed' },
  ]);
  assert.deepEqual(
    groups.map(({ framework, checks }) => [framework, checks]),
    [
      ['baes', ['aa', 'bb', null]],
      ['ghspec', []],
    ],
  );
});

test('the median does not depend on the order of the values', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.integer({ min: -1000, max: 1000 })), { maxLength: 30 }), (values) => {
      const spread = spreadOf(values);
      const known = values.filter((value) => value !== null);
      if (known.length === 0) return spread === null;
      assert.ok(spread !== null);
      assert.deepEqual([spread.runs, spread.min, spread.max], [known.length, Math.min(...known), Math.max(...known)]);
      const below = known.filter((value) => value < spread.median).length;
      const above = known.filter((value) => value > spread.median).length;
      assert.ok(below <= known.length / 2 && above <= known.length / 2);
      return spread.median >= spread.min && spread.median <= spread.max;
    }),
  );
});
