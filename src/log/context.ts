/** The imperative face of the scopes, for a process with one run at a time. */
import { shared } from './emit.ts';
import { scopeNow } from './process.ts';
import { beginRun, endRun, endStep } from './run.ts';
import { stepScope, type RunOptions, type Scope } from './scope.ts';

/**
 * Sets run and step for everything that is logged outside of an async scope. A scope by callback (`withRun`, `withStep`)
 * always wins over it.
 *
 * @example
 * const context = LogContext.getInstance();
 * context.setRunContext({ runId: 'abc123', framework: 'baes', logsDir: 'runs/baes/abc123/logs' });
 * context.setStepContext(1);
 */
export class LogContext {
  #run: Scope | null = null;

  /** The same object in the whole process, whichever copy of the package asks. */
  static getInstance(): LogContext {
    shared.context ??= new LogContext();
    return shared.context as LogContext;
  }

  /** Begins a run, and ends the one set before. @throws UNSAFE_NAME, LOGS_DIR_INVALID */
  setRunContext(options: RunOptions): void {
    const next = beginRun(options);
    this.clearRunContext();
    this.#run = next;
    shared.ambient = next;
  }

  /** Begins a step, and ends the one set before. @throws STEP_OUTSIDE_RUN, STEP_NUMBER_INVALID */
  setStepContext(step: number, attempt?: number): void {
    const next = stepScope(this.#run ?? undefined, step, attempt);
    this.clearStepContext();
    shared.ambient = next;
  }

  /** What is logged from now on belongs to the run and to no step. */
  clearStepContext(): void {
    const scope = shared.ambient;
    if (scope === undefined || scope === this.#run) return;
    endStep(scope);
    shared.ambient = this.#run ?? undefined;
  }

  /** Ends the run: its files are closed, and what is logged from now on has no run. */
  clearRunContext(): void {
    this.clearStepContext();
    if (this.#run !== null) endRun(this.#run);
    this.#run = null;
    shared.ambient = undefined;
  }

  /** The absolute path of the file that a component's records go to now, or null when there is no run. */
  getLogFile(component: string): string | null {
    const scope = scopeNow(shared);
    return scope === undefined ? null : shared.handler.pathOf(scope, component);
  }
}
