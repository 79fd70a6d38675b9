/** Writes the logs of a run that never ran: what the writers would have written, byte for byte the same every time. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { EventMetadata, EventName, LogRecord, RecordedError } from '../../src/schema/index.ts';
import { LOGS_DIR, logFileOf, parseRecord, type ReadItem } from '../../src/store/index.ts';

export const RUN_ID = '20261122-141503-k3f9';
const START = Date.parse('2026-11-22T14:15:03.000Z');
const DIGEST = '3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b8551';

export interface Scope {
  step?: number;
  attempt?: number;
  late?: boolean;
  error?: RecordedError;
  level?: LogRecord['level'];
}

interface StepShape {
  name: string;
  prompt_file: string;
  prompt_sha256: string;
}

const STEP_NAMES = ['create-student', 'add-email', 'create-course', 'enrol', 'create-teacher', 'assign-teacher'];

function plannedStep(step: number): StepShape & { step: number } {
  const name = STEP_NAMES[(step - 1) % STEP_NAMES.length] ?? 'step';
  return {
    step,
    name,
    prompt_file: `prompts/${String(step).padStart(2, '0')}_${name.replace('-', '_')}.txt`,
    prompt_sha256: DIGEST,
  };
}

/** One run being recorded, with a clock that only `wait` moves. */
export class Recording {
  readonly runId: string;
  readonly framework: string;
  readonly files = new Map<string, string[]>();
  #now = START;
  #writer = 'aaaaaa';
  #seq = 0;
  #call = 0;

  constructor(framework = 'baseline', runId = RUN_ID) {
    this.framework = framework;
    this.runId = runId;
  }

