import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { LEVELS, RunSummary, type AggregateMetrics, type LogRecord } from '../../../src/schema/index.ts';
import type { ReadItem } from '../../../src/store/index.ts';
import { computeMetrics, foldRecords, renderMarkdown, renderText } from '../../../src/summary/index.ts';
import { fileWidthOf } from '../../../src/terminal/wrap.ts';
import { CASES } from '../cases.ts';
import { Recording } from '../recording.ts';

const fold = async (recording: Recording): Promise<RunSummary> => await foldRecords(recording.items());

/** A step with the given attempts' statuses, in a run that goes on. */
function startedRun(): Recording {
  return new Recording().start(2).prepare().phaseStart('steps');
}

describe('records of another program', () => {
  const event = (writer: string | undefined): ReadItem => ({
    record: {
      level: 'info',
      timestamp: '2025-10-20T14:00:00Z',
      module: '',
      component: 'run',
      run_id: 'r',
      framework: 'f',
      step: 1,
      event: 'step_start',
      message: '',
      metadata: { command: 'x' },
      ...(writer === undefined ? {} : { writer, seq: 1 }),
    },
    file: 'logs/run.log',
    line: 1,
  });

  test('an event of the same name is ignored without a writer, and counted as malformed with one', async () => {
    const foreign = await foldRecords([event(undefined)]);
    assert.deepEqual([foreign.malformed.count, foreign.writers, foreign.steps[0]?.status], [0, 0, 'unknown']);
    const ours = await foldRecords([event('aaaaaa')]);
    assert.deepEqual([ours.malformed.count, ours.writers, ours.steps[0]?.status], [1, 1, 'running']);
  });
});

describe('phases of the framework’s work', () => {
  const scope = { step: 1, attempt: 1 };

  test('a phase without calls used 0 tokens only if no call can belong to it, otherwise its usage is unknown', async () => {
    const of = async (recording: Recording): Promise<(number | null)[][]> => {
      const [step] = (await fold(recording)).steps;
      return [step, step?.attempts[0]].map((whole) => {
        const [phase] = whole?.phases ?? [];
        return [phase?.api_calls ?? null, phase?.tokens_in ?? null, phase?.cost_nano_usd ?? null];
      });
    };
    const quiet = (): Recording => startedRun().stepStart(1).attemptStart(1, 1).frameworkPhase(scope, 'plan', 0);
    const [zeros, unknown] = [
      [0, 0, 0],
      [null, null, null],
    ] as const;
    assert.deepEqual(await of(quiet()), [zeros, zeros]);
    assert.deepEqual(await of(quiet().frameworkPhase(scope, 'tasks', 1)), [zeros, zeros]);
    const another = quiet();
    another.call(scope);
    assert.deepEqual(await of(another), [unknown, unknown]);
    assert.deepEqual(await of(startedRun().stepStart(1).attemptStart(1, 1, false).frameworkPhase(scope, 'plan', 0)), [
      unknown,
      unknown,
    ]);
  });

  test('phases are listed in order of their end, with the status of the last time and the total duration', async () => {
    const recording = startedRun().stepStart(1).attemptStart(1, 1);
    recording.call(scope, { phase: 'implement' });
    recording.frameworkPhase(scope, 'plan', 0).frameworkPhase(scope, 'tasks', 1).frameworkPhase(scope, 'plan', 1, 'failed');
    const [step] = (await fold(recording)).steps;
    assert.deepEqual(
      step?.phases.map(({ phase, status, duration_seconds, api_calls }) => [phase, status, duration_seconds, api_calls]),
      [
        ['plan', 'failed', 3.2, 1],
        ['tasks', 'completed', 3.2, 1],
        ['implement', null, null, 1],
      ],
    );
    recording.frameworkPhase(scope, 'tasks', 0, 'unfinished');
    assert.equal((await fold(recording)).steps[0]?.phases[1]?.duration_seconds, null);
  });

  test('records of a version without phases fold to no phases', async () => {
    const recording = startedRun().stepStart(1).attemptStart(1, 1);
    recording.call(scope);
    const items = [...recording.items()];
    for (const item of items) {
      if ('record' in item && item.record.event.startsWith('llm_call')) delete item.record.metadata['phase'];
    }
    const { steps, malformed } = await foldRecords(items);
    assert.deepEqual([steps[0]?.phases, steps[0]?.usage_outside_phases, malformed.count], [[], null, 0]);
    assert.equal(steps[0]?.usage.tokens_in, 1000);
  });

  test('any number of phase names keeps the summary bounded and its sums complete', async () => {
    const recording = startedRun().stepStart(1).attemptStart(1, 1);
    for (let phase = 0; phase < 120; phase += 1) recording.frameworkPhase(scope, `phase-${phase}`, 1);
    const summary = await fold(recording);
    const { phases = [] } = summary.steps[0] ?? {};
    assert.equal(phases.length, 51);
    assert.equal(
      phases.reduce((sum, { tokens_in }) => sum + (tokens_in ?? 0), 0),
      120_000,
    );
    assert.match(renderText(summary, null), /^ {2}- 39 further phases not listed$/m);
    assert.match(renderMarkdown(summary, null), /\| 39 further phases not listed \|/);
  });
});

