/** What reconciling takes and gives back. */
import type { ReconciliationState, ReconciliationSummary } from '../schema/index.ts';

/** Which runs. */
export interface RunSelection {
  readonly runsDir: string;
  /** Only runs of this framework. */
  readonly framework?: string | undefined;
  /** One run: its id, a unique beginning of it, or `latest`; with or without `framework`. It is read whatever its age and state. */
  readonly run?: string | undefined;
}

/** Outside world, settable for tests. */
export interface ReconcileEnvironment {
  /** Where settings and admin keys are taken from. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly now?: (() => Date) | undefined;
  /** Resolves after `ms`; rejects when the signal aborts. */
  readonly wait?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly fetch?: typeof fetch | undefined;
}

export interface ReconcileOptions extends RunSelection, ReconcileEnvironment {
  /** A run that ended less than this ago is left out. Default: the run's configuration. */
  readonly minAgeMinutes?: number | undefined;
  /** A run that ended longer ago than this gets a last reading, after which nothing is awaited. Default: the run's configuration. */
  readonly maxAgeHours?: number | undefined;
  /** Reads every selected run anew, whatever its age and state. */
  readonly force?: boolean | undefined;
  /** These take the place of the run's own filter, and are recorded. */
  readonly apiKeyId?: string | undefined;
  readonly projectId?: string | undefined;
  readonly workspaceId?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Called before a run is looked at; `index` from 1. */
  readonly onRun?: ((run: RunProgress) => void) | undefined;
  /** Called for each run as soon as its result is there. */
  readonly onResult?: ((result: RunReconciliation) => void) | undefined;
}

export interface RunProgress {
  readonly framework: string;
  readonly runId: string;
  readonly index: number;
  readonly total: number;
}

/** One run and where its reconciliation stands. */
export interface RunReconciliation {
  readonly framework: string;
  readonly runId: string;
  readonly runDir: string;
  /**
   * `read`: a reading was taken and recorded. `skipped`: nobody was asked and nothing was written. `failed`: the provider could
   * not be asked (recorded), or the record could not be written.
   */
  readonly action: 'read' | 'skipped' | 'failed';
  readonly state: ReconciliationState;
  /** One sentence: why this state; of a skipped run, why it was skipped. */
  readonly reason: string;
  /** Of an error in docs/errors.md that kept the run from being looked at; else null. */
  readonly code: string | null;
  /** What to do about it; null when nothing is to be done. */
  readonly fix: string | null;
  /** Since the run's end; null while it has none. */
  readonly ageMinutes: number | null;
  /** Null before the first attempt. */
  readonly summary: ReconciliationSummary | null;
  /** Nothing further is awaited: verified, mismatch, not_applicable, older than the maximum age, or recorded before format 1.1. */
  readonly settled: boolean;
  /** ISO 8601: the earliest time at which a further reading counts; null when the run is settled, or when a person must act first. */
  readonly nextAttemptAt: string | null;
}

export interface ReconcileReport {
  /** Oldest run first. */
  readonly results: readonly RunReconciliation[];
}

export interface ListOptions extends RunSelection, Pick<ReconcileEnvironment, 'env' | 'now'> {
  /** Every run; otherwise only those that are not settled and of stepwell. */
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
