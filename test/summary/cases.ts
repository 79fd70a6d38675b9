/** The recorded runs that every renderer is held against. A bug becomes one more of them, named after it. */
import { Recording } from './recording.ts';

const ARCHIVE = {
  name: 'run.tar.gz',
  bytes: 184_321,
  sha256: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  tar_sha256: '60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752',
  members: 41,
  contents: [
    { name: 'logs/', members: 14 },
    { name: 'workspace/', members: 20 },
    ...['metrics.json', 'config.yaml', 'hitl_events.jsonl', 'commit.txt', 'logs_summary.txt', 'metadata.json'].map((name) => ({
      name,
      members: 1,
    })),
    { name: 'manifest-sha256.txt', members: 1 },
  ],
  excluded_secrets: [],
  skipped: [],
};

const DIGEST = '0c9da2297434f9f0a3033f26442542457e7b2a68f411aa1b0bb4cade1a129c06';

/** Of a call whose provider stated nothing. */
const UNSTATED = {
  'gen_ai.usage.input_tokens': null,
  'gen_ai.usage.output_tokens': null,
  'gen_ai.usage.cache_read.input_tokens': null,
  cost_nano_usd: null,
} as const;

export interface Case {
  recording: Recording;
  /** Further files of the run directory. */
  others?: Readonly<Record<string, string>>;
}