describe('a run without an end', () => {
  test('an attempt without an end is running, and crashed once the run has ended', async () => {
    const recording = startedRun().stepStart(1).attemptStart(1, 1);
    const running = await fold(recording);
    assert.equal(running.status, 'running');
    assert.deepEqual([running.steps[0]?.status, running.steps[1]?.status], ['running', 'not_reached']);
    assert.equal(running.steps[0]?.attempts[0]?.end_recorded, false);
    assert.equal(running.duration_seconds, null);

    const ended = await fold(
      recording.changeWriter('bbbbbb').end({ status: 'crashed', failing_step: 1, failing_phase: 'steps' }),
    );
    assert.equal(ended.steps[0]?.status, 'crashed');
    assert.equal(ended.steps[0]?.attempts[0]?.status, 'crashed');
    assert.equal(ended.steps[0]?.attempts[0]?.duration_seconds, null);
    assert.equal(ended.writers, 2);
  });

  test('a step with any record counts as reached, even if its start is lost', async () => {
    const recording = startedRun().output(1, 1, 'hello');
    assert.deepEqual(
      (await fold(recording)).steps.map(({ status }) => status),
      ['running', 'not_reached'],
    );
    recording.end({ status: 'crashed' });
    assert.equal((await fold(recording)).steps[0]?.status, 'crashed');
  });

  test('a run whose recovery did not finish is crashed', async () => {
    const recording = startedRun().changeWriter('bbbbbb');
    recording.event('orchestrator', 'run_recovered', { reason: 'process gone', killed: [7], last_record_at: null }, 'Recovered');
    const summary = await fold(recording);
    assert.equal(summary.status, 'crashed');
    assert.deepEqual(summary.recovered, { reason: 'process gone', killed: 1, last_record_at: null });
    assert.equal(summary.failure?.cause, 'process gone');
  });
});

describe('tokens', () => {
  test('tokens are unknown for an unmetered run without calls, and 0 for a metered one', async () => {
    const unmetered = await fold(startedRun().attemptStart(1, 1, false));
    assert.equal(unmetered.usage.tokens_in, null);
    assert.equal(unmetered.usage.api_calls, null);
    assert.equal(computeMetrics(unmetered).aggregate_metrics.COST_USD, null);
    const metered = await fold(startedRun().attemptStart(1, 1, true));
    assert.equal(metered.usage.tokens_in, 0);
    assert.equal(metered.usage.api_calls, 0);
  });

  test('an answered call without token counts makes the total a lower bound, and a refused call does not', async () => {
    const recording = startedRun().attemptStart(1, 1);
    const scope = { step: 1, attempt: 1 };
    recording.call(scope);
    recording.call(scope, { outcome: 'http_error', status: 500 });
    assert.equal(computeMetrics(await fold(recording)).tokens_complete, true);
    recording.call(scope, { 'gen_ai.usage.input_tokens': null, 'gen_ai.usage.output_tokens': null, usage_source: 'none' });
    const summary = await fold(recording);
    assert.equal(summary.usage.tokens_in, 1000);
    assert.equal(summary.usage.calls_without_usage, 1);
    assert.equal(computeMetrics(summary).tokens_complete, false);
    assert.match(renderText(summary, null), /Total Tokens: 1250 \(lower bound\)/);
  });

  test('API Calls counts every request, and LLM Requests counts a retried request once', async () => {
    const recording = startedRun().attemptStart(1, 1);
    const scope = { step: 1, attempt: 1 };
    const first = recording.call(scope, { outcome: 'http_error', status: 429 });
    const second = recording.call(scope, { outcome: 'http_error', status: 429, retry_of: first });
    recording.call(scope, { retry_of: second });
    recording.call(scope);
    const { usage } = await fold(recording);
    assert.deepEqual([usage.api_calls, usage.llm_requests, usage.failed_calls], [4, 2, 2]);
  });

  test('one call with tokens and no price makes the cost unknown', async () => {
    const recording = startedRun().attemptStart(1, 1);
    recording.call({ step: 1, attempt: 1 });
    recording.call({ step: 1, attempt: 1 }, { cost_nano_usd: null, price_source: null });
    assert.equal((await fold(recording)).usage.cost_nano_usd, null);
  });
});

