/** Ledgers that never were, as log files: what several processes write at once, some of them until they are killed. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { LOGS_DIR, logFileOf } from '../../src/store/index.ts';

const STEPS = 3;
const ATTEMPTS = 2;
const START = Date.parse('2026-11-22T14:15:03.000Z');

const tokens = fc.option(fc.nat({ max: 5_000_000 }), { nil: null, freq: 4 });
/** Null: outside steps. */
const place = fc.option(fc.record({ step: fc.integer({ min: 1, max: STEPS }), attempt: fc.integer({ min: 1, max: ATTEMPTS }) }), {
  nil: null,
  freq: 6,
});
const writer = fc.constantFrom('aaaaaa', 'bbbbbb', 'cccccc');
/** Undefined: as it was before there were phases. */
const phase = fc.constantFrom(undefined, null, 'plan', 'implement');
const model = fc.constantFrom('gpt-4o-mini', 'claude-sonnet-4-5', 'local', null);

const usage = fc.record({
  outcome: fc.constantFrom('ok', 'ok', 'ok', 'http_error', 'client_aborted', 'unreachable', 'upstream_error', 'truncated'),
  status: fc.constantFrom(200, 200, 429, null),
  answered: fc.constantFrom('gpt-4o-mini-2024-07-18', 'gpt-4o-mini', null),
  input: tokens,
  output: tokens,
  cached: tokens,
  cacheWrite: tokens,
  reasoning: tokens,
  cost: fc.option(fc.nat({ max: 2_000_000_000 }), { nil: null, freq: 4 }),
  estimate: fc.option(fc.record({ input: tokens, output: tokens }), { nil: null, freq: 1 }),
  milliseconds: fc.nat({ max: 600_000 }),
  late: fc.boolean(),
});

const claim = fc.record({ input_tokens: tokens, output_tokens: tokens, calls: fc.option(fc.nat({ max: 9 }), { nil: null }) });

/** One line of a log, more or less. */
const line = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('begin' as const),
      writer,
      place,
      model,
      phase,
      byRunUrl: fc.boolean(),
      /** Sends again what was sent last. */
      again: fc.boolean(),
      /** The line of the start is lost: only the end tells of the call. */
      torn: fc.nat({ max: 5 }).map((chance) => chance === 0),
    }),
  },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('end' as const), which: fc.nat(), usage, torn: fc.nat({ max: 9 }) }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('attempt' as const), writer, place, metered: fc.boolean() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('attempt_end' as const), writer, place, claim: fc.option(claim, { nil: null }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('phase' as const),
      writer,
      place,
      name: fc.constantFrom('plan', 'implement', 'tasks'),
      status: fc.constantFrom('completed', 'failed', 'unfinished'),
      milliseconds: fc.option(fc.nat({ max: 600_000 }), { nil: null, freq: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom('llm_lookup' as const, 'budget_refused' as const, 'unmetered_request' as const),
      writer,
      place,
      method: fc.constantFrom('GET', 'POST', 'DELETE'),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constantFrom('garbage' as const, 'malformed' as const, 'output' as const), writer, place }),
  },
);

export const ledger = fc.record({
  lines: fc.array(line, { maxLength: 60 }),
  framework: fc.constantFrom('baseline', 'mytool'),
  rehearsal: fc.boolean(),
  /** False: the process died before it could say how the run ended. */
  ended: fc.boolean(),
  /** Bytes that the end of each file lacks: 0 none, 1 the line's end alone, more of the last line. */
  cut: fc.constantFrom(0, 0, 1, 40),
});
export type Ledger = typeof ledger extends fc.Arbitrary<infer L> ? L : never;

