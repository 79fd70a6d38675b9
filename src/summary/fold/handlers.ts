/** What each event adds to the state. An event that is not in the table only changes the line counts. */
import { EVENT_METADATA, type EventMetadata, type EventName, type LogRecord } from '../../schema/index.ts';
import { beginCall, endCall, sumsOf } from './calls.ts';
import { addCheck, continuityOf, restartChecks } from './continuity.ts';
import { restartOutput } from './output.ts';
import { addPhaseReport } from './phases.ts';
import { truncate } from './problems.ts';
import { attemptOf, stepOf, ValidationState, type AttemptState, type FoldState, type StepState } from './state.ts';

const FAILURES_KEPT = 5;
const FAILED_OUTPUTS_KEPT = 20;
const HITL_KEPT = 20;
const MALFORMED_KEPT = 5;

/** A record and its position in the logs. */
interface RecordLocation {
  readonly record: LogRecord;
  readonly file: string;
  readonly line: number;
}

export type Handler = (state: FoldState, place: RecordLocation) => void;

/** A handler that gets the metadata parsed by the event's schema; a record of ours that does not match is counted and skipped. */
function on<E extends EventName>(
  event: E,
  apply: (state: FoldState, metadata: EventMetadata<E>, place: RecordLocation) => void,
): [E, Handler] {
  const schema = EVENT_METADATA[event];
  return [
    event,
    (state, place) => {
      const parsed = schema.safeParse(place.record.metadata);
      if (parsed.success) {
        // The table's entry for `event` parses to exactly this type; TypeScript cannot follow the index.
        apply(state, parsed.data as EventMetadata<E>, place);
        return;
      }
      // Another program, such as the original system, may use the same event name for something else.
      if (place.record.writer === undefined) return;
      const issue = parsed.error.issues[0];
      const reason = issue === undefined ? 'wrong metadata' : `${issue.path.join('.')}: ${issue.message}`;
      state.malformed.count += 1;
      if (state.malformed.first.length < MALFORMED_KEPT) {
        state.malformed.first.push({ file: place.file, line: place.line, event, reason: truncate(reason, 200) });
      }
    },
  ];
}

/** A handler for events that belong to a step; elsewhere they have no meaning. */
function onStep<E extends EventName>(
  event: E,
  apply: (step: StepState, metadata: EventMetadata<E>, place: RecordLocation, state: FoldState) => void,
): [E, Handler] {
  return on(event, (state, metadata, place) => {
    if (place.record.step !== null) apply(stepOf(state, place.record.step), metadata, place, state);
  });
}

function onAttempt<E extends EventName>(
  event: E,
  apply: (attempt: AttemptState, metadata: EventMetadata<E>, place: RecordLocation, step: StepState, state: FoldState) => void,
): [E, Handler] {
  return onStep(event, (step, metadata, place, state) => {
    if (place.record.attempt !== undefined) apply(attemptOf(step, place.record.attempt), metadata, place, step, state);
  });
}

function keepOutput(state: FoldState, step: number | null): void {
  if (state.output.step !== step || state.output.lines.length === 0) return;
  if (state.failedOutput.size < FAILED_OUTPUTS_KEPT || state.failedOutput.has(step))
    state.failedOutput.set(step, state.output.lines);
}

function addFailure(step: StepState, failure: string): void {
  if (step.validation.failures.length < FAILURES_KEPT) step.validation.failures.push(truncate(failure, 200));
}

