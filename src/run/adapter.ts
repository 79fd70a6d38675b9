/**
 * The port between the runner and a framework. The runner owns it; `frameworks/` implements it.
 *
 * An adapter drives its framework and reports what the framework *said*. It never judges success: the runner measures
 * files, exit, time and calls, and keeps the two apart.
 */
import type { AdapterSettings } from '../config/index.ts';
import type { StepwellError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { ClaimedUsage, FrameworkSettings } from '../schema/index.ts';

/** Where a framework reaches the model: URLs of the metering proxy, and a key that is worth nothing elsewhere. */
export interface AdapterEndpoint {
  /** With `/v1`, for clients of OpenAI's kind. */
  readonly baseUrl: string;
  /** Without it, for clients that add the version themselves, such as those of Anthropic and Gemini. */
  readonly rootUrl: string;
  /** A dummy: the proxy replaces it with the provider's key, which no framework ever gets. */
  readonly apiKey: string;
}

/** What an adapter gets for the whole run. */
export interface AdapterRun<Settings extends FrameworkSettings = FrameworkSettings> {
  /** Also the name of the run directory. */
  readonly runId: string;
  /** The framework's name in the configuration, which need not be that of its adapter. */
  readonly framework: string;
  /** As its adapter's `settings` accepted them, paths absolute. */
  readonly settings: Settings;
  /** Absolute; the framework's working directory and the only place where it should build. */
  readonly workspace: string;
  /** Absolute; the adapter's own scratch directory inside the run directory, removed before sealing. */
  readonly scratch: string;
  /** The model's name as the framework should ask for it. */
  readonly model: string;
  /** `random_seed` of the configuration, for frameworks that take one; null when it sets none. */
  readonly randomSeed: number | null;
  /**
   * The run's own endpoint, for what is started in `prepare` and lives across steps: a call counts for the attempt that is going
   * on when it arrives, and for the run where none is. Null when none is configured.
   */
  readonly endpoint: AdapterEndpoint | null;
  /** Component logger `adapter`, already in the right scope. */
  readonly log: Logger;
  /** Aborts on time limit or interruption; everything started must end on it. */
  readonly signal: AbortSignal;
  /**
   * Random tag; every process that the adapter starts must have it as STEPWELL_MARK in its environment (`env` has it). Two
   * concurrent programs need two tags: processes tagged `<processTag>:<name>` end together with those tagged `<processTag>`.
   */
  readonly processTag: string;
  /** The complete environment of the framework's processes: allow-list, own HOME and TMPDIR, process tag, run variables. */
  readonly env: Readonly<Record<string, string>>;
  /** Seconds between SIGTERM and SIGKILL when a process is ended. */
  readonly shutdownGraceSeconds: number;
}

/** What an adapter gets for one attempt at one step. */
export interface AdapterStep<Settings extends FrameworkSettings = FrameworkSettings> extends AdapterRun<Settings> {
  /** The step's id in the configuration, a whole number from 1. */
  readonly step: number;
  /** The step's name in the configuration. */
  readonly name: string;
  /** From 1; 2 and more are retries. */
  readonly attempt: number;
  /** The text of the step's prompt. */
  readonly prompt: string;
  /** Absolute path of a copy of the prompt that the framework may read. */
  readonly promptFile: string;
  /** The endpoint of this attempt: whenever its calls arrive, they count for it. */
  readonly endpoint: AdapterEndpoint | null;
  /**
   * An address of its own for one phase of the framework's work in this attempt, such as `plan`: its calls count for the attempt
   * like all others, and for the phase besides. Where a phase has ended, record `framework_phase` with `log`. Null where
   * `endpoint` is.
   *
   * @param phase 1 to 64 letters, digits, `-` or `_`
   */
  readonly phaseEndpoint: (phase: string) => AdapterEndpoint | null;
  /** Answers a clarification with the configured fixed text, and records question and answer. */
  readonly answerClarification: (query: string) => Promise<string>;
}

/** What the framework said of an attempt. */
export type FrameworkClaim =
  | {
      /** What it claims; the runner decides whether the attempt succeeded. */
      readonly status: 'success';
      /** What it says it used. It is recorded beside the measured usage and never replaces it. Absent when it says nothing. */
      readonly usage?: Readonly<ClaimedUsage>;
    }
  | {
      readonly status: 'failure';
      /** `exit_code`, `signal`: how its process ended. `framework_failed`: it reported the failure itself. */
      readonly reason: 'framework_failed' | 'exit_code' | 'signal';
      /** One line for people: `exit code 3`, `the model answered no files`. */
      readonly message: string;
      readonly usage?: Readonly<ClaimedUsage>;
    };

/** A problem that blocks a run before it starts. */
export interface PreflightIssue {
  /** The framework it concerns, by its name in the configuration. The preflight sets it; absent for problems of the machine. */
  readonly framework?: string;
  /** One sentence. What an adapter returns need not name the framework: the preflight puts `name: ` in front. */
  readonly what: string;
  /** What to type or change, in one sentence. */
  readonly fix: string;
  /** The code of an error with the same cause, if there is one; see docs/errors.md. */
  readonly code?: string;
}

/** @deprecated Use {@link PreflightIssue}. */
export type Finding = PreflightIssue;

export function issueOf({ message, fix, code }: StepwellError): PreflightIssue {
  return { what: message, fix, code };
}

/**
 * Drives one framework. Pass your own to `runExperiment` as `adapters`; `adapterContract` of `stepwell/testing` checks it.
 *
 * @example
 * const adapter: Adapter = {
 *   check: async () => [],
 *   prepare: async () => ({ commit: 'unknown' }),
 *   runStep: async ({ prompt, workspace }) => {
 *     await writeFile(join(workspace, 'README.md'), prompt);
 *     return { status: 'success' };
 *   },
 * };
 */
export interface Adapter<Settings extends FrameworkSettings = FrameworkSettings> {
  /** Its own keys in the configuration of a framework; without it every key is taken that some other adapter has. */
  readonly settings?: AdapterSettings;
  /** True when it asks a model itself, so that a run without an endpoint is refused before it begins. */
  readonly needsEndpoint?: boolean;
  /**
   * Response fields that break the framework: the proxy takes them out of each `choices[].message` and `choices[].delta` of
   * answers to chat completions, before the framework only. Ledger and cassette keep what the provider sent.
   */
  readonly omitFromMessages?: readonly string[];
  /**
   * Checks whether the framework could run, without changing anything. An empty list means ready.
   *
   * @param framework how the configuration calls it, for what is to be typed
   */
  check(settings: Settings, framework?: string): Promise<PreflightIssue[]>;
  /** What would run, for `doctor`: program and version. Null when that cannot be told. */
  describe?(settings: Settings): Promise<string | null>;
  /** Gets the framework ready for this run. `commit` is what really runs, `unknown` when that cannot be told. */
  prepare(run: AdapterRun<Settings>): Promise<{ commit: string }>;
  /** One attempt. Resolves with the claim; throws only when the adapter itself failed. Returns soon after `signal` aborts. */
  runStep(step: AdapterStep<Settings>): Promise<FrameworkClaim>;
  /**
   * Lets what the adapter keeps between steps end by itself; called once on every exit path. Only an adapter needs it that must
   * tell a program more than to end: the runner then ends every process tagged for the run, and those of an attempt when it ends.
   */
  stop?(run: AdapterRun<Settings>): Promise<void>;
}
