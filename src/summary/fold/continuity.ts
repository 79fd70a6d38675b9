/**
 * Migration continuity: what works after an earlier step should still work after later ones. A check that passed at an
 * earlier step is due again at each later step whose validation sends it. (When the application does not start, the
 * validator records each check it would have sent as failed.)
 */
export interface ContinuityState {
  /** Checks that passed at some earlier step. */
  passedBefore: Set<string>;
  step: number | null;
  /** Outcomes of the step being validated; the last run of a check counts. */
  current: Map<string, boolean>;
}

export interface Continuity {
  passed: number;
  total: number;
}

export function emptyContinuity(): ContinuityState {
  return { passedBefore: new Set(), step: null, current: new Map() };
}

/** Restarts a validation: an earlier one of the same step no longer counts. */
export function restartChecks(state: ContinuityState, step: number): void {
  if (state.step !== step) finishStep(state);
  state.step = step;
  state.current.clear();
}

export function addCheck(state: ContinuityState, step: number, check: string, ok: boolean): void {
  if (state.step !== step) {
    finishStep(state);
    state.step = step;
  }
  state.current.set(check, ok);
}

/** The step's continuity at the end of its validation; null when no earlier check was repeated. */
export function continuityOf(state: ContinuityState, step: number): Continuity | null {
  if (state.step !== step) return null;
  let [passed, total] = [0, 0];
  for (const [check, ok] of state.current) {
    if (!state.passedBefore.has(check)) continue;
    total += 1;
    if (ok) passed += 1;
  }
  return total === 0 ? null : { passed, total };
}

function finishStep(state: ContinuityState): void {
  for (const [check, ok] of state.current) if (ok) state.passedBefore.add(check);
  state.current.clear();
}
