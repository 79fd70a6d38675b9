/** What the runner is told to execute: one run, with everything resolved. */
import type { MeteredEndpoint } from '../meter.ts';
import type { ExperimentConfig, FrameworkSettings } from '../schema.ts';
import type { Adapter } from './adapter.ts';
import type { ResolvedStep } from './config.ts';

export interface RunOrder {
  readonly runId: string;
  /** Absolute; exists. */
  readonly runDir: string;
  readonly framework: string;
  readonly adapterName: string;
  readonly adapter: Adapter;
  readonly settings: FrameworkSettings;
  readonly round: number;
  readonly model: string;
  readonly rehearsal: boolean;
  readonly config: ExperimentConfig;
  readonly configSha256: string;
  readonly stepwellVersion: string;
  readonly steps: readonly ResolvedStep[];
  /** The fixed answer to every clarification, or null when none is configured. */
  readonly hitlAnswer: string | null;
  /** Opens the metering proxy for one attempt, in the attempt's log scope; null when no endpoint is configured. */
  readonly openEndpoint: ((at: { runId: string; step: number; attempt: number }) => MeteredEndpoint) | null;
  /** Interrupts the run. */
  readonly signal: AbortSignal;
  /** The environment from which the framework's allow-list is taken. */
  readonly parentEnv: NodeJS.ProcessEnv;
}