/** A run whose first step succeeds after `change`. */
function oneStep(metered: boolean, change: (recording: Recording) => void = () => {}): Recording {
  const recording = startedRun().stepStart(1).attemptStart(1, 1, metered);
  change(recording);
  return recording.attemptEnd(1, 1, { duration_seconds: 1 }).stepEnd(1, 1, 1);
}

describe('the template note', () => {
  const note = /Template-based generation \(no LLM calls\)/;
  test('is printed for a metered step without calls', async () => {
    assert.match(renderText(await fold(oneStep(true)), null), note);
  });
  test('is not printed for an unmetered step', async () => {
    assert.doesNotMatch(renderText(await fold(oneStep(false)), null), note);
  });
  test('is not printed after a call, an unfinished call or an unmetered request', async () => {
    const call = oneStep(true, (recording) => void recording.call({ step: 1, attempt: 1 }));
    const open = oneStep(true, (recording) => void recording.callStart({ step: 1, attempt: 1 }));
    const unknown = oneStep(true, (recording) => {
      const metadata = { method: 'POST', path: '/v1/audio', status: 200 };
      recording.event('metrics', 'unmetered_request', metadata, 'Passed through', { step: 1, attempt: 1 });
    });
    for (const recording of [call, open, unknown]) assert.doesNotMatch(renderText(await fold(recording), null), note);
  });
  test('is not printed for a failed step, since nothing was generated', async () => {
    const failed = startedRun().stepStart(1).attemptStart(1, 1);
    failed.attemptEnd(1, 1, { status: 'failed', reason: 'exit_code', claim: 'failure' }).stepEnd(1, 1, 1, 'failed');
    assert.doesNotMatch(renderText(await fold(failed), null), note);
  });
});

describe('counts of the record', () => {
  test('gaps in a writer’s sequence numbers count as missing records', async () => {
    const recording = new Recording().start(2).prepare();
    const items = [...recording.items()];
    assert.equal((await foldRecords(items)).missing_records, 0);
    assert.equal((await foldRecords(items.filter((_, index) => index !== 1 && index !== 2))).missing_records, 2);
  });

  test('error output of a framework does not count as an error of the run', async () => {
    const recording = startedRun();
    recording.record('adapter', 'process_output', 'ERROR', { stream: 'stderr' }, { step: 1, attempt: 1, level: 'error' });
    assert.equal((await fold(recording)).errors.count, 0);
  });

  test('all problems are counted, and the first and last five are kept', async () => {
    const recording = startedRun();
    for (let index = 1; index <= 1000; index += 1)
      recording.record('adapter', 'log', `trouble ${index}`, {}, { step: 1, level: 'error' });
    const { errors, steps } = await fold(recording);
    assert.equal(errors.count, 1000);
    assert.equal(steps[0]?.errors, 1000);
    assert.deepEqual(
      [...errors.first, ...errors.last].map((example) => example.message),
      [1, 2, 3, 4, 5, 996, 997, 998, 999, 1000].map((index) => `trouble ${index}`),
    );
  });

  test('a clarification outside steps is counted like any other', async () => {
    const recording = new Recording().start(2);
    const metadata = {
      query: 'x',
      query_length: 1,
      response_length: 1,
      response_sha1: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
    };
    recording.event('adapter', 'hitl', metadata, 'Asked');
    const summary = await fold(recording);
    assert.equal(summary.hitl.count, 1);
    assert.match(renderText(summary, null), /Outside steps: SHA-1 a94a8fe5cc /);
  });

  test('dropped lines are counted', async () => {
    const recording = startedRun();
    recording.event('run', 'log.dropped', { count: 12, bytes: 3400, reason: 'ENOSPC' }, 'Lines were dropped');
    assert.deepEqual((await fold(recording)).dropped, { count: 12, bytes: 3400 });
  });

  test('success rate and steps completed are relative to the configured steps', async () => {
    const text = renderText(await fold(startedRun().goodStep(1, 1)), null);
    assert.match(text, /^Steps Completed: 1\/2$/m);
    assert.match(text, /^Success Rate: 50\.0%$/m);
  });
});

