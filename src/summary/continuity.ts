/**
 * Migration continuity: what an earlier step made work should still work after later ones. A check that passed at an
 * earlier step is due again at each later step that was validated with the application meant to run.
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

/** Begins a validation anew: an earlier one of the same step counts no longer. */
export function restartChecks(state: ContinuityState, step: number): void {
  if (state.step !== step) settle(state);
  state.step = step;
  state.current.clear();
}

export function addCheck(state: ContinuityState, step: number, check: string, ok: boolean): void {
  if (state.step !== step) {
    settle(state);
    state.step = step;
  }
  state.current.set(check, ok);
}

/**
 * The step's continuity at the end of its validation; null when nothing from before was due. A check that the flow no
 * longer asks for is not due, unless nothing could be asked because the application did not start.
 */
export function continuityOf(state: ContinuityState, step: number, appStarted: boolean | null): Continuity | null {
  if (appStarted === null) return null;
  const results = state.step === step ? state.current : new Map<string, boolean>();
  let [passed, total] = [0, 0];
  for (const check of state.passedBefore) {
    const ok = results.get(check);
    if (ok === undefined && appStarted) continue;
    total += 1;
    if (ok === true) passed += 1;
  }
  return total === 0 ? null : { passed, total };
}

function settle(state: ContinuityState): void {
  for (const [check, ok] of state.current) if (ok) state.passedBefore.add(check);
  state.current.clear();
}
