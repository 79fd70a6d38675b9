/** Requests to models, from start to end. This file decides which ledger records are a call, and whether it is open or ended. */
import type { EventMetadata, LogRecord } from '../../schema/index.ts';
import { truncate } from './problems.ts';
import { phaseUsageOf } from './phases.ts';
import { attemptOf, MODEL_LENGTH, modelOf, stepOf, type FoldState, type ModelState } from './state.ts';
import { addOutcome, addRequest, type UsageState } from './usage.ts';

/** At most this many response models are listed for one requested model. */
const ANSWERS_KEPT = 5;

/** The totals a ledger record is added to: those of its attempt, its step and the run. */
export function sumsOf(state: FoldState, record: LogRecord): UsageState[] {
  if (record.step === null) return [state.outside, state.usage];
  const step = stepOf(state, record.step);
  if (record.attempt === undefined) return [step.usage, state.usage];
  return [attemptOf(step, record.attempt).usage, step.usage, state.usage];
}

/** The totals a call is added to: those of its record, and those of its phase or of calls outside phases. */
function callSumsOf(state: FoldState, record: LogRecord, phase: string | null): UsageState[] {
  const sums = sumsOf(state, record);
  if (record.step === null) return sums;
  const step = stepOf(state, record.step);
  sums.push(phaseUsageOf(step.phases, phase));
  if (record.attempt !== undefined) sums.push(phaseUsageOf(attemptOf(step, record.attempt).phases, phase));
  return sums;
}

export function beginCall(state: FoldState, call: EventMetadata<'llm_call_start'>, record: LogRecord): void {
  const sums = callSumsOf(state, record, call.phase);
  for (const usage of sums) {
    addRequest(usage, call);
    usage.counts.open_calls += 1;
  }
  const startedAt = Date.parse(record.timestamp);
  state.openCalls.set(call.call_id, { step: record.step, startedAt, endedAt: null, request: call, outcome: null, sums });
}

export function endCall(state: FoldState, call: EventMetadata<'llm_call'>, record: LogRecord): void {
  const begun = state.openCalls.get(call.call_id);
  const late = record.late === true;
  for (const usage of begun?.sums ?? callSumsOf(state, record, call.phase)) {
    if (begun === undefined) addRequest(usage, call);
    else usage.counts.open_calls -= 1;
    addOutcome(usage, call, late);
  }
  state.openCalls.delete(call.call_id);
  const answered = call['gen_ai.response.model'];
  const model = modelOf(state.models, call['gen_ai.request.model'] ?? answered);
  addRequest(model.usage, call);
  addOutcome(model.usage, call, late);
  if (answered !== null && model.answeredAs.size < ANSWERS_KEPT) model.answeredAs.add(truncate(answered, MODEL_LENGTH));
  const endedAt = Date.parse(record.timestamp);
  const { step, startedAt } = begun ?? { step: record.step, startedAt: endedAt - Math.round(call.duration_seconds * 1000) };
  state.onCallEnd?.({ step, startedAt, endedAt, request: begun?.request ?? call, outcome: call });
}

/** The models, with their open calls. A call without an end has no response, so it counts for the requested model. */
export function modelsWithOpenCalls({ models, openCalls }: FoldState): ReadonlyMap<string, ModelState> {
  if (openCalls.size === 0) return models;
  // Works on copies, since these calls may still end.
  const all = new Map([...models].map(([name, { usage, answeredAs }]) => [name, { usage: structuredClone(usage), answeredAs }]));
  for (const { request } of openCalls.values()) {
    const { usage } = modelOf(all, request['gen_ai.request.model']);
    addRequest(usage, request);
    usage.counts.open_calls += 1;
  }
  return all;
}