describe('the failing step', () => {
  test('its last output lines come from the last attempt', async () => {
    const recording = startedRun().stepStart(1);
    for (const attempt of [1, 2]) {
      recording.attemptStart(1, attempt).output(1, attempt, `output of attempt ${attempt}`);
      recording.attemptEnd(1, attempt, { status: 'failed', reason: 'exit_code', claim: 'failure' });
    }
    recording.stepEnd(1, 2, 9, 'failed').end({ status: 'failed', failing_phase: 'steps', failing_step: 1 });
    const { failure } = await fold(recording);
    assert.deepEqual(failure?.last_lines, ['output of attempt 2']);
    assert.equal(failure?.attempt, 2);
    assert.equal(failure?.cause, 'the framework ended with an exit code other than 0');
    assert.equal(failure?.log_file, 'logs/step_001/adapter.log');
  });

  test('a later successful step does not replace its last output lines', async () => {
    const recording = startedRun().stepStart(1).attemptStart(1, 1).output(1, 1, 'what went wrong');
    recording.attemptEnd(1, 1, { status: 'failed', reason: 'exit_code', claim: 'failure' }).stepEnd(1, 1, 1, 'failed');
    recording.goodStep(2, 0, []).end({ status: 'failed', failing_phase: 'steps', failing_step: 1 });
    assert.deepEqual((await fold(recording)).failure?.last_lines, ['what went wrong']);
  });

  test('output of many successful steps does not displace the output of a later failure', async () => {
    const recording = new Recording().start(40);
    for (let step = 1; step <= 30; step += 1) recording.goodStep(step, 0, []);
    recording.stepStart(31).attemptStart(31, 1).output(31, 1, 'what went wrong');
    recording.attemptEnd(31, 1, { status: 'failed', reason: 'exit_code', claim: 'failure' }).stepEnd(31, 1, 1, 'failed');
    recording.goodStep(32, 0, []).end({ status: 'failed', failing_phase: 'steps', failing_step: 31 });
    assert.deepEqual((await fold(recording)).failure?.last_lines, ['what went wrong']);
  });

  test('parts of one long line count as one line', async () => {
    const recording = startedRun().stepStart(1).attemptStart(1, 1);
    const scope = { step: 1, attempt: 1 };
    for (let part = 1; part <= 40; part += 1)
      recording.record('adapter', 'process_output', `part ${part}`, { stream: 'stdout', part }, scope);
    recording.end({ status: 'crashed', failing_phase: 'steps', failing_step: 1 });
    assert.deepEqual((await fold(recording)).failure?.last_lines, ['part 1']);
  });
});

async function aggregate(recording: Recording): Promise<AggregateMetrics> {
  return computeMetrics(await fold(recording)).aggregate_metrics;
}

describe('metrics', () => {
  test('continuity counts checks that passed in an earlier step and are repeated in a later one', async () => {
    const steady = await aggregate(startedRun().goodStep(1, 1, ['a']).goodStep(2, 1, ['a', 'b']));
    assert.equal(steady.MC, 1);
    const broken = new Recording()
      .start(2)
      .goodStep(1, 1, ['a'])
      .goodStep(2, 1, [])
      .validate(2, ['a', 'b'], ['read a', 'read b']);
    assert.equal((await aggregate(broken)).MC, 0.75);
    assert.equal((await aggregate(startedRun().goodStep(1, 1, ['a']))).MC, null);
  });

  test('continuity ignores checks that never passed and checks that are not repeated', async () => {
    const recording = new Recording().start(3).validate(1, ['a'], ['read a']).validate(2, ['a'], ['read a']).validate(3, ['b']);
    assert.equal((await aggregate(recording)).MC, 1);
  });

  test('metrics of the application are null without validation, and token metrics without metering', async () => {
    const recording = new Recording().start(1, { validates_app: false }).stepStart(1).attemptStart(1, 1, false);
    const metrics = await aggregate(recording.attemptEnd(1, 1).stepEnd(1, 1, 1));
    for (const name of [
      'CRUDe',
      'ESR',
      'MC',
      'ZDI',
      'Q_star',
      'TOK_IN',
      'TOK_OUT',
      'API_CALLS',
      'CACHED_TOKENS',
      'AEI',
      'COST_USD',
    ] as const) {
      assert.equal(metrics[name], null, name);
    }
    assert.equal(metrics.UTT, 1);
  });

  test('autonomy is relative to the number of steps reached', async () => {
    const recording = new Recording().start(10);
    for (let step = 1; step <= 10; step += 1) recording.goodStep(step, 0, []);
    const metadata = {
      query: 'x',
      query_length: 1,
      response_length: 1,
      response_sha1: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3',
    };
    for (const step of [2, 3]) recording.event('adapter', 'hitl', metadata, 'Asked', { step, attempt: 1 });
    const metrics = await aggregate(recording);
    assert.deepEqual([metrics.UTT, metrics.HIT, metrics.AUTR, metrics.HEU], [10, 2, 0.8, 6]);
  });

  test('metrics of the application come from the last validation, and its step is named', async () => {
    const { recording } = (CASES['broken-later'] as () => { recording: Recording })();
    const metrics = computeMetrics(await fold(recording));
    assert.equal(metrics.validated_step, 3);
    assert.equal(metrics.aggregate_metrics.ESR, 0);
    assert.equal(metrics.aggregate_metrics.CRUDe, 0);
  });
});

