/** The configuration as a run uses it: plain data, so that it can be copied, sent to another process and compared. */
import type {
  ExperimentConfig,
  FrameworkSettings,
  PlannedStep,
  UsageFilter,
  UsageProvider,
  ValidationConfig,
} from '../schema/index.ts';
import type { TextFile } from './steps.ts';

export interface ResolvedConfig {
  /** Absolute path of the file, and how messages name it. */
  readonly file: string;
  readonly shownFile: string;
  /** Absolute; paths inside the file are relative to it. */
  readonly directory: string;
  /** Absolute. */
  readonly runsDir: string;
  /** Runs at the same time. */
  readonly jobs: number;
  /** Every default filled in, flags and environment applied; `${NAME}` references as they were written. */
  readonly config: ExperimentConfig;
  /** The experiment's; a framework may have its own. */
  readonly model: string;
  /** The scripted offline model answers every framework. */
  readonly rehearsal: boolean;
  /** The run whose recorded exchanges answer, by id; no endpoint and no key are used. Null when this is no replay. */
  readonly replayOf: string | null;
  /** Those to run, in the order asked for. */
  readonly frameworks: readonly ResolvedFramework[];
  /** What `all` leaves out, since it is not enabled and was not named either; empty when `all` was not asked for. */
  readonly leftOut: readonly string[];
  /** Those to run, in the order of the file. */
  readonly steps: readonly ResolvedStep[];
  /** The fixed answer to every clarification. */
  readonly hitl: TextFile | null;
  /** Values that must never be written, by the variable or key path they come from. */
  readonly secrets: readonly Secret[];
  /** The text of the run's `config.yaml`: no secret in it, the same bytes for the same configuration. */
  readonly snapshot: { readonly text: string; readonly sha256: string };
  /** Allowed, but probably not meant. One line each. */
  readonly warnings: readonly string[];
}

/** With the real key, in memory only. */
export interface ResolvedEndpoint {
  /** With its version, without a slash at its end. */
  readonly baseUrl: string;
  /** For people: the same, but as it is written where a reference in it holds a secret. */
  readonly shownUrl: string;
  readonly apiKey: string | null;
  readonly askStreamUsage: boolean;
  /** The usage API to ask afterward; null when no provider bills the calls. */
  readonly usageApi: (UsageFilter & { readonly provider: UsageProvider }) | null;
}

export interface ResolvedFramework {
  readonly name: string;
  readonly adapter: string;
  /** The model that it asks: its own, or the experiment's. */
  readonly model: string;
  /** The scripted offline model answers it; no endpoint and no key are used. */
  readonly rehearsal: boolean;
  /** `env` with its references expanded; `model` as above; a path of a program in `command` is absolute. */
  readonly settings: FrameworkSettings;
  /** Its own merged over that of the experiment; null for a rehearsal or a replay, and when none is configured. */
  readonly endpoint: ResolvedEndpoint | null;
  /** What is measured after each of its steps: its own sections, else those of the experiment. */
  readonly validation: ValidationConfig;
}

export interface ResolvedStep extends PlannedStep {
  readonly prompt: string;
}

export interface Secret {
  readonly name: string;
  readonly value: string;
}
