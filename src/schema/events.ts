/**
 * The events that writers record and readers fold, with the shape of each one's `metadata`.
 *
 * This table is the whole contract between the two halves: summary, metrics and verification use nothing else.
 * Durations are seconds with millisecond precision, sizes bytes, times ISO 8601. What was not measured is null.
 */
import { z } from 'zod';
import { ReconciliationAttempt, UsageFilter, UsageProvider } from './reconciliation.ts';
import {
  ClaimedUsage,
  FailureReason,
  FileFact,
  FrameworkPhaseStatus,
  Phase,
  PlannedStep,
  RunStatus,
  StepStatus,
  ValidationMeasures,
} from './status.ts';

const seconds = z.number().nonnegative();
const count = z.number().int().nonnegative();

/** An event whose message, or whose `error`, says everything. */
const nothingMore = z.object({});

/** Each event that stepwell writes, with the shape of its `metadata`; docs/format.md says which file it is in. */
export const EVENT_METADATA = {
  // ── run.log (component orchestrator) ─────────────────────────────────────────────────────────────────
  config_loaded: z.object({
    file: z.string(),
    sha256: z.string(),
    framework: z.string(),
    round: z.number().int().positive(),
    /** Ids of the steps that are to run. */
    steps: z.array(z.number().int().positive()),
  }),
  config_warning: nothingMore,
  /** The value of this environment variable is an ordinary word of the record, so it is not masked. */
  secret_ignored: z.object({ variable: z.string() }),
  checks_passed: nothingMore,
  run_start: z.object({
    stepwell_version: z.string(),
    adapter: z.string(),
    model: z.string(),
    /** True when the scripted offline model answered: such numbers are no model's work. */
    rehearsal: z.boolean(),
    /** The run's position among the rounds of its framework, from 1. */
    round: z.number().int().positive(),
    random_seed: z.number().int().nullable(),
    config_sha256: z.string(),
    /** Runs with the same one were measured by the same checks. Null where that was not recorded yet. */
    checks_digest: z.string().nullable().default(null),
    steps: z.array(PlannedStep),
    step_timeout_seconds: seconds,
    max_retries: count,
    health_check_interval_seconds: seconds,
    on_step_failure: z.enum(['stop', 'continue']),
    /** True when the built application is started and probed after each step. */
    validates_app: z.boolean(),
    /** Where use of the model can be asked for afterwards; null where no provider bills it. */
    usage_api: UsageFilter.extend({ provider: UsageProvider }).nullable().default(null),
    /** The run whose recorded exchanges answered in place of a model. */
    replay_of: z.string().nullable().default(null),
  }),
  /** Where prices come from: configuration first, then the price library. */
  prices_loaded: z.object({
    /** Name of the library, or null when there is none for this endpoint. */
    source: z.string().nullable(),
    version: z.string().nullable(),
    /** Of the library's data. */
    sha256: z.string().nullable(),
    /** Models priced by the configuration. */
    overrides: z.array(z.string()),
  }),
  /** Exchanges that could not be kept on the cassette; replaying the run will miss them. */
  cassette_incomplete: z.object({ exchanges: count, reason: z.string() }),
  /** Recorded exchanges answer in place of a model from here on. */
  replay_start: z.object({
    /** The run that was recorded. */
    replay_of: z.string(),
    strict: z.boolean(),
    exchanges: count,
    /** Exchanges whose answer is not on the cassette. */
    not_kept: count,
    /** Lines of the cassette that could not be read. */
    damaged_lines: count,
  }),
  /** A request that is not on the cassette. Numbers are those of exchanges on the cassette. */
  replay_mismatch: z.object({
    method: z.string(),
    path: z.string(),
    /** What answered in its place; null: an error did. */
    answered_by: z.number().int().positive().nullable(),
    nearest: z.number().int().positive().nullable(),
    /** The first place where the two requests differ. */
    place: z.string().nullable(),
    recorded: z.string().nullable(),
    asked: z.string().nullable(),
  }),
  /** When the replaying run had ended: what it used of the cassette. */
  replay_end: z.object({ exchanges: count, used: count, mismatches: count }),
  phase_start: z.object({ phase: Phase }),
  phase_end: z.object({ phase: Phase, duration_seconds: seconds, ok: z.boolean() }),
  /** What `stepwell setup` had made for the framework. */
  framework_setup: z.object({
    /** Of a package its version. */
    commit: z.string(),
    repository: z.string().nullable(),
    python: z.string(),
    /** `name==version`, everything that was installed. */
    packages: z.array(z.string()),
    stepwell_version: z.string(),
    completed_at: z.string(),
  }),
  framework_ready: z.object({ commit: z.string() }),
  /** The last record before sealing. `error` of the record holds the failure, if any. */
  run_end: z.object({
    status: RunStatus,
    failing_phase: Phase.nullable(),
    failing_step: z.number().int().nullable(),
    /** Null for a crashed run whose beginning is not recorded. */
    duration_seconds: seconds.nullable(),
    /** Secrets replaced before anything was written; null for a crashed run, whose count died with its process. */
    redactions: count.nullable(),
  }),
  /** Written by `recover` in place of the end that the dead process could not write. */
  run_recovered: z.object({ reason: z.string(), killed: z.array(z.number().int()), last_record_at: z.string().nullable() }),
  /** By `recover`, of hitl_events.jsonl: a line that the dead process did not finish was taken out. */
  hitl_torn: z.object({ torn_bytes: count }),

  // ── step_NNN/orchestrator.log ────────────────────────────────────────────────────────────────────────
  step_start: z.object({ name: z.string(), prompt_file: z.string(), prompt_sha256: z.string() }),
  /** Parts of the workspace that could not be copied before the step: a retry finds them as the attempt before left them. */
  snapshot_incomplete: z.object({
    /** Relative to the workspace; at most 20 are named. */
    paths: z.array(z.string()),
    paths_total: count,
  }),
  attempt_start: z.object({
    /** Random, in the environment of every process of the attempt: what is found with it belongs to the attempt. */
    mark: z.string(),
    /** True when the framework was given the metering proxy's URL. */
    metered: z.boolean(),
  }),
  attempt_end: z.object({
    status: StepStatus,
    reason: FailureReason.nullable(),
    /** What the framework itself said: success, failure, or nothing (killed before it could). */
    claim: z.enum(['success', 'failure']).nullable(),
    claimed_usage: ClaimedUsage.nullable(),
    duration_seconds: seconds,
    files_added: count,
    files_changed: count,
    files_removed: count,
    processes_killed: count,
  }),
  /** Processes of the attempt that SIGKILL did not end. */
  processes_survived: z.object({ pids: z.array(z.number().int()) }),
  /** Files a failed attempt left, before the workspace was put back. At most 1,000 are named. */
  attempt_leftovers: z.object({ files: z.array(FileFact), files_total: count }),
  retry_scheduled: z.object({ next_attempt: z.number().int(), backoff_seconds: seconds }),
  /** The step's own time: attempts and backoff between them, without validation. */
  step_end: z.object({ status: StepStatus, attempts: count, retries: count, duration_seconds: seconds }),
  /** The step failed outside of its attempts; `error` of the record says how. */
  step_error: nothingMore,
  /** The validation itself failed, which says nothing about the framework. */
  validation_error: nothingMore,

  // ── step_NNN/adapter.log ─────────────────────────────────────────────────────────────────────────────
  process_start: z.object({ command: z.array(z.string()), cwd: z.string(), pid: z.number().int() }),
  /** One line of a child's output; the line itself is `message`. A line above the record limit continues in further parts. */
  process_output: z.object({
    stream: z.enum(['stdout', 'stderr']),
    pid: z.number().int().optional(),
    /** From 1; absent when the whole line fits one record. */
    part: z.number().int().positive().optional(),
    last_part: z.boolean().optional(),
  }),
  process_end: z.object({
    pid: z.number().int().nullable(),
    exit_code: z.number().int().nullable(),
    signal: z.string().nullable(),
    duration_seconds: seconds,
    user_cpu_seconds: seconds.nullable(),
    system_cpu_seconds: seconds.nullable(),
    max_rss_bytes: count.nullable(),
    stdout_bytes: count,
    stderr_bytes: count,
    stdout_lines: count,
    stderr_lines: count,
  }),
  /** By the framework `baseline`, which writes a model's files itself; what others write is seen in the workspace. */
  file_written: FileFact.extend({ executable: z.boolean() }),
  file_removed: z.object({ path: z.string() }),
  hitl: z.object({ query: z.string(), query_length: count, response_length: count, response_sha1: z.string() }),
  /** The framework got its answer, but hitl_events.jsonl lacks it. */
  hitl_not_kept: nothingMore,
  /** One message of a coding agent's session, as JSON in `message`: of agents that keep it in files, which do not outlive the run. */
  agent_message: z.object({
    /** Where the agent keeps it. */
    file: z.string(),
    /** As the agent names it. */
    role: z.string(),
    /** Names of the tools that it calls, or whose result it is. */
    tools: z.array(z.string()),
    /** Of the whole, as JSON. */
    bytes: count,
    /** True when `message` is only its beginning. */
    cut: z.boolean(),
  }),
  /** After them: how many messages the session has, how many of them were recorded, and the bytes of all. */
  agent_session: z.object({ messages: count, recorded: count, bytes: count }),
  /** A line that the framework appended to the file STEPWELL_EVENTS; level and message are its own. In run.log when it came from `prepare`. */
  framework_event: z.object({
    /** As the framework names it; its `event` there. */
    name: z.string(),
    /** When it happened, if the framework says. */
    at: z.string().nullable(),
    /** Its `metadata` there. */
    data: z.record(z.string(), z.unknown()),
    /** Which line of the file it was, from 1; null in records of older versions. */
    line: count.nullable().default(null),
  }),
  /** A line of that file that is no event. */
  framework_event_refused: z.object({
    /** From 1. */
    line: count,
    bytes: count,
    /** `torn`: the file ended before the line did. */
    reason: z.enum(['torn', 'not_json', 'not_an_event', 'too_long']),
    detail: z.string(),
    /** Its beginning; null where it was too long to be held. */
    text: z.string().nullable(),
  }),
  /** Something happened to that file other than being appended to. */
  framework_events_problem: z.object({
    problem: z.enum(['removed', 'replaced', 'truncated', 'too_large', 'too_many_lines', 'unreadable']),
    /** Read so far. */
    read_bytes: count,
    /** Of the file now; null where that could not be asked. */
    file_bytes: count.nullable(),
  }),
  /** When the attempt had ended, and again after late lines: what the file brought; after a recovery, what that added. Absent where nothing was written. */
  framework_events_end: z.object({ events: count, refused: count, bytes: count }),
  /** A phase of the framework's work in the attempt, as far as it came: `unfinished`, it began and did not end. Once for each time that it ran. */
  framework_phase: z.object({ phase: z.string(), status: FrameworkPhaseStatus, duration_seconds: seconds.nullable() }),

  // ── step_NNN/metrics.log: the ledger ─────────────────────────────────────────────────────────────────
  llm_call_start: z.object({
    call_id: z.string(),
    wire: z.string(),
    path: z.string(),
    'gen_ai.request.model': z.string().nullable(),
    'gen_ai.request.stream': z.boolean(),
    request_bytes: count,
    /** The failed call whose request is sent again, or null. */
    retry_of: z.string().nullable(),
    /**
     * How the call came to its step: `url`, it was sent to the attempt's own URL; `current_attempt`, it was sent to the run's URL
     * while this attempt was going on; `run`, it was sent there while no attempt was.
     */
    attribution: z.enum(['url', 'current_attempt', 'run']).default('url'),
    /** Of the framework's work in the attempt, where the call was sent to that phase's own URL. */
    phase: z.string().nullable().default(null),
  }),
  llm_call: z.object({
    call_id: z.string(),
    wire: z.string(),
    path: z.string(),
    /** `http_error` and `unreachable` (no connection, so nothing was sent) used no tokens; any other may have. */
    outcome: z.enum(['ok', 'http_error', 'client_aborted', 'unreachable', 'upstream_error', 'truncated']),
    status: z.number().int().nullable(),
    'gen_ai.request.model': z.string().nullable(),
    'gen_ai.response.model': z.string().nullable(),
    'gen_ai.request.stream': z.boolean(),
    /** Input includes cached tokens; output includes reasoning tokens. */
    'gen_ai.usage.input_tokens': count.nullable(),
    'gen_ai.usage.output_tokens': count.nullable(),
    'gen_ai.usage.cache_read.input_tokens': count.nullable(),
    'gen_ai.usage.cache_write.input_tokens': count.nullable(),
    'gen_ai.usage.reasoning.output_tokens': count.nullable(),
    usage_source: z.enum(['provider', 'estimate', 'none']),
    /** The provider's usage object as sent. */
    usage_raw: z.unknown(),
    provider_request_id: z.string().nullable(),
    time_to_first_byte_seconds: seconds.nullable(),
    duration_seconds: seconds,
    request_bytes: count,
    response_bytes: count,
    retry_of: z.string().nullable(),
    /** Integer billionths of a US dollar; null when no price is known. */
    cost_nano_usd: z.number().int().nonnegative().nullable(),
    price_source: z.string().nullable(),
    attribution: z.enum(['url', 'current_attempt', 'run']).default('url'),
    /** Of the framework's work in the attempt, where the call was sent to that phase's own URL. */
    phase: z.string().nullable().default(null),
    /** Where the provider's figures are missing although an answer had begun: what stepwell counted itself. In no total. */
    estimate: z
      .object({ input_tokens: count.nullable(), output_tokens: count.nullable(), tokenizer: z.string() })
      .nullable()
      .default(null),
  }),
  /** A request that uses no tokens: the list of models, or counting tokens. */
  llm_lookup: z.object({
    wire: z.string(),
    method: z.string(),
    path: z.string(),
    status: z.number().int().nullable(),
    duration_seconds: seconds,
  }),
  /** The proxy answered 429 itself: the budget is used up. */
  budget_refused: z.object({
    scope: z.enum(['run', 'experiment']),
    limit: z.enum(['max_calls', 'max_tokens', 'max_cost_usd']),
    /** In the limit's unit; null when the cost of a call is unknown, so that the limit cannot be kept. */
    used: z.number().nonnegative().nullable(),
    max: z.number().nonnegative(),
  }),
  /** A WebSocket or other upgrade, which the proxy does not pass on. */
  upgrade_refused: z.object({ path: z.string(), protocol: z.string() }),
  /** In run.log, once: the proxy took these members out of messages of the model before the framework got them, from here on. */
  answers_changed: z.object({ omitted: z.array(z.string()) }),
  /** A request on a path that the meter does not understand: passed through, its tokens unknown. */
  unmetered_request: z.object({ method: z.string(), path: z.string(), status: z.number().int().nullable() }),

  // ── step_NNN/validator.log ───────────────────────────────────────────────────────────────────────────
  artifact_check: z.object({ name: z.string(), ok: z.boolean(), detail: z.string() }),
  app_start: z.object({ command: z.array(z.string()), port: z.number().int() }),
  app_ready: z.object({ startup_seconds: seconds }),
  app_failed: z.object({ reason: z.string(), last_lines: z.array(z.string()) }),
  http_check: z.object({
    name: z.string(),
    entity: z.string(),
    operation: z.enum(['create', 'read', 'list', 'update', 'delete', 'other']),
    method: z.string(),
    path: z.string(),
    ok: z.boolean(),
    status: z.number().int().nullable(),
    detail: z.string(),
    duration_seconds: seconds,
  }),
  /** The application stopped or began to answer; the polls themselves are counted in `validation_end`. */
  downtime: z.object({ state: z.enum(['down', 'up']), down_seconds: seconds.nullable() }),
  validation_end: ValidationMeasures,

  // ── run.log, after sealing (not in the archive) ──────────────────────────────────────────────────────
  /** A part of the sealing failed. Those before the archive are in it. */
  seal_problem: nothingMore,
  archive_created: z.object({ archive: z.string(), bytes: count, sha256: z.string(), members: count, excluded_secrets: count }),
  summary_written: z.object({ path: z.string(), bytes: count }),
  manifest_updated: z.object({ path: z.string() }),

  // ── reconciliation.log (run level, after sealing; not in the archive) ────────────────────────────────
  /** One answer of the provider's usage or cost API as received; what is above the record limit continues in further parts. */
  usage_api_response: z.object({
    /** Of the run's reconciliation. */
    reconciliation_attempt: z.number().int().positive(),
    provider: UsageProvider,
    report: z.enum(['completions', 'embeddings', 'costs', 'messages', 'cost_report']),
    path: z.string(),
    parameters: z.record(z.string(), z.union([z.string(), z.array(z.string())])),
    /** Page of the report, and how often it had been asked for, both from 1. */
    page: z.number().int().positive(),
    tries: z.number().int().positive(),
    fetched_at: z.string(),
    /** Null when no answer came; the record's `error` says why. */
    status: z.number().int().nullable(),
    request_id: z.string().nullable(),
    body: z.string(),
    part: z.number().int().positive().optional(),
    last_part: z.boolean().optional(),
  }),
  reconciliation_attempt: ReconciliationAttempt,

  // ── written by the log core itself ───────────────────────────────────────────────────────────────────
  /** A torn last line was found and isolated when the file was opened again. */
  'log.recovered': z.object({ file: z.string(), torn_bytes: count }),
  /** Lines that could not be written while the disk was full. */
  'log.dropped': z.object({ count, bytes: count, reason: z.string() }),
} as const;

/** The value of a record's `event`. */
export type EventName = keyof typeof EVENT_METADATA;
/** The `metadata` of an event, as it is after parsing. */
export type EventMetadata<E extends EventName> = z.infer<(typeof EVENT_METADATA)[E]>;
