/** What people read of a reconciliation, from made-up results: every line within 80 columns. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { colored, plain, widthOf } from '../../../src/terminal/index.ts';
import {
  resultBlock,
  resultJsonLine,
  resultsDocument,
  roundJsonLine,
  skippedLines,
  totalLine,
} from '../../../src/cli/views/reconcile-result.ts';
import { overviewLines, waitingLines } from '../../../src/cli/views/reconcile-list.ts';
import type { Saying } from '../../../src/cli/views/reconcile-words.ts';
import type { RunReconciliation } from '../../../src/reconcile/index.ts';
import type { ManifestEntry, ReconciliationAttempt, ReconciliationSummary } from '../../../src/schema/index.ts';
import { parseRecord } from '../../../src/store/index.ts';
import { foldReconciliation } from '../../../src/summary/index.ts';
import { attempt, attemptLine, comparison, figures, reading, verified } from '../../summary/reconciliation-attempts.ts';
import { matchesGolden } from '../child.ts';

const NOW = new Date('2026-11-22T15:17:00.000Z');
const saying: Saying = { paint: plain, columns: 80, now: NOW, place: '', single: true };

async function folded(...attempts: ReconciliationAttempt[]): Promise<ReconciliationSummary | null> {
  return await foldReconciliation(
    attempts.map((one, index) => {
      const parsed = parseRecord(attemptLine(one, `2026-11-22T15:0${index}:03.000Z`).trimEnd());
      assert.ok(parsed.ok);
      return { record: parsed.record, file: 'logs/reconciliation.log', line: index + 1 };
    }),
  );
}

function result(changed: Partial<RunReconciliation>): RunReconciliation {
  return {
    framework: 'baseline',
    runId: '20261122-141503-k3f9',
    runDir: '/somewhere/runs/baseline/20261122-141503-k3f9',
    action: 'read',
    state: 'provisional',
    reason: '1 of 2 equal readings.',
    code: null,
    fix: null,
    ageMinutes: 58.4,
    summary: null,
    settled: false,
    nextAttemptAt: '2026-11-22T16:00:02.000Z',
    ...changed,
  };
}

const mismatch = (): Promise<ReconciliationSummary | null> => {
  const counted = figures(9900, 2400, 3600, 11);
  return folded(
    attempt({
      state: 'mismatch',
      reading: reading('2026-11-22T15:00:02.000Z', counted, {
        shared_minutes: 1,
        shared_with: [{ framework: 'chatdev', run_id: '20261122-141510-aaaa' }],
        own: figures(900, 100, 0, 1),
        cost: { usd: 1.234, start: '2026-11-22T00:00:00.000Z', end: '2026-11-23T00:00:00.000Z' },
      }),
      comparison: comparison(counted, {
        claim: figures(8000, 2000, null, null),
        joint_ledger: figures(9100, 2300, 3600, 10),
        explanations: ['Retries outside the proxy: a client that goes to the provider directly is billed and not measured.'],
      }),
    }),
  );
};

const RESULTS: Record<string, () => Promise<RunReconciliation>> = {
  provisional: async () => result({ summary: await folded(attempt()) }),
  verified: async () =>
    result({
      state: 'verified',
      reason: '2 equal readings, 61 minutes apart, within 1% of the ledger.',
      summary: await folded(attempt(), verified()),
      settled: true,
      nextAttemptAt: null,
    }),
  mismatch: async () =>
    result({
      state: 'mismatch',
      reason: '2 equal readings outside 1% of the ledger: the provider counts 800 input tokens and 100 output tokens more.',
      summary: await mismatch(),
      settled: true,
      nextAttemptAt: null,
    }),
  refused: async () =>
    result({
      action: 'failed',
      state: 'unavailable',
      reason: 'OpenAI answered 403: the key of OPENAI_ADMIN_KEY lacks the scope api.usage.read.',
      summary: await folded(attempt()),
      fix: 'Create an admin key under Organization settings, Admin keys, with the permission to read usage, and set OPENAI_ADMIN_KEY to it.',
      nextAttemptAt: null,
    }),
  hostile: async () =>
    result({
      framework: `\u001b[31mred${'x'.repeat(40)}`,
      reason: `line\nbreak \u202e${'word '.repeat(60)}`,
      fix: '\u001b]0;title\u0007',
      ageMinutes: null,
    }),
};

const YOUNG = result({
  runId: '20261122-151003-aaaa',
  action: 'skipped',
  state: 'pending',
  reason: 'It ended 4 minutes ago; the first reading is due 30 minutes after its end.',
  ageMinutes: 4,
  nextAttemptAt: '2026-11-22T15:43:00.000Z',
});
const REHEARSAL = result({
  runId: '20261122-151003-bbbb',
  action: 'skipped',
  state: 'not_applicable',
  reason: 'The scripted offline model answered, so nobody bills it.',
  ageMinutes: 100_000,
  settled: true,
  nextAttemptAt: null,
});

function assertFitsTerminal(lines: readonly string[]): void {
  for (const line of lines) {
    // A command to type stays on one line.
    assert.ok(widthOf(line) <= 80 || line.startsWith('    npx '), `${widthOf(line)} columns: ${line}`);
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(line, /[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/);
  }
}

describe('the result of one run', () => {
  for (const [name, make] of Object.entries(RESULTS)) {
    test(name, async () => {
      const lines = resultBlock(await make(), saying, { verbose: true });
      assertFitsTerminal(lines);
      matchesGolden(`reconcile-${name}.txt`, `${lines.join('\n')}\n`);
    });
  }

  test('prints the state in its color', async () => {
    const run = await (RESULTS['mismatch'] as () => Promise<RunReconciliation>)();
    const text = resultBlock(run, { ...saying, paint: colored }, { verbose: false }).join('\n');
    assert.ok(text.includes('\u001b[31mmismatch\u001b[39m') && text.includes('\u001b[31moutside\u001b[39m'));
  });

  test('suggests a next command that finds the same runs', async () => {
    const run = result({});
    const lines = resultBlock(run, { ...saying, place: ' --runs-dir elsewhere' }, { verbose: false });
    assert.equal(lines.at(-1), '    npx stepwell reconcile baseline 20261122-141503-k3f9 --runs-dir elsewhere');
    assert.equal(lines.at(-2), '  next: a reading counts from 2026-11-22 16:00 UTC on, in 44 min, with');
  });
});

test('of the runs left out, pending ones are listed and settled ones counted, unless all are requested', () => {
  const brief = skippedLines([YOUNG, REHEARSAL], saying, { verbose: false });
  assertFitsTerminal(brief);
  assert.match(brief[0] ?? '', /^baseline\/20261122-151003-aaaa {2}pending, no attempt yet, ended 4 min ago$/);
  assert.equal(brief.at(-1), '1 run is settled and was not read again.');
  assert.match(skippedLines([YOUNG, REHEARSAL], saying, { verbose: true }).join('\n'), /bbbb {2}not applicable[^]*69 days ago/);
  assert.deepEqual(skippedLines([], saying, { verbose: true }), []);
});

test('the results of several runs end with a line that counts their states', async () => {
  const all = await Promise.all(Object.values(RESULTS).map((make) => make()));
  assert.deepEqual(totalLine(all), ['5 runs read: 2 provisional, 1 mismatch, 1 unavailable, 1 verified']);
  assert.deepEqual(totalLine(all.slice(0, 1)), []);
});

describe('the list', () => {
  test('prints a block for each pending run', async () => {
    const provisional = await (RESULTS['provisional'] as () => Promise<RunReconciliation>)();
    const lines = waitingLines([provisional, YOUNG], { ...saying, single: false });
    assertFitsTerminal(lines);
    matchesGolden('reconcile-list.txt', `${lines.join('\n')}\n`);
  });

  test('prints, for all runs, the counts and then a section for each state', async () => {
    const all = [...(await Promise.all(Object.values(RESULTS).map((make) => make()))), YOUNG, REHEARSAL];
    const entry = { total_tokens_in: 24_181, total_tokens_out: 512 } as ManifestEntry;
    const lines = overviewLines(all, new Map([['baseline/20261122-151003-aaaa', entry]]), saying);
    assertFitsTerminal(lines);
    matchesGolden('reconcile-list-verbose.txt', `${lines.join('\n')}\n`);
  });
});

test('the JSON of results and lists has every field, as one document or as one line each', async () => {
  const verified = await (RESULTS['verified'] as () => Promise<RunReconciliation>)();
  const { results } = JSON.parse(resultsDocument([verified])) as { results: Record<string, unknown>[] };
  assert.deepEqual(Object.keys(results[0] ?? {}), [
    'framework',
    'run_id',
    'run_dir',
    'action',
    'state',
    'reason',
    'code',
    'fix',
    'age_minutes',
    'settled',
    'next_attempt_at',
    'reconciliation',
  ]);
  assert.deepEqual(results[0]?.['reconciliation'], verified.summary);
  assert.equal((JSON.parse(resultJsonLine(verified)) as { type: string }).type, 'result');
  const round = { round: 2, results: [verified], settled: 1, nextRoundAt: null };
  assert.deepEqual(JSON.parse(roundJsonLine(round)), { type: 'round', round: 2, runs: 1, settled: 1, next_round_at: null });
});
