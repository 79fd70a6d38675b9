/** What is unknown is shown as unknown, never as 0. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createExperimentView, type StepView } from '../../../src/cli/progress/view.ts';
import { callsWord } from '../../../src/cli/progress/words.ts';
import { Recording } from '../../summary/recording.ts';

const CALL = { step: 1, attempt: 1 };
const NO_USAGE = {
  'gen_ai.usage.input_tokens': null,
  'gen_ai.usage.output_tokens': null,
  'gen_ai.usage.cache_read.input_tokens': null,
} as const;

/** The only step of a run whose records are made by `record`. */
function stepAfter(record: (recording: Recording) => unknown): StepView {
  const recording = new Recording().start(1).phaseStart('steps').stepStart(1);
  record(recording);
  const run = {
    runId: recording.runId,
    framework: 'baseline',
    adapter: 'baseline',
    round: 1,
    runDir: '/runs',
    model: 'gpt-4o-mini',
    rehearsal: false,
    replayOf: null,
    endpoint: null,
    steps: [{ step: 1, name: 'create-student', prompt_file: 'p', prompt_sha256: '' }],
  };
  const view = createExperimentView();
  for (const item of recording.items()) {
    if (!('record' in item)) continue;
    view.push({ type: 'record', run, ...item });
    assert.deepEqual(view.step(recording.runId, 1), view.runs()[0]?.steps[0], 'one step alone is what it is among the others');
  }
  const [step] = view.runs()[0]?.steps ?? [];
  assert.ok(step !== undefined);
  return step;
}

test('the calls and tokens of a step are shown as far as they are known', () => {
  const shown = (record: (recording: Recording) => unknown): string => callsWord(stepAfter(record));
  assert.deepEqual(
    [
      shown(() => undefined),
      shown((run) => run.attemptStart(1, 1)),
      shown((run) => run.attemptStart(1, 1).callStart(CALL)),
      shown((run) => run.attemptStart(1, 1).call(CALL)),
      shown((run) => run.attemptStart(1, 1).stepEnd(1, 1, 1)),
    ],
    ['', '', '0 calls (+1)', '1 call, 1.0k in, 250 out', '0 calls'],
  );
  // A refused call used nothing; an answered one without usage figures used nobody knows how much.
  assert.equal(
    shown((run) => run.attemptStart(1, 1).call(CALL, { outcome: 'http_error', status: 429 })),
    '1 call, 0 in, 0 out',
  );
  assert.equal(
    shown((run) => run.attemptStart(1, 1).call(CALL, NO_USAGE)),
    '1 call, tokens unknown',
  );
  const two = shown((run) => {
    run.attemptStart(1, 1).call(CALL, NO_USAGE);
    run.call(CALL, { ...NO_USAGE, 'gen_ai.usage.input_tokens': 700 });
  });
  assert.equal(two, '2 calls, 700+ in, unknown out');
});

test('the calls of a step whose attempts were not metered are unknown', () => {
  assert.equal(callsWord(stepAfter((run) => run.attemptStart(1, 1, false).stepEnd(1, 1, 8))), 'calls unknown');
  const mixed = stepAfter((run) => run.attemptStart(1, 1).attemptStart(1, 2, false).stepEnd(1, 2, 8));
  assert.equal(callsWord(mixed), 'calls unknown');
});

test('a record whose metadata does not fit its event is shown as nothing', () => {
  const step = stepAfter((run) => {
    run.attemptStart(1, 1);
    run.record('metrics', 'llm_call', '', { 'gen_ai.usage.input_tokens': '9' }, CALL);
    run.record('orchestrator', 'step_end', '', { status: 'splendid' }, { step: 1 });
  });
  assert.deepEqual([callsWord(step), step.state], ['', 'running']);
});
