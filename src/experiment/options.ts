/** Options, plan, progress events and results of an experiment. */
import type { PlannedStep, RunStatus } from '../schema/index.ts';
import type { RecordItem } from '../store/index.ts';
import type { Adapter, PreflightIssue } from '../run/index.ts';

/** Where the experiment comes from and what of it to run. Flags win over the environment, which wins over the file. */
export interface ExperimentOptions {
  /** experiment.yaml. Default: `STEPWELL_CONFIG`, else `config/experiment.yaml` of the current directory. */
  readonly config?: string;
  /** Names of the configuration, or `['all']` for every enabled one. */
  readonly frameworks: readonly string[];
  /** Runs per framework. Default 1. */
  readonly rounds?: number;
  /** Runs at the same time. Default 1. */
  readonly jobs?: number;
  /** Default: `STEPWELL_RUNS_DIR`, else `runs` in the current directory. */
  readonly runsDir?: string;
  /** Ids of the steps to run, for example `1,3-5`. Default: all enabled ones. */
  readonly steps?: string;
  /**
   * The model of every framework. Default: `STEPWELL_MODEL`, else what the configuration says. `rehearsal` has the effect of
   * `rehearse`.
   */
  readonly model?: string;
  /** Answers with the offline scripted model, whatever the configuration names. */
  readonly rehearse?: boolean;
  /** Keeps each run's exchanges with models on a cassette in its directory. */
  readonly record?: boolean;
  /**
   * A recorded run, by id, unique beginning, last four characters, `latest` or path: its exchanges answer in place of a model,
   * and its model is asked for. Neither endpoint nor key is needed.
   */
  readonly replay?: string;
  /** With `replay`: a request that was not recorded is answered by the next recorded one of its path, with a warning. */
  readonly replayLoose?: boolean;
  /** Other `STEPWELL_…` settings and the secrets are taken from here. Default: `process.env`. */
  readonly env?: NodeJS.ProcessEnv;
  /** Shuts the experiment down cleanly: running steps are stopped, each run is sealed as `interrupted`. */
  readonly signal?: AbortSignal;
  /** Adapters of your own, by the name that `adapter:` in the configuration gives; they come before the built-in ones. */
  readonly adapters?: Readonly<Record<string, Adapter>>;
  /** Mirrors records of at least this level to stderr. */
  readonly console?: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  /** Called once, after every check has passed and before the first run begins. */
  readonly onPlan?: (plan: ExperimentPlan) => void;
  /** Called for each event as it happens. If it throws, the run continues with a warning, and it is not called again. */
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** One run that would be started. */
export interface PlannedRun {
  /** The framework's name in the configuration. */
  readonly framework: string;
  /** The name of the adapter that drives it. */
  readonly adapter: string;
  /** From 1, among the runs of its framework in this experiment. */
  readonly round: number;
  /** The model that its framework asks; `rehearsal` for the scripted offline model. */
  readonly model: string;
  /** True when the scripted offline model answers. */
  readonly rehearsal: boolean;
  /**
   * The provider's base URL, for people: a reference in it that holds a secret stays one. Null when there is none, and for a
   * rehearsal or a replay.
   */
  readonly endpoint: string | null;
}

/** What would be run: `stepwell run --dry-run` prints it. */
export interface ExperimentPlan {
  /** Absolute path of the configuration file. */
  readonly configFile: string;
  /** Absolute path of the directory in which the runs are made. */
  readonly runsDir: string;
  /** The experiment's; a run may have that of its framework. */
  readonly model: string;
  /** The scripted offline model answers every run. */
  readonly rehearsal: boolean;
  /** The run whose recorded exchanges answer, by id; null when this is not a replay. */
  readonly replayOf: string | null;
  /** True when exchanges are kept on cassettes. */
  readonly record: boolean;
  /** The steps of every run, in the order in which they are run. */
  readonly steps: readonly PlannedStep[];
  /** Round by round: every framework once before any runs again. */
  readonly runs: readonly PlannedRun[];
  /** Frameworks that `all` does not include, since they are not enabled. */
  readonly leftOut: readonly string[];
  /** Runs at the same time; never more than there are runs. */
  readonly jobs: number;
  /** Time limit of one attempt at a step. */
  readonly stepTimeoutSeconds: number;
  /** Attempts at a step after the first. */
  readonly maxRetries: number;
  /** Blocking problems; the run is refused unless this is empty. */
  readonly findings: readonly PreflightIssue[];
}

/** A run that has its directory. */
export interface StartedRun extends PlannedRun {
  /** Time and four random characters: `20261122-141503-k3f9`. */
  readonly runId: string;
  /** Absolute. */
  readonly runDir: string;
  /** The run whose recorded exchanges answer, by id; null when this is not a replay. */
  readonly replayOf: string | null;
  /** The planned steps, in order. */
  readonly steps: readonly PlannedStep[];
}

/**
 * Progress. Everything within a run comes as the records that are written to its logs (see `EVENT_METADATA`):
 * `step_start`, `attempt_start`, `llm_call`, `attempt_end`, `retry_scheduled`, `step_end`, `run_end` …, so that a live run
 * and one read from disk go through the same display.
 */
export type ProgressEvent =
  | { readonly type: 'run_started'; readonly run: StartedRun }
  | ({ readonly type: 'record'; readonly run: StartedRun } & RecordItem)
  | { readonly type: 'sealing'; readonly run: StartedRun }
  | { readonly type: 'run_finished'; readonly run: StartedRun; readonly result: RunResult };

/** A finished run. */
export interface RunResult extends StartedRun {
  /** How the run ended. It says nothing about the record. */
  readonly status: RunStatus;
  /** `incomplete`: something could not be recorded; `problems` says what. */
  readonly record: 'complete' | 'incomplete';
  /** One sentence each; empty for a complete record. */
  readonly problems: readonly string[];
  /** From the preparation to the end of the last step and of its processes, in seconds; sealing is not included. */
  readonly durationSeconds: number;
  /** File name inside the run directory and digest; null when no archive could be made. */
  readonly archive: { readonly name: string; readonly sha256: string; readonly bytes: number } | null;
}

/** An experiment that has ended. */
export interface ExperimentResult {
  /** What was to be run, as `onPlan` got it. */
  readonly plan: ExperimentPlan;
  /** In planned order; runs that never started because of an interruption are absent. */
  readonly runs: readonly RunResult[];
  /** 0 for success, 1 when a record is incomplete, 4 when a run did not succeed. Exit codes of signals are up to the caller. */
  readonly exitCode: number;
}
