/** What the runner is told to execute: one run, with everything resolved. */
import type { ResolvedStep } from '../config/index.ts';
import type { RunMeter } from '../meter/index.ts';
import type { EventMetadata, ExperimentConfig, FrameworkSettings } from '../schema/index.ts';
import type { Adapter } from './adapter.ts';

export interface RunSpec {
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
  /** With the checks of this framework in `validation`. */
  readonly config: ExperimentConfig;
  readonly configSha256: string;
  readonly stepwellVersion: string;
  readonly steps: readonly ResolvedStep[];
  /** The fixed answer to every clarification, or null when none is configured. */
  readonly hitlAnswer: string | null;
  /** The metering proxy for this run; null when no endpoint is configured. */
  readonly meter: RunMeter | null;
  /** Ends what is behind the meter; called once, before the last record of the run. */
  readonly closeModel: () => Promise<void>;
  /** Where use of the model can be asked for afterwards, for the record. */
  readonly usageApi: EventMetadata<'run_start'>['usage_api'];
  /** The run whose recorded exchanges answer, for the record; null when this is no replay. */
  readonly replayOf: string | null;
  /** Interrupts the run. */
  readonly signal: AbortSignal;
  /** The environment from which the framework's allow-list is taken. */
  readonly parentEnv: NodeJS.ProcessEnv;
}