export const HANDLERS: ReadonlyMap<string, Handler> = new Map<string, Handler>([
  on('run_start', (state, metadata, { record }) => {
    state.start ??= { metadata, record };
  }),
  on('run_end', (state, metadata, { record }) => {
    state.end = { metadata, record };
  }),
  on('run_recovered', (state, metadata) => {
    // A repeated recovery finds the records of the one before, and the first opened files, which records torn lines, before it said so.
    if (state.recovered === null) state.lastOwnRecordAt = metadata.last_record_at ?? state.lastOwnRecordAt;
    state.recovered = metadata;
  }),
  on('prices_loaded', (state, metadata) => {
    state.prices = metadata;
  }),
  on('framework_ready', (state, metadata) => {
    state.commit = metadata.commit;
  }),
  on('phase_start', (state, { phase }) => {
    state.phases.set(phase, null);
    if (phase !== 'seal') restartOutput(state.output, null, null);
  }),
  on('phase_end', (state, metadata) => {
    state.phases.set(metadata.phase, metadata);
    if (!metadata.ok && metadata.phase === 'prepare') keepOutput(state, null);
  }),

  onStep('step_start', (step, metadata, { record }) => {
    step.start ??= { metadata, record };
  }),
  onStep('step_end', (step, metadata, { record }) => {
    step.end = { metadata, record };
    step.retryAt = null;
  }),
  onAttempt('attempt_start', (attempt, metadata, { record }, step, state) => {
    attempt.start = { metadata, record };
    for (const usage of [attempt.usage, step.usage, state.usage]) {
      if (metadata.metered) usage.meteredAttempts += 1;
      else usage.counts.unmetered_attempts += 1;
    }
    step.validation = new ValidationState();
    step.retryAt = null;
    step.validating = false;
    restartOutput(state.output, step.step, attempt.attempt);
  }),
  onAttempt('attempt_end', (attempt, metadata, { record }, step, state) => {
    attempt.end = { metadata, record };
    if (metadata.status !== 'success') keepOutput(state, step.step);
  }),
  onAttempt('attempt_leftovers', (attempt, metadata) => {
    attempt.leftovers = metadata.files_total;
  }),
  onStep('retry_scheduled', (step, metadata, { record }) => {
    attemptOf(step, metadata.next_attempt - 1).backoffSeconds = metadata.backoff_seconds;
    step.retryAt = Date.parse(record.timestamp) + metadata.backoff_seconds * 1000;
  }),

  on('hitl', (state, metadata, { record }) => {
    state.hitl.count += 1;
    if (record.step !== null) stepOf(state, record.step).hitl += 1;
    if (state.hitl.first.length < HITL_KEPT) {
      state.hitl.first.push({
        timestamp: record.timestamp,
        step: record.step,
        attempt: record.attempt ?? null,
        query_length: metadata.query_length,
        response_sha1: truncate(metadata.response_sha1, 40),
      });
    }
  }),

  onAttempt('framework_phase', (attempt, metadata, _place, step) => {
    addPhaseReport(attempt.phases, metadata);
    addPhaseReport(step.phases, metadata);
  }),

  on('llm_call_start', (state, call, { record }) => beginCall(state, call, record)),
  on('llm_call', (state, call, { record }) => endCall(state, call, record)),
  on('llm_lookup', (state, _metadata, { record }) => {
    for (const usage of sumsOf(state, record)) usage.counts.lookups += 1;
  }),
  on('budget_refused', (state, _metadata, { record }) => {
    for (const usage of sumsOf(state, record)) usage.counts.budget_refused += 1;
  }),
  on('unmetered_request', (state, { method }, { record }) => {
    // Looking something up, such as the list of models, uses no tokens.
    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return;
    for (const usage of sumsOf(state, record)) usage.counts.unmetered_requests += 1;
  }),

  onStep('artifact_check', (step, check) => {
    step.validating = true;
    if (!check.ok) addFailure(step, `artefact ${check.name}: ${check.detail}`);
  }),
  onStep('app_start', (step, _metadata, _place, state) => {
    step.validating = true;
    restartChecks(state.continuity, step.step);
  }),
  onStep('app_failed', (step, { reason, last_lines }) => {
    addFailure(step, `application: ${reason}`);
    step.validation.appOutput = last_lines.slice(-12).map((line) => truncate(line, 200));
  }),
  onStep('http_check', (step, check, _place, state) => {
    addCheck(state.continuity, step.step, JSON.stringify([check.entity, check.operation, check.name]), check.ok);
    if (!check.ok) addFailure(step, `${check.name} (${check.method} ${check.path}): ${check.detail}`);
  }),
  onStep('validation_end', (step, metadata, _place, state) => {
    step.validating = false;
    step.validation.end = metadata;
    step.validation.continuity = continuityOf(state.continuity, step.step);
    state.validationSeconds = (state.validationSeconds ?? 0) + metadata.duration_seconds;
  }),
  onStep('validation_error', (step) => {
    step.validating = false;
  }),

  on('log.recovered', (state, metadata) => {
    state.torn.count += 1;
    state.torn.bytes += metadata.torn_bytes;
  }),
  on('log.dropped', (state, metadata) => {
    state.dropped.count += metadata.count;
    state.dropped.bytes += metadata.bytes;
  }),
]);
