/** Options and results of a reconciliation. */
import type { ReconciliationState, ReconciliationSummary } from '../schema/index.ts';

/** Which runs to reconcile. */
export interface RunSelection {
  readonly runsDir: string;
  /** Only runs of this framework. */
  readonly framework?: string | undefined;
  /** One run: its id, a unique beginning of it, or `latest`; with or without `framework`. It is read regardless of its age and state. */
  readonly run?: string | undefined;
}

/** Access to the environment, replaceable in tests. */
export interface ReconcileEnvironment {
  /** Source of settings and admin keys. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly now?: (() => Date) | undefined;
  /** Resolves after `ms`; rejects when the signal aborts. */
  readonly wait?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly fetch?: typeof fetch | undefined;
}

export interface ReconcileOptions extends RunSelection, ReconcileEnvironment {
  /** Runs that ended more recently are skipped. Default: the run's configuration. */
  readonly minAgeMinutes?: number | undefined;
  /** A run that ended longer ago gets one last reading and is then settled. Default: the run's configuration. */
  readonly maxAgeHours?: number | undefined;
  /** Reads every selected run again, regardless of its age and state. */
  readonly force?: boolean | undefined;
  /** These replace the run's own filter, and are recorded. */
  readonly apiKeyId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly workspaceId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called before each run; `index` starts at 1. */
  readonly onRun?: ((run: RunProgress) => void) | undefined;
  /** Called for each run as soon as its result is available. */
  readonly onResult?: ((result: RunReconciliation) => void) | undefined;
}

export interface RunProgress {
  readonly framework: string;
  readonly runId: string;
  readonly index: number;
  readonly total: number;
}

/** One run and the status of its reconciliation. */
export interface RunReconciliation {
  readonly framework: string;
  readonly runId: string;
  readonly runDir: string;
  /**
   * `read`: a reading was taken and recorded. `skipped`: no request was made and nothing was written. `failed`: the provider could
   * not be asked (recorded), or the record could not be written.
   */
  readonly action: 'read' | 'skipped' | 'failed';
  readonly state: ReconciliationState;
  /** One sentence: why this state; of a skipped run, why it was skipped. */
  readonly reason: string;
  /** Code of the error (see docs/errors.md) that kept the run from being checked; null otherwise. */
  readonly code: string | null;
  /** What to do about it; null when no action is needed. */
  readonly fix: string | null;
  /** Since the run's end; null while the run has not ended. */
  readonly ageMinutes: number | null;
  /** Null before the first attempt. */
  readonly summary: ReconciliationSummary | null;
  /** No further reading is needed: verified, mismatch, not_applicable, past the maximum age, or recorded before format 1.1. */
  readonly settled: boolean;
  /** ISO 8601: the earliest time at which a further reading counts; null when the run is settled, or when someone must act first. */
  readonly nextAttemptAt: string | null;
}

export interface ReconcileReport {
  /** Oldest run first. */
  readonly results: readonly RunReconciliation[];
}

export interface ListOptions extends RunSelection, Pick<ReconcileEnvironment, 'env' | 'now'> {
  /** Every run; otherwise only runs made by stepwell that are not settled. */
  readonly all: boolean;
  readonly minAgeMinutes?: number | undefined;
  readonly maxAgeHours?: number | undefined;
}

export interface WatchOptions extends ReconcileOptions {
  /** Called after each round with all selected runs, and when the next one is due (null: none). */
  readonly onRound?: ((round: WatchRound) => void) | undefined;
}

export interface WatchRound {
  /** From 1. */
  readonly round: number;
  readonly results: readonly RunReconciliation[];
  readonly settled: number;
  /** ISO 8601. */
  readonly nextRoundAt: string | null;
}