/** Writes the logs of a run and returns nothing: what is in the files is all that anybody may know. */
export function writeLedger(runDir: string, runId: string, { lines, framework, rehearsal, ended, cut: lacks }: Ledger): void {
  rmSync(runDir, { recursive: true, force: true });
  const seq = new Map<string, number>();
  let [now, calls, last]: [number, number, string | null] = [START, 0, null];
  const open: { id: string; by: string; at: Place; begun: Record<string, unknown> }[] = [];
  const texts = new Map<string, string>();

  const put = (
    by: string,
    component: string,
    at: Place,
    event: string,
    metadata: object,
    more: object = {},
    cut = false,
  ): void => {
    now += 7;
    seq.set(by, (seq.get(by) ?? 0) + 1);
    const record = {
      level: 'info',
      timestamp: new Date(now).toISOString(),
      module: 'test',
      component,
      run_id: runId,
      framework,
      step: at?.step ?? null,
      event,
      message: '',
      metadata,
      ...(at === null ? {} : { attempt: at.attempt }),
      seq: seq.get(by),
      writer: by,
      ...more,
    };
    const text = JSON.stringify(record);
    const file = `${LOGS_DIR}/${logFileOf(component, at?.step ?? null)}`;
    // Cut short by a kill, and isolated by whoever opened the file again.
    texts.set(file, `${texts.get(file) ?? ''}${cut ? text.slice(0, text.length / 2) : text}\n`);
  };

  put('aaaaaa', 'orchestrator', null, 'run_start', runStart(rehearsal));
  for (const made of lines) {
    switch (made.kind) {
      case 'begin': {
        const id = `call-${(calls += 1)}`;
        const begun = {
          call_id: id,
          wire: 'openai.chat',
          path: '/chat/completions',
          'gen_ai.request.model': made.model,
          'gen_ai.request.stream': false,
          request_bytes: 10,
          retry_of: made.again ? last : null,
          attribution: made.place === null ? 'run' : made.byRunUrl ? 'current_attempt' : 'url',
          ...(made.phase === undefined ? {} : { phase: made.phase }),
        };
        put(made.writer, 'metrics', made.place, 'llm_call_start', begun, {}, made.torn);
        open.push({ id, by: made.writer, at: made.place, begun });
        last = id;
        break;
      }
      case 'end': {
        const [call] = open.splice(open.length === 0 ? 0 : made.which % open.length, 1);
        if (call === undefined) break;
        const { usage: used } = made;
        const more = used.late ? { late: true } : {};
        put(call.by, 'metrics', call.at, 'llm_call', { ...call.begun, ...ending(used) }, more, made.torn === 0);
        break;
      }
      case 'attempt':
        if (made.place !== null)
          put(made.writer, 'orchestrator', made.place, 'attempt_start', { mark: 'm', metered: made.metered });
        break;
      case 'attempt_end':
        if (made.place !== null) put(made.writer, 'orchestrator', made.place, 'attempt_end', attemptEnd(made.claim));
        break;
      case 'phase': {
        const duration_seconds = made.milliseconds === null ? null : made.milliseconds / 1000;
        const metadata = { phase: made.name, status: made.status, duration_seconds };
        if (made.place !== null) put(made.writer, 'adapter', made.place, 'framework_phase', metadata);
        break;
      }
      case 'llm_lookup': {
        const metadata = { wire: 'openai.models', method: made.method, path: '/models', status: 200, duration_seconds: 0.1 };
        put(made.writer, 'metrics', made.place, made.kind, metadata);
        break;
      }
      case 'budget_refused':
        put(made.writer, 'metrics', made.place, made.kind, { scope: 'run', limit: 'max_calls', used: 3, max: 3 });
        break;
      case 'unmetered_request':
        put(made.writer, 'metrics', made.place, made.kind, { method: made.method, path: '/files', status: 200 });
        break;
      case 'garbage':
        put(made.writer, 'metrics', made.place, 'llm_call', {}, {}, true);
        break;
      case 'malformed':
        put(made.writer, 'metrics', made.place, 'llm_call', { 'gen_ai.usage.input_tokens': 1000 });
        break;
      case 'output':
        put(made.writer, 'adapter', made.place, 'process_output', { stream: 'stdout' });
        break;
      default:
        made satisfies never;
    }
  }
  if (ended) {
    const end = { status: 'success', failing_phase: null, failing_step: null, duration_seconds: 1, redactions: 0 };
    put('aaaaaa', 'orchestrator', null, 'run_end', end);
  }
  for (const [file, text] of texts) {
    mkdirSync(dirname(join(runDir, file)), { recursive: true });
    writeFileSync(join(runDir, file), text.slice(0, text.length - lacks));
  }
}

type Place = { readonly step: number; readonly attempt: number } | null;

function ending(used: typeof usage extends fc.Arbitrary<infer U> ? U : never): object {
  const told = used.input !== null || used.output !== null;
  return {
    outcome: used.outcome,
    status: used.status,
    'gen_ai.response.model': used.answered,
    'gen_ai.usage.input_tokens': used.input,
    'gen_ai.usage.output_tokens': used.output,
    'gen_ai.usage.cache_read.input_tokens': used.cached,
    'gen_ai.usage.cache_write.input_tokens': used.cacheWrite,
    'gen_ai.usage.reasoning.output_tokens': used.reasoning,
    usage_source: told ? 'provider' : used.estimate === null ? 'none' : 'estimate',
    usage_raw: null,
    provider_request_id: null,
    time_to_first_byte_seconds: null,
    duration_seconds: used.milliseconds / 1000,
    response_bytes: 10,
    cost_nano_usd: used.cost,
    price_source: null,
    estimate:
      used.estimate === null
        ? null
        : { input_tokens: used.estimate.input, output_tokens: used.estimate.output, tokenizer: 'o200k_base' },
  };
}

function attemptEnd(claimed: object | null): object {
  const files = { files_added: 0, files_changed: 0, files_removed: 0, processes_killed: 0 };
  return { status: 'success', reason: null, claim: 'success', claimed_usage: claimed, duration_seconds: 1, ...files };
}

function runStart(rehearsal: boolean): object {
  return {
    stepwell_version: '0.1.0',
    adapter: 'command',
    model: 'gpt-4o-mini',
    rehearsal,
    round: 1,
    random_seed: null,
    config_sha256: 'x',
    steps: [],
    step_timeout_seconds: 1,
    max_retries: 1,
    health_check_interval_seconds: 1,
    on_step_failure: 'stop',
    validates_app: false,
  };
}