  get seconds(): number {
    return (this.#now - START) / 1000;
  }

  wait(seconds: number): this {
    this.#now += Math.round(seconds * 1000);
    return this;
  }

  /** A new process goes on with the same run. */
  changeWriter(writer: string): this {
    this.#writer = writer;
    this.#seq = 0;
    return this;
  }

  record(component: string, event: string, message: string, metadata: Record<string, unknown>, scope: Scope = {}): LogRecord {
    const { step = null, attempt, late, error, level = 'info' } = scope;
    this.#seq += 1;
    const record: LogRecord = {
      level,
      timestamp: new Date(this.#now).toISOString(),
      module: `stepwell/${component}`,
      component,
      run_id: this.runId,
      framework: this.framework,
      step,
      event,
      message,
      metadata,
      ...(attempt === undefined ? {} : { attempt }),
      seq: this.#seq,
      writer: this.#writer,
      ...(error === undefined ? {} : { error }),
      ...(late === undefined ? {} : { late }),
    };
    this.raw(`${LOGS_DIR}/${logFileOf(component, step)}`, JSON.stringify(record));
    return record;
  }

  event<E extends EventName>(
    component: string,
    event: E,
    metadata: EventMetadata<E>,
    message: string,
    scope: Scope = {},
  ): LogRecord {
    return this.record(component, event, message, metadata, scope);
  }

  /** Any bytes as a line. */
  raw(file: string, line: string): void {
    const lines = this.files.get(file) ?? [];
    lines.push(line);
    this.files.set(file, lines);
  }

  /** Removes the end of the last line of a file, as a process killed while writing leaves it. */
  tear(file: string, bytes: number): void {
    const lines = this.files.get(file) ?? [];
    const last = lines.pop() ?? '';
    lines.push(`${last.slice(0, bytes)}\u0000`);
  }

  start(steps: number, settings: Partial<EventMetadata<'run_start'>> = {}): this {
    const planned = Array.from({ length: steps }, (_, index) => plannedStep(index + 1));
    this.event(
      'orchestrator',
      'run_start',
      {
        stepwell_version: '0.1.0',
        adapter: 'baseline',
        model: 'gpt-4o-mini',
        rehearsal: false,
        round: 1,
        usage_api: { provider: 'openai', api_key_id: null, project_id: 'proj_school', workspace_id: null },
        replay_of: null,
        random_seed: 42,
        config_sha256: DIGEST,
        checks_digest: DIGEST.slice(0, 12),
        steps: planned,
        step_timeout_seconds: 600,
        max_retries: 2,
        health_check_interval_seconds: 5,
        on_step_failure: 'stop',
        validates_app: true,
        ...settings,
      },
      `Run ${this.runId} begins`,
    );
    return this;
  }

  phaseStart(phase: EventMetadata<'phase_start'>['phase']): this {
    this.event('orchestrator', 'phase_start', { phase }, `Phase ${phase} begins`);
    return this;
  }

  phaseEnd(phase: EventMetadata<'phase_end'>['phase'], duration_seconds: number, error?: RecordedError): this {
    const scope: Scope = error === undefined ? {} : { error, level: 'error' };
    this.event('orchestrator', 'phase_end', { phase, duration_seconds, ok: error === undefined }, `Phase ${phase} ended`, scope);
    return this;
  }

  prepare(): this {
    this.phaseStart('prepare').wait(2);
    this.event('orchestrator', 'framework_ready', { commit: 'c84c7482f0c9' }, 'The framework is ready');
    return this.phaseEnd('prepare', 2);
  }

  stop(): this {
    return this.phaseStart('stop').wait(0.4).phaseEnd('stop', 0.4);
  }

  end(settings: Partial<EventMetadata<'run_end'>> = {}, error?: RecordedError): this {
    const metadata = {
      status: 'success' as const,
      failing_phase: null,
      failing_step: null,
      duration_seconds: this.seconds,
      redactions: 0,
      ...settings,
    };
    const scope: Scope = error === undefined ? {} : { error, level: 'error' };
    this.event('orchestrator', 'run_end', metadata, error === undefined ? 'Run succeeded' : `Run ended: ${error.message}`, scope);
    return this;
  }

  stepStart(step: number): this {
    const { name, prompt_file, prompt_sha256 } = plannedStep(step);
    this.event('orchestrator', 'step_start', { name, prompt_file, prompt_sha256 }, `Step ${step} begins: ${name}`, { step });
    return this;
  }

  attemptStart(step: number, attempt: number, metered = true): this {
    const mark = `${this.runId}:9f${step}a${attempt}`;
    this.event('orchestrator', 'attempt_start', { mark, metered }, `Attempt ${attempt} begins`, { step, attempt });
    return this;
  }

  attemptEnd(step: number, attempt: number, settings: Partial<EventMetadata<'attempt_end'>> = {}, message?: string): this {
    const metadata: EventMetadata<'attempt_end'> = {
      status: 'success',
      reason: null,
      claim: 'success',
      claimed_usage: null,
      duration_seconds: 0,
      files_added: 2,
      files_changed: 1,
      files_removed: 0,
      processes_killed: 0,
      ...settings,
    };
    const failed = metadata.status !== 'success';
    const words = message ?? (failed ? `Attempt ${attempt} failed` : `Attempt ${attempt} succeeded`);
    this.event('orchestrator', 'attempt_end', metadata, words, { step, attempt, ...(failed ? { level: 'error' } : {}) });
    return this;
  }

  stepEnd(
    step: number,
    attempts: number,
    duration_seconds: number,
    status: EventMetadata<'step_end'>['status'] = 'success',
  ): this {
    const metadata = { status, attempts, retries: attempts - 1, duration_seconds };
    this.event('orchestrator', 'step_end', metadata, `Step ended: ${status}`, {
      step,
      ...(status === 'success' ? {} : { level: 'error' }),
    });
    return this;
  }

  output(step: number | undefined, attempt: number | undefined, text: string, stream: 'stdout' | 'stderr' = 'stdout'): this {
    const scope = { ...(step === undefined ? {} : { step }), ...(attempt === undefined ? {} : { attempt }) };
    this.event('adapter', 'process_output', { stream, pid: 4242 }, text, scope);
    return this;
  }

  callStart(scope: Scope, retry_of: string | null = null, settings: Partial<EventMetadata<'llm_call_start'>> = {}): string {
    this.#call += 1;
    const call_id = `call-${String(this.#call).padStart(4, '0')}`;
    const request = { call_id, wire: 'openai.chat', path: '/v1/chat/completions' };
    this.event(
      'metrics',
      'llm_call_start',
      {
        ...request,
        'gen_ai.request.model': 'gpt-4o-mini',
        'gen_ai.request.stream': false,
        request_bytes: 2048,
        retry_of,
        attribution: 'url',
        phase: null,
        ...settings,
      },
      'Call begins',
      scope,
    );
    return call_id;
  }

  callEnd(call_id: string, scope: Scope, settings: Partial<EventMetadata<'llm_call'>> = {}): this {
    const refused =
      settings.outcome === 'http_error' || settings.outcome === 'unreachable' || settings.outcome === 'upstream_error';
    const metadata: EventMetadata<'llm_call'> = {
      call_id,
      wire: 'openai.chat',
      path: '/v1/chat/completions',
      outcome: 'ok',
      status: 200,
      'gen_ai.request.model': 'gpt-4o-mini',
      'gen_ai.response.model': refused ? null : 'gpt-4o-mini-2024-07-18',
      'gen_ai.request.stream': false,
      'gen_ai.usage.input_tokens': refused ? null : 1000,
      'gen_ai.usage.output_tokens': refused ? null : 250,
      'gen_ai.usage.cache_read.input_tokens': refused ? null : 400,
      'gen_ai.usage.cache_write.input_tokens': null,
      'gen_ai.usage.reasoning.output_tokens': null,
      usage_source: refused ? 'none' : 'provider',
      usage_raw: null,
      provider_request_id: null,
      time_to_first_byte_seconds: 0.4,
      attribution: 'url',
      phase: null,
      estimate: null,
      duration_seconds: 3.2,
      request_bytes: 2048,
      response_bytes: 900,
      retry_of: null,
      cost_nano_usd: refused ? null : 270_000,
      price_source: refused ? null : 'builtin 2026-11',
      ...settings,
    };
    this.event('metrics', 'llm_call', metadata, `${metadata.outcome} ${metadata.status ?? ''}`.trim(), scope);
    return this;
  }

  /** A whole call. */
  call(scope: Scope, settings: Partial<EventMetadata<'llm_call'>> = {}): string {
    const { attribution = 'url', phase = null, 'gen_ai.request.model': model = 'gpt-4o-mini' } = settings;
    const id = this.callStart(scope, settings.retry_of ?? null, { attribution, phase, 'gen_ai.request.model': model });
    const seconds = settings.duration_seconds ?? 3.2;
    this.wait(seconds).callEnd(id, scope, settings);
    return id;
  }

  /** A phase of the framework's work with its calls, and what the adapter says of it. */
  frameworkPhase(
    scope: Scope,
    phase: string,
    calls: number,
    status: EventMetadata<'framework_phase'>['status'] = 'completed',
  ): this {
    for (let made = 0; made < calls; made += 1) this.call(scope, { phase });
    const metadata = { phase, status, duration_seconds: status === 'unfinished' ? null : calls * 3.2 };
    this.event('adapter', 'framework_phase', metadata, `Phase ${phase}: ${status}`, scope);
    return this;
  }

  /** The validation after a step. `entities` have four CRUD checks each; `failing` names those that fail. */
  validate(step: number, entities: readonly string[], failing: readonly string[] = []): this {
    const scope = { step };
    this.event(
      'validator',
      'artifact_check',
      { name: 'start.sh', ok: true, detail: 'present' },
      'Artefact check start.sh: present',
      scope,
    );
    this.event('validator', 'app_start', { command: ['./start.sh'], port: 40123 }, 'Starting the service', scope);
    this.wait(0.5).event('validator', 'app_ready', { startup_seconds: 0.5 }, 'The service is ready', scope);
    let [passed, total] = [0, 0];
    for (const entity of entities) {
      for (const operation of ['create', 'read', 'update', 'delete'] as const) {
        const name = `${operation} ${entity}`;
        const ok = !failing.includes(name);
        total += 1;
        if (ok) passed += 1;
        const detail = ok ? 'status 200' : 'status 500, expected 200 to 299';
        const metadata = {
          name,
          entity,
          operation,
          method: 'POST',
          path: `/${entity}s`,
          ok,
          status: ok ? 200 : 500,
          detail,
          duration_seconds: 0.01,
        };
        this.event('validator', 'http_check', metadata, `${name}: ${detail}`, { ...scope, ...(ok ? {} : { level: 'warn' }) });
      }
    }
    this.wait(0.5);
    const metadata = {
      artifacts_passed: 1,
      artifacts_total: 1,
      app_started: true,
      checks_passed: passed,
      checks_total: total,
      crud_passed: passed,
      crud_total: total,
      polls: 2,
      polls_failed: 0,
      down_seconds: 0,
      duration_seconds: 1,
    };
    this.event('validator', 'validation_end', metadata, 'Validation ended', scope);
    return this;
  }

  /** A step that succeeds at once with `calls` calls. */
  goodStep(step: number, calls: number, entities: readonly string[] = ['student']): this {
    this.stepStart(step).attemptStart(step, 1);
    const before = this.seconds;
    this.output(step, 1, `working on step ${step}`);
    for (let call = 0; call < calls; call += 1) this.call({ step, attempt: 1 });
    this.wait(1.5);
    const took = Math.round((this.seconds - before) * 1000) / 1000;
    this.attemptEnd(step, 1, { duration_seconds: took }).stepEnd(step, 1, took);
    return entities.length === 0 ? this : this.validate(step, entities);
  }

  /** The lines as a reader delivers them, in the order in which they were written. */
  *items(): Generator<ReadItem> {
    const found: { item: ReadItem; seq: number; writer: string }[] = [];
    for (const [file, lines] of this.files) {
      for (const [index, text] of lines.entries()) {
        const parsed = parseRecord(text);
        if (!parsed.ok) {
          yield {
            damaged: {
              file,
              line: index + 1,
              bytes: Buffer.byteLength(text),
              reason: parsed.reason,
              torn: index === lines.length - 1,
            },
          };
          continue;
        }
        const { seq = 0, writer = '' } = parsed.record;
        found.push({ item: { record: parsed.record, file, line: index + 1 }, seq, writer });
      }
    }
    found.sort((a, b) => (a.writer < b.writer ? -1 : a.writer > b.writer ? 1 : a.seq - b.seq));
    for (const { item } of found) yield item;
  }

  /** Writes the run directory anew. */
  write(dir: string, others: Readonly<Record<string, string>> = {}): void {
    rmSync(dir, { recursive: true, force: true });
    const put = (path: string, text: string): void => {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    };
    for (const [path, lines] of this.files) {
      const torn = lines.at(-1)?.endsWith('\u0000') === true;
      const text = `${lines.join('\n')}\n`;
      put(path, torn ? text.slice(0, -2) : text);
    }
    for (const [path, text] of Object.entries(others)) put(path, text);
  }
}
