/** Scopes by callback and, for a process with one run at a time, set imperatively; what can be done with the scope of a call. */
import { collectSecrets, createRedactor, type Redactor } from '../secrets/index.ts';
import { PendingRecords, createRunState, createScope, createStepScope, type RunOptions, type Scope } from './scope.ts';
import { processRedactor, activeScope, shared, writeInRun, writeWithoutRun } from './write-record.ts';

/** The scope of a call, as others may see it. */
export interface ScopeFacts {
  /** As `withRun` got it. */
  readonly runId: string;
  /** As `withRun` got it. */
  readonly framework: string;
  /** Null outside of a step. */
  readonly step: number | null;
  /** From 1; null outside of an attempt. */
  readonly attempt: number | null;
  /** The run's logs directory; absolute. */
  readonly logsDir: string;
}

/**
 * Runs `fn` in the scope of a run: every record logged inside goes to the files below `logsDir`, also from timers and
 * promises begun there. Returns what `fn` returns; the files are closed when `fn` has returned, or when its promise has settled.
 *
 * @throws StepwellError with UNSAFE_NAME when the run id or the framework cannot be a path segment, LOGS_DIR_INVALID; and what
 *   `fn` throws
 * @example
 * await withRun({ runId: 'my-run', framework: 'mine', logsDir: 'runs/mine/my-run/logs' }, async () => {
 *   getLogger('main').info('Begin');
 * });
 */
export function withRun<T>(options: RunOptions, fn: () => T): T {
  const scope = beginRunScope(options);
  return runInScope(scope, fn, () => endRunScope(scope));
}

/**
 * Runs `fn` in the scope of a step of the run around it, or of one attempt at the step. Returns what `fn` returns.
 *
 * @param step a whole number, 0 or more; it names the directory of the logs: 3 is `step_003`
 * @throws StepwellError with STEP_OUTSIDE_RUN, STEP_NUMBER_INVALID (also for an attempt below 1); and what `fn` throws
 * @example await withStep(3, { attempt: 2 }, async () => getLogger('work', { component: 'adapter' }).info('Again'));
 */
export function withStep<T>(step: number, fn: () => T): T;
export function withStep<T>(step: number, options: { readonly attempt?: number }, fn: () => T): T;
export function withStep<T>(step: number, second: { readonly attempt?: number } | (() => T), third?: () => T): T {
  const [options, fn] = typeof second === 'function' ? [{}, second] : [second, third as () => T];
  const scope = createStepScope(activeScope(), step, options.attempt);
  return runInScope(scope, fn, () => endStepScope(scope));
}

/**
 * Holds what is logged inside `fn` before a run's directory exists. Each run begun inside gets it at the beginning of its
 * `run.log`; what no run has received when `fn` ends goes to stderr.
 */
export function withPendingRun<T>(fn: () => T): T {
  const around = activeScope();
  const pending = new PendingRecords(around?.pending ?? null);
  const scope = createScope(null, pending, around ?? null);
  const writeUndelivered = (): void => {
    for (const { origin, level, ms, content } of pending.takeUndelivered()) writeWithoutRun(origin, level, ms, content);
  };
  shared.atExit.add(writeUndelivered);
  return runInScope(scope, fn, () => {
    scope.ended = true;
    shared.atExit.delete(writeUndelivered);
    writeUndelivered();
  });
}

function beginRunScope(options: RunOptions): Scope {
  const values = [...collectSecrets(process.env), ...(options.secrets ?? [])];
  const run = createRunState(options, createRedactor({ values }));
  const around = activeScope();
  // Without the scope around it: one run after another would keep all of them in memory.
  const scope = createScope(run, null, null);
  shared.handler.prepare(run);
  for (const { origin, level, ms, content } of around?.pending?.deliver(run.logsDir) ?? []) {
    writeInRun(scope, run, origin, level, ms, content.event, content.message, content.metadata, content.error);
  }
  return scope;
}

function endRunScope(scope: Scope): void {
  scope.ended = true;
  if (scope.run !== null) shared.handler.close(scope.run, null);
}

function endStepScope(scope: Scope): void {
  scope.ended = true;
  // An attempt's end leaves the files to the step around it.
  if (scope.run !== null && scope.parent?.step !== scope.step) shared.handler.close(scope.run, scope.step);
}

function runInScope<T>(scope: Scope, fn: () => T, end: () => void): T {
  let result: T;
  try {
    result = shared.scopes.run(scope, fn);
  } catch (error) {
    end();
    throw error;
  }
  if (!isThenable(result)) {
    end();
    return result;
  }
  // T is a promise here, and a promise that ends in the same way takes its place.
  return Promise.resolve(result).finally(end) as T;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * Takes the scope of the call along to where it would be lost: sockets, pools, event emitters, a child's output.
 *
 * @example const inScope = captureScope(); socket.on('data', (chunk) => inScope(() => log.info(String(chunk))));
 */
export function captureScope(): <T>(fn: () => T) => T {
  const scope = activeScope();
  return (fn) => shared.scopes.run(scope, fn);
}

/** The run, step and attempt of the call, or null outside of any run. */
export function currentScope(): ScopeFacts | null {
  const scope = activeScope();
  if (scope === undefined || scope.run === null) return null;
  const { runId, framework, logsDir } = scope.run;
  return { runId, framework, step: scope.step, attempt: scope.attempt, logsDir };
}

/** The redactor of the run around the call; outside of any run, one that knows the environment's secrets. */
export function runRedactor(): Redactor {
  return activeScope()?.run?.redactor ?? processRedactor();
}

/** Hands everything buffered for the run around the call to the kernel. */
export function flushRun(): void {
  const run = activeScope()?.run;
  if (run) shared.handler.flush(run);
}

/**
 * Makes everything logged so far in the run around the call survive a loss of power. False when a record of the run was
 * lost, still waits for the disk, or could not be synced: then the record of the run is incomplete.
 */
export function syncRun(): boolean {
  const run = activeScope()?.run;
  return run ? shared.handler.sync(run) : true;
}

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

  /** Begins a run, and ends the one set before. @throws StepwellError with UNSAFE_NAME, LOGS_DIR_INVALID */
  setRunContext(options: RunOptions): void {
    const next = beginRunScope(options);
    this.clearRunContext();
    this.#run = next;
    shared.ambient = next;
  }

  /** Begins a step, and ends the one set before. @throws StepwellError with STEP_OUTSIDE_RUN, STEP_NUMBER_INVALID */
  setStepContext(step: number, attempt?: number): void {
    const next = createStepScope(this.#run ?? undefined, step, attempt);
    this.clearStepContext();
    shared.ambient = next;
  }

  /** What is logged from now on belongs to the run and to no step. */
  clearStepContext(): void {
    const scope = shared.ambient;
    if (scope === undefined || scope === this.#run) return;
    endStepScope(scope);
    shared.ambient = this.#run ?? undefined;
  }

  /** Ends the run: its files are closed, and what is logged from now on has no run. */
  clearRunContext(): void {
    this.clearStepContext();
    if (this.#run !== null) endRunScope(this.#run);
    this.#run = null;
    shared.ambient = undefined;
  }

  /** The absolute path of the file that a component's records go to now, or null when there is no run. */
  getLogFile(component: string): string | null {
    const scope = activeScope();
    return scope === undefined ? null : shared.handler.pathOf(scope, component);
  }
}