test('rehearsed runs say so in text, Markdown and metrics', async () => {
  const summary = await fold(new Recording().start(1, { rehearsal: true }).goodStep(1, 1));
  assert.match(renderText(summary, null), /^REHEARSAL: /m);
  assert.match(renderMarkdown(summary, null), /REHEARSAL: /);
  assert.equal(computeMetrics(summary).rehearsal, true);
  assert.equal(computeMetrics(summary).verification_status, 'not_applicable');
});

const anyRecord = fc.record<LogRecord>({
  level: fc.constantFrom(...LEVELS),
  timestamp: fc.constant('2026-11-22T14:15:03.000Z'),
  module: fc.string(),
  component: fc.constantFrom('orchestrator', 'adapter', 'metrics', 'validator', 'mine'),
  run_id: fc.constantFrom('a', null),
  framework: fc.constantFrom('b', null),
  step: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
  attempt: fc.integer({ min: 0, max: 3 }),
  event: fc.constantFrom(
    ...Object.keys(CASES),
    'log',
    'llm_call',
    'attempt_end',
    'run_end',
    'run_start',
    'process_output',
    'validation_end',
  ),
  message: fc.string({ unit: 'binary' }),
  metadata: fc.dictionary(
    fc.constantFrom('status', 'steps', 'call_id', 'part', 'duration_seconds', 'constructor'),
    fc.anything(),
  ),
});

test('property: no sequence of records makes the fold or a renderer throw or exceed its limits', async () => {
  const streams: ReadItem[][] = Object.values(CASES).map((make) => [...make().recording.items()]);
  const anyItem = fc.oneof(
    fc.constantFrom(...streams.flat()),
    anyRecord.map((record): ReadItem => ({ record, file: 'logs/run.log', line: 1 })),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(anyItem, { maxLength: 200 }), async (items) => {
      const summary = await foldRecords(items);
      RunSummary.parse(summary);
      computeMetrics(summary);
      renderMarkdown(summary, null);
      const text = renderText(summary, null);
      assert.ok(Buffer.byteLength(text) <= 10_240);
      for (const line of text.split('\n')) assert.ok(fileWidthOf(line) <= 80);
    }),
    { numRuns: 200 },
  );
});

describe('token use of single requests', () => {
  test('a broken request used an unknown number of tokens, and a request that was never sent used none', async () => {
    const scope = { step: 1, attempt: 1 };
    const totals = async (outcome: 'upstream_error' | 'unreachable', status: number | null): Promise<[number, number | null]> => {
      const recording = startedRun().stepStart(1).attemptStart(1, 1);
      recording.call(scope, { outcome, status });
      const { usage } = await fold(recording);
      return [usage.calls_without_usage, usage.tokens_in];
    };
    assert.deepEqual(await totals('upstream_error', 200), [1, null]);
    assert.deepEqual(await totals('upstream_error', null), [1, null]);
    assert.deepEqual(await totals('unreachable', null), [0, 0]);
  });

  test('an unmetered GET leaves the totals complete, and an unmetered POST does not', async () => {
    const unmetered = async (method: string): Promise<number> => {
      const recording = startedRun().stepStart(1).attemptStart(1, 1);
      recording.record('metrics', 'unmetered_request', '', { method, path: '/models', status: 200 }, { step: 1, attempt: 1 });
      return (await fold(recording)).usage.unmetered_requests;
    };
    assert.deepEqual([await unmetered('GET'), await unmetered('POST')], [0, 1]);
  });
});

test('a crashed run ended at its last record, not at its recovery', async () => {
  const recording = startedRun();
  const last = recording.record('orchestrator', 'log', 'the last words', {}).timestamp;
  recording.wait(3600).changeWriter('bbbbbb');
  recording.record('orchestrator', 'run_recovered', '', { reason: 'gone', killed: [], last_record_at: last });
  recording.end({ status: 'crashed' });
  assert.equal((await fold(recording)).ended_at, last);
});
