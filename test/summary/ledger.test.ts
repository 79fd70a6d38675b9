/** Totals are folds over the ledger: whatever the ledger looks like, they are what a naive sum over its lines says. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import type { LogRecord } from '../../src/schema.ts';
import { computeMetrics, foldRecords } from '../../src/summary.ts';
import { Recording } from './recording.ts';

const usage = fc.option(fc.nat({ max: 5_000_000 }), { nil: null });

const call = fc.record({
  step: fc.integer({ min: 1, max: 4 }),
  attempt: fc.integer({ min: 1, max: 3 }),
  outcome: fc.constantFrom('ok', 'http_error', 'client_aborted', 'upstream_error', 'truncated'),
  input: usage,
  output: usage,
  cached: usage,
  cost: fc.option(fc.nat({ max: 1_000_000_000 }), { nil: null }),
  milliseconds: fc.nat({ max: 600_000 }),
  /** Sends the last call again. */
  retries: fc.boolean(),
  /** The end of the last call is recorded only after this one began. */
  overlaps: fc.boolean(),
  late: fc.boolean(),
  /** The process died while the call was open. */
  cutOff: fc.boolean(),
  /** The line of the start was lost. */
  startLost: fc.boolean(),
});

const ledger = fc.array(call, { maxLength: 60 });

type Call = typeof call extends fc.Arbitrary<infer C> ? C : never;

function record(calls: readonly Call[]): Recording {
  const recording = new Recording().start(4).prepare().phaseStart('steps');
  for (let step = 1; step <= 4; step += 1)
    for (let attempt = 1; attempt <= 3; attempt += 1) recording.attemptStart(step, attempt);
  const open: { end: (() => void) | null } = { end: null };
  let last: string | null = null;
  for (const made of calls) {
    const { step, attempt } = made;
    const retry_of = made.retries ? last : null;
    const before = recording.files.get(`logs/step_00${step}/metrics.log`)?.length ?? 0;
    const id = recording.callStart({ step, attempt }, retry_of);
    if (made.startLost) recording.files.get(`logs/step_00${step}/metrics.log`)?.splice(before, 1);
    last = id;
    open.end?.();
    const end = (): void => {
      open.end = null;
      if (made.cutOff) return;
      recording.wait(0.01).callEnd(
        id,
        { step, attempt, ...(made.late ? { late: true } : {}) },
        {
          outcome: made.outcome,
          'gen_ai.usage.input_tokens': made.input,
          'gen_ai.usage.output_tokens': made.output,
          'gen_ai.usage.cache_read.input_tokens': made.cached,
          cost_nano_usd: made.cost,
          duration_seconds: made.milliseconds / 1000,
          retry_of,
        },
      );
    };
    if (made.overlaps) open.end = end;
    else end();
  }
  open.end?.();
  return recording;
}

interface Naive {
  calls: Set<string>;
  requests: Set<string>;
  open: Set<string>;
  input: number;
  output: number;
  cost: number;
  late: number;
}

function naive(records: readonly LogRecord[]): Naive {
  const sum: Naive = { calls: new Set(), requests: new Set(), open: new Set(), input: 0, output: 0, cost: 0, late: 0 };
  for (const { event, metadata, late } of records) {
    if (event !== 'llm_call' && event !== 'llm_call_start') continue;
    const id = String(metadata['call_id']);
    sum.calls.add(id);
    if (metadata['retry_of'] === null) sum.requests.add(id);
    if (event === 'llm_call_start') {
      sum.open.add(id);
      continue;
    }
    sum.open.delete(id);
    sum.input += Number(metadata['gen_ai.usage.input_tokens'] ?? 0);
    sum.output += Number(metadata['gen_ai.usage.output_tokens'] ?? 0);
    sum.cost += Number(metadata['cost_nano_usd'] ?? 0);
    if (late === true) sum.late += 1;
  }
  return sum;
}

test('sums of the run, of each step and of each attempt are the naive sums', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (calls) => {
      const recording = record(calls);
      const items = [...recording.items()];
      const records = items.flatMap((item) => ('record' in item ? [item.record] : []));
      const summary = await foldRecords(items);
      const check = (actual: typeof summary.usage, belongs: (record: LogRecord) => boolean): void => {
        const wanted = naive(records.filter(belongs));
        assert.equal(actual.api_calls, wanted.calls.size);
        assert.equal(actual.llm_requests, wanted.requests.size);
        assert.equal(actual.open_calls, wanted.open.size);
        assert.equal(actual.late_calls, wanted.late);
        if (actual.tokens_in === null) assert.equal(wanted.input, 0);
        else assert.equal(actual.tokens_in, wanted.input);
        if (actual.tokens_out === null) assert.equal(wanted.output, 0);
        else assert.equal(actual.tokens_out, wanted.output);
        if (actual.cost_nano_usd !== null) assert.equal(actual.cost_nano_usd, wanted.cost);
      };
      check(summary.usage, () => true);
      for (const step of summary.steps) {
        check(step.usage, (made) => made.step === step.step);
        for (const attempt of step.attempts) {
          check(attempt.usage, (made) => made.step === step.step && made.attempt === attempt.attempt);
        }
      }
      assert.equal(
        summary.models.reduce((sum, model) => sum + model.api_calls, 0),
        naive(records).calls.size,
      );
      const metrics = computeMetrics(summary);
      assert.equal(metrics.aggregate_metrics.TOK_IN, summary.usage.tokens_in);
    }),
    { numRuns: 300 },
  );
});

test('the run is the sum of its steps, a step the sum of its attempts', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (calls) => {
      const summary = await foldRecords(record(calls).items());
      const total = add(summary.steps.map((step) => step.usage));
      assert.equal(summary.usage.tokens_in ?? 0, total.tokens_in);
      assert.equal(summary.usage.api_calls, total.api_calls);
      for (const step of summary.steps) {
        assert.deepEqual(add([step.usage]), add(step.attempts.map((attempt) => attempt.usage)));
      }
    }),
    { numRuns: 100 },
  );
});

test('files may be read one after another: sums do not depend on the order of lines across files', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (calls) => {
      const recording = record(calls);
      const inOrder = await foldRecords(recording.items());
      const byFile = [...recording.items()].sort((a, b) => fileOf(a).localeCompare(fileOf(b), 'en'));
      const again = await foldRecords(byFile);
      assert.deepEqual(again.usage, inOrder.usage);
      assert.deepEqual(again.models, inOrder.models);
    }),
    { numRuns: 100 },
  );
});

function add(parts: readonly { tokens_in: number | null; api_calls: number | null }[]) {
  return {
    tokens_in: parts.reduce((sum, part) => sum + (part.tokens_in ?? 0), 0),
    api_calls: parts.reduce((sum, part) => sum + (part.api_calls ?? 0), 0),
  };
}

function fileOf(item: ReturnType<Recording['items']> extends Generator<infer I> ? I : never): string {
  return 'record' in item ? item.file : item.damaged.file;
}