export const CASES: Readonly<Record<string, () => Case>> = {
  ok: () => {
    const recording = new Recording().start(3).prepare().phaseStart('steps');
    recording.goodStep(1, 2).goodStep(2, 3).goodStep(3, 4, ['student', 'course']);
    recording.event(
      'adapter',
      'hitl',
      { query: 'Which port?', query_length: 11, response_length: 40, response_sha1: 'a94a8fe5ccb19ba61c4c0873d391e987982fbbd3' },
      'Clarification answered',
      { step: 3, attempt: 1 },
    );
    recording.phaseEnd('steps', 36.6).stop().end({ redactions: 2 });
    return { recording, others: { 'metadata.json': `${JSON.stringify({ archive: ARCHIVE, sealed: null })}\n` } };
  },

  retried: () => {
    const recording = new Recording('mytool')
      .start(2, { adapter: 'command', model: 'gpt-4o-mini' })
      .prepare()
      .phaseStart('steps');
    recording.goodStep(1, 2);
    recording.stepStart(2).attemptStart(2, 1).output(2, 1, 'Traceback (most recent call last):', 'stderr');
    const failed = recording.call({ step: 2, attempt: 1 }, { outcome: 'http_error', status: 429, duration_seconds: 0.3 });
    recording.call({ step: 2, attempt: 1 }, { retry_of: failed });
    recording.attemptEnd(
      2,
      1,
      { status: 'failed', reason: 'exit_code', claim: 'failure', duration_seconds: 3.5, files_added: 1 },
      'Attempt 1 failed: exit code 3',
    );
    recording.event(
      'orchestrator',
      'attempt_leftovers',
      { files: [{ path: 'half.py', bytes: 10, sha256: 'e3b0' }], files_total: 1 },
      'The failed attempt left 1 file',
      { step: 2, attempt: 1 },
    );
    recording.event('orchestrator', 'retry_scheduled', { next_attempt: 2, backoff_seconds: 5 }, 'Attempt 2 follows in 5 s', {
      step: 2,
    });
    recording.wait(5).attemptStart(2, 2);
    recording.call({ step: 2, attempt: 2 });
    recording.attemptEnd(2, 2, { duration_seconds: 3.2 }).stepEnd(2, 2, 11.7).validate(2, ['student']);
    recording.phaseEnd('steps', 21.6).stop().end();
    return { recording };
  },

  phases: () => {
    const recording = new Recording('ghspec').start(2, { adapter: 'ghspec' }).prepare().phaseStart('steps').stepStart(1);
    const first = { step: 1, attempt: 1 };
    recording.attemptStart(1, 1).call(first);
    recording.frameworkPhase(first, 'specify', 2).frameworkPhase(first, 'plan', 1).frameworkPhase(first, 'implement', 3);
    recording.attemptEnd(1, 1, { duration_seconds: 22.4 }).stepEnd(1, 1, 22.6).stepStart(2).attemptStart(2, 1);
    const [failed, again] = [
      { step: 2, attempt: 1 },
      { step: 2, attempt: 2 },
    ] as const;
    recording.frameworkPhase(failed, 'specify', 1).frameworkPhase(failed, 'plan', 0, 'failed');
    recording.attemptEnd(2, 1, { status: 'failed', reason: 'framework_failed', claim: 'failure', duration_seconds: 3.4 });
    recording.event('orchestrator', 'retry_scheduled', { next_attempt: 2, backoff_seconds: 5 }, 'Attempt 2 follows in 5 s', {
      step: 2,
    });
    recording.wait(5).attemptStart(2, 2).frameworkPhase(again, 'specify', 1).frameworkPhase(again, 'plan', 1, 'unfinished');
    recording.callStart(again, null, { phase: 'plan' });
    recording.attemptEnd(2, 2, { status: 'timed_out', reason: 'time_limit', claim: null, duration_seconds: 600 });
    recording.stepEnd(2, 2, 608.4, 'timed_out').phaseEnd('steps', 631).stop();
    recording.end({ status: 'timed_out', failing_phase: 'steps', failing_step: 2 });
    return { recording };
  },

  'timed-out': () => {
    const recording = new Recording('mytool')
      .start(3, { adapter: 'command', step_timeout_seconds: 60, max_retries: 0 })
      .prepare();
    recording.phaseStart('steps').goodStep(1, 1).stepStart(2).attemptStart(2, 1);
    for (let line = 1; line <= 30; line += 1) recording.output(2, 1, `waiting for the lock, ${line} of many`);
    const hanging = recording.callStart({ step: 2, attempt: 1 });
    recording.wait(60).callEnd(
      hanging,
      { step: 2, attempt: 1, late: true },
      {
        outcome: 'client_aborted',
        status: 200,
        'gen_ai.usage.input_tokens': null,
        'gen_ai.usage.output_tokens': null,
        'gen_ai.usage.cache_read.input_tokens': null,
        usage_source: 'none',
        cost_nano_usd: null,
        duration_seconds: 60,
      },
    );
    recording.attemptEnd(
      2,
      1,
      { status: 'timed_out', reason: 'time_limit', claim: null, duration_seconds: 60.1, files_added: 0, processes_killed: 3 },
      'Attempt 1 failed: it exceeded the time limit of 60 s',
    );
    recording.stepEnd(2, 1, 60.2, 'timed_out').phaseEnd('steps', 66.4);
    const error = { type: 'StepFailure', message: 'step 2 (add-email): it exceeded the time limit of 60 s', code: 'time_limit' };
    recording.stop().end({ status: 'timed_out', failing_phase: 'steps', failing_step: 2 }, error);
    return { recording };
  },

  'failed-preparation': () => {
    const recording = new Recording('mytool').start(2, { adapter: 'command' }).phaseStart('prepare');
    recording.output(undefined, undefined, 'Cloning into framework ...');
    recording.output(undefined, undefined, "fatal: unable to access 'https://example.org/tool.git/': no route to host", 'stderr');
    const error = {
      type: 'ProgramError',
      message: 'git clone ended with exit code 128',
      cause: { type: 'Error', message: 'no route to host', code: 'EHOSTUNREACH' },
    };
    recording.wait(3.3).phaseEnd('prepare', 3.3, error).stop();
    recording.end({ status: 'failed', failing_phase: 'prepare' }, error);
    return { recording };
  },

  interrupted: () => {
    const recording = new Recording()
      .start(3, { rehearsal: true, model: 'rehearsal' })
      .prepare()
      .phaseStart('steps')
      .goodStep(1, 1);
    recording.stepStart(2).attemptStart(2, 1).wait(4);
    recording.attemptEnd(
      2,
      1,
      { status: 'interrupted', reason: 'interrupted', claim: null, duration_seconds: 4, files_added: 0, files_changed: 0 },
      'Attempt 1 failed: the run was interrupted',
    );
    recording.stepEnd(2, 1, 4.1, 'interrupted').phaseEnd('steps', 9.8).stop();
    const error = { type: 'StepFailure', message: 'the run was interrupted', code: 'interrupted' };
    recording.end({ status: 'interrupted', failing_phase: 'steps', failing_step: 2 }, error);
    return { recording };
  },

  'crashed-torn-line': () => {
    const recording = new Recording().start(3).prepare().phaseStart('steps').goodStep(1, 2).stepStart(2).attemptStart(2, 1);
    recording.output(2, 1, 'compiling').output(2, 1, 'Killed: out of mem');
    recording.callStart({ step: 2, attempt: 1 });
    recording.call({ step: 2, attempt: 1 });
    recording.tear('logs/step_002/metrics.log', 300);
    return { recording };
  },

  'crashed-recovered': () => {
    const recording = new Recording().start(3).prepare().phaseStart('steps').goodStep(1, 2).stepStart(2).attemptStart(2, 1);
    recording.output(2, 1, 'compiling').output(2, 1, 'Killed: out of mem');
    recording.callStart({ step: 2, attempt: 1 });
    const last = recording.files.get('logs/step_002/adapter.log') ?? [];
    last.push((last.at(-1) ?? '').slice(0, 120));
    recording.wait(120).changeWriter('bbbbbb');
    recording.event('run', 'log.recovered', { file: 'logs/step_002/adapter.log', torn_bytes: 120 }, 'A torn line was isolated', {
      level: 'warn',
    });
    recording.event(
      'orchestrator',
      'run_recovered',
      { reason: 'the process of the run was gone', killed: [4242, 4243], last_record_at: '2026-11-22T14:15:15.900Z' },
      'The record was completed',
      { level: 'warn' },
    );
    recording.end({ status: 'crashed', failing_phase: 'steps', failing_step: 2, duration_seconds: 12.9 });
    return { recording };
  },

  'no-llm-calls': () => {
    const recording = new Recording('templates')
      .start(2, { adapter: 'command', validates_app: false })
      .prepare()
      .phaseStart('steps');
    recording.goodStep(1, 0, []).goodStep(2, 0, []).phaseEnd('steps', 3).stop().end();
    return { recording };
  },

  'not-metered': () => {
    const recording = new Recording('mytool').start(1, { adapter: 'command' }).prepare().phaseStart('steps');
    recording.stepStart(1).attemptStart(1, 1, false).wait(8);
    const claimed_usage = { input_tokens: 5100, output_tokens: 820, calls: 4 };
    recording.attemptEnd(1, 1, { duration_seconds: 8, claimed_usage }).stepEnd(1, 1, 8.1).validate(1, ['student']);
    recording.phaseEnd('steps', 9.1).stop().end();
    return { recording };
  },

  /** What a ledger can hold beside whole calls of one model to the attempt's own URL. */
  'ledger-in-full': () => {
    const recording = new Recording('mytool').start(2, { adapter: 'command' });
    recording.event(
      'orchestrator',
      'prices_loaded',
      { source: 'genai-prices', version: '0.1.8', sha256: DIGEST, overrides: ['local'] },
      'Prices: genai-prices 0.1.8, openai; 1 model priced by the configuration',
    );
    recording.prepare().phaseStart('steps');
    recording.call({}, { attribution: 'run' });
    recording.stepStart(1).attemptStart(1, 1);
    const one = { step: 1, attempt: 1 };
    recording.call(one, {
      'gen_ai.usage.cache_write.input_tokens': 128,
      'gen_ai.usage.reasoning.output_tokens': 64,
      attribution: 'current_attempt',
    });
    const estimate = { input_tokens: 900, output_tokens: 31, tokenizer: 'o200k_base' };
    recording.call(one, { ...UNSTATED, outcome: 'client_aborted', usage_source: 'estimate', estimate });
    recording.call(one, {
      ...UNSTATED,
      'gen_ai.usage.input_tokens': 700,
      outcome: 'truncated',
      estimate: { input_tokens: null, output_tokens: 5, tokenizer: 'o200k_base' },
    });
    const unknown = { 'gen_ai.request.model': 'o9-preview', 'gen_ai.response.model': 'o9-preview-2027' };
    recording.call(one, { ...unknown, cost_nano_usd: null, price_source: null });
    const lookup = { wire: 'openai.models', method: 'GET', path: '/models', status: 200, duration_seconds: 0.1 };
    recording.event('metrics', 'llm_lookup', lookup, 'GET /models', one);
    const claimed_usage = { input_tokens: 2500, output_tokens: 500, calls: 3 };
    const failed = { status: 'failed', reason: 'exit_code', claim: 'failure', duration_seconds: 13 } as const;
    recording.attemptEnd(1, 1, { ...failed, claimed_usage }, 'Attempt 1 failed: exit code 3');
    recording.attemptStart(1, 2).call({ step: 1, attempt: 2 });
    recording.attemptEnd(1, 2, { duration_seconds: 3.2 }).stepEnd(1, 2, 17);
    recording.stepStart(2).attemptStart(2, 1);
    const two = { step: 2, attempt: 1 };
    recording.call(two);
    for (let again = 0; again < 3; again += 1) {
      const refusal = { scope: 'run', limit: 'max_calls', used: 7, max: 7 } as const;
      recording.event('metrics', 'budget_refused', refusal, 'Refused: 7 of 7 calls are used', { ...two, level: 'warn' });
    }
    const over = { status: 'failed', reason: 'budget_exceeded', claim: null, duration_seconds: 4 } as const;
    const cause = 'Attempt 1 failed: the budget of the run is used up: 7 of 7 calls';
    recording.attemptEnd(2, 1, over, cause).stepEnd(2, 1, 4, 'failed');
    recording.phaseEnd('steps', 26).stop();
    const end = { status: 'failed', failing_phase: 'steps', failing_step: 2 } as const;
    recording.end(end, { type: 'StepFailure', message: cause, code: 'budget_exceeded' });
    return { recording };
  },

  'broken-later': () => {
    const recording = new Recording().start(3, { on_step_failure: 'continue' }).prepare().phaseStart('steps').goodStep(1, 1);
    recording.goodStep(2, 1, []).validate(2, ['student', 'course'], ['update student', 'create course']);
    recording.stepStart(3).attemptStart(3, 1);
    recording.call({ step: 3, attempt: 1 }, { 'gen_ai.response.model': 'gpt-4.1', cost_nano_usd: null, price_source: null });
    recording.attemptEnd(3, 1, { duration_seconds: 3.2 }).stepEnd(3, 1, 3.2);
    recording.event('validator', 'app_start', { command: ['./start.sh'], port: 40123 }, 'Starting the service', { step: 3 });
    const reason = 'it ended with exit code 1';
    const last_lines = ['SyntaxError: Unexpected token', '    at server.js:12'];
    recording.event('validator', 'app_failed', { reason, last_lines }, `The service did not start: ${reason}`, {
      step: 3,
      level: 'error',
    });
    for (const operation of ['create', 'read', 'update', 'delete'] as const) {
      const detail = 'not sent: the service did not start';
      const check = { name: `${operation} student`, entity: 'student', operation, method: 'POST', path: '/students' };
      const metadata = { ...check, ok: false, status: null, detail, duration_seconds: 0 };
      recording.event('validator', 'http_check', metadata, `${check.name}: ${detail}`, { step: 3, level: 'warn' });
    }
    const none = { polls: null, polls_failed: null, down_seconds: null };
    const counts = { artifacts_passed: 0, artifacts_total: 0, checks_passed: 0, checks_total: 4, crud_passed: 0, crud_total: 4 };
    recording.event(
      'validator',
      'validation_end',
      { ...counts, ...none, app_started: false, duration_seconds: 0.9 },
      'Validation ended',
      { step: 3 },
    );
    recording.phaseEnd('steps', 18).stop().end();
    return { recording };
  },

  /** In the form of the original system: no writer, no numbers, events of the same names with other metadata. */
  original: () => {
    const line = (time: string, level: string, message: string, more: object = {}): string =>
      `${JSON.stringify({ timestamp: `2025-10-20T${time}Z`, level, module: 'runner', message, run_id: '7f0c9a52-5a0e-4c1c', framework: 'chatdev', ...more })}\n`;
    const others = {
      'logs/run.log':
        line('14:23:45.000123', 'INFO', 'Starting run', { event: 'run_start', metadata: { run_number: 1 } }) +
        line('14:23:46.100000', 'INFO', 'Downtime', { event: 'downtime', metadata: { zdi_count: 1 } }) +
        line('14:45:12.900000', 'INFO', 'Run completed', { event: 'run_complete' }),
      'logs/step_001/adapter.log':
        line('14:23:47.000000', 'INFO', 'Step', { step: 1, event: 'step_start', metadata: { command: 'Create' } }) +
        line('14:23:49.000000', 'INFO', 'Asked', { step: 1, event: 'hitl', metadata: { query: 'Which?' } }),
      'logs/step_001/orchestrator.log': line('14:23:50.100000', 'WARNING', 'Retrying step', { step: 1 }),
      'logs/step_002/adapter.log': line('14:30:00.000000', 'CRITICAL', 'Gave up', { step: 2 }),
    };
    return { recording: new Recording(), others };
  },

  hostile: () => {
    const evil =
      '\u001b[2J\u001b]0;owned\u0007red\u001b[31m\u202Egnp.exe\u0000\r\nRun ID: forged | `code` <script>alert(1)</script> 表情\u{1F600}';
    const recording = new Recording('mytool', '20261122-141503-ev1l').start(2, {
      model: `gpt\u001b[0m-${'宽'.repeat(60)}`,
      adapter: 'command',
    });
    recording.prepare().phaseStart('steps').stepStart(1).attemptStart(1, 1);
    recording
      .output(1, 1, evil)
      .output(1, 1, '='.repeat(500))
      .output(1, 1, `e${'\u0301'.repeat(300)}`)
      .output(1, 1, '\t```\tdone');
    recording.call({ step: 1, attempt: 1 }, { 'gen_ai.response.model': evil });
    recording.record('adapter', 'log', `${'word '.repeat(80)}${evil}`, {}, { step: 1, attempt: 1, level: 'warn' });
    recording.record('adapter', 'attempt_end', 'metadata of another shape', { status: 'fine' }, { step: 1, attempt: 1 });
    recording.event(
      'adapter',
      'hitl',
      { query: evil, query_length: evil.length, response_length: 1, response_sha1: evil },
      'asked outside steps',
    );
    recording.attemptEnd(
      1,
      1,
      { status: 'failed', reason: 'framework_failed', claim: 'failure', duration_seconds: 119.7 },
      `Attempt 1 failed: ${evil}`,
    );
    recording.stepEnd(1, 1, 119.7, 'failed').raw('logs/step_001/adapter.log', 'this is no record \u001b[31m');
    recording
      .phaseEnd('steps', 119.7)
      .stop()
      .end({ status: 'failed', failing_phase: 'steps', failing_step: 1 }, { type: 'StepFailure', message: evil });
    return { recording };
  },
};

/** A run of `steps` steps of which every seventh fails; too large to keep, quick to make. */
export function longRun(steps: number): Recording {
  const recording = new Recording('mytool')
    .start(steps, { adapter: 'command', on_step_failure: 'continue' })
    .prepare()
    .phaseStart('steps');
  for (let step = 1; step <= steps; step += 1) {
    if (step % 7 !== 0) {
      recording.goodStep(step, 1, []);
      continue;
    }
    recording.stepStart(step).attemptStart(step, 1).output(step, 1, `step ${step} went wrong`);
    recording.attemptEnd(
      step,
      1,
      { status: 'failed', reason: 'exit_code', claim: 'failure', duration_seconds: 2 },
      'Attempt 1 failed: exit code 1',
    );
    recording.stepEnd(step, 1, 2, 'failed');
  }
  const error = { type: 'StepFailure', message: 'step 7 (create-student): exit code 1', code: 'exit_code' };
  return recording
    .phaseEnd('steps', recording.seconds)
    .stop()
    .end({ status: 'failed', failing_phase: 'steps', failing_step: 7 }, error);
}
