/** From the options to what would be run, without starting anything. */
import { adapters as builtIn } from '../frameworks/index.ts';
import { readCassette, type Cassette } from '../cassette/index.ts';
import { catalogError, findRun, openRun } from '../catalog/index.ts';
import { loadConfig, resolveRunsDir, resolveSettings, type ResolvedConfig, type SettingSource } from '../config/index.ts';
import type { Adapter } from '../run/index.ts';
import { parseJsonAs, RunMetadata } from '../schema/index.ts';
import { METADATA_FILE, storeError } from '../store/index.ts';
import { checkExperiment } from './preflight.ts';
import type { ExperimentOptions, ExperimentPlan, PlannedRun } from './options.ts';
import { experimentError } from './errors.ts';

export interface LoadedPlan {
  readonly plan: ExperimentPlan;
  readonly resolved: ResolvedConfig;
  readonly adapters: Readonly<Record<string, Adapter>>;
  /** What answers in place of a model; null when this is no replay. */
  readonly cassette: Cassette | null;
}

/** @throws CONFIG_INVALID and the like; blocking problems are in `plan.findings` */
export async function loadPlan(options: ExperimentOptions, source: SettingSource = 'options'): Promise<LoadedPlan> {
  const env = options.env ?? process.env;
  const settings = resolveSettings(['rounds', 'record', 'replay', 'replayLoose', 'console'], { options, env });
  const { rounds = 1, record = false } = settings;
  const recorded = await recordedRunOf({ ...options, ...settings }, env);
  const adapters = { ...builtIn, ...options.adapters };
  const resolved = loadConfig({
    file: options.config,
    env,
    source,
    adapters,
    flags: {
      frameworks: options.frameworks,
      model: options.model,
      rehearse: options.rehearse,
      replay: recorded ?? undefined,
      runsDir: options.runsDir,
      jobs: options.jobs,
      steps: options.steps,
    },
  });
  if (recorded !== null) requireFramework(recorded, resolved);
  // Round by round, so that all frameworks run under similar conditions (provider load, time of day).
  const runs = Array.from({ length: rounds }, (_, index) =>
    resolved.frameworks.map(({ name, adapter, model, rehearsal, endpoint }): PlannedRun => {
      return { framework: name, adapter, round: index + 1, model, rehearsal, endpoint: endpoint?.shownUrl ?? null };
    }),
  ).flat();
  const plan: ExperimentPlan = {
    configFile: resolved.file,
    runsDir: resolved.runsDir,
    model: resolved.model,
    rehearsal: resolved.rehearsal,
    replayOf: resolved.replayOf,
    record,
    steps: resolved.steps.map(({ step, name, prompt_file, prompt_sha256 }) => ({ step, name, prompt_file, prompt_sha256 })),
    runs,
    leftOut: resolved.leftOut,
    jobs: Math.min(resolved.jobs, runs.length),
    stepTimeoutSeconds: resolved.config.timeouts.step_timeout_seconds,
    maxRetries: resolved.config.retries.max_retries,
    findings: await checkExperiment(resolved, adapters, { record }),
  };
  return { plan, resolved, adapters, cassette: recorded?.cassette ?? null };
}

/** Read before the configuration, since its model overrides the configured one. */
async function recordedRunOf(options: ExperimentOptions, env: NodeJS.ProcessEnv): Promise<RecordedRun | null> {
  const { replay, replayLoose, record, runsDir } = options;
  if (replay === undefined) {
    if (replayLoose === true) throw experimentError('OPTION_REQUIRES', { option: '--replay-loose' });
    return null;
  }
  if (record === true) throw experimentError('OPTIONS_CONFLICT', { run: replay });
  return await readRecordedRun(resolveRunsDir({ options: { runsDir }, env }), replay);
}

/** The run that a replay answers from. */
interface RecordedRun {
  readonly runId: string;
  readonly framework: string;
  readonly model: string;
  readonly cassette: Cassette;
}

/**
 * Finds the run and reads its cassette, from its directory or its archive.
 *
 * @param name as `findRun` takes it
 * @throws RUN_NOT_FOUND and the like, RUN_NOT_SEALED while it is still running, METADATA_MISSING, CASSETTE_MISSING,
 *   CASSETTE_UNREADABLE
 */
async function readRecordedRun(runsDir: string, name: string): Promise<RecordedRun> {
  const found = await findRun(runsDir, name);
  if (found.kind === 'directory' && (found.state === 'live' || found.state === 'elsewhere')) {
    throw catalogError('RUN_NOT_SEALED', { run: found.entry.run_id, state: found.state });
  }
  await using source = await openRun(found);
  const metadata = parseJsonAs(RunMetadata, (await source.read(METADATA_FILE))?.toString('utf8') ?? '');
  if (metadata === null) throw storeError('METADATA_MISSING', { runDir: source.location });
  const { run_id: runId, framework, model } = metadata;
  return { runId, framework, model, cassette: await readCassette(source, runId) };
}

/** A cassette only matches the requests of the framework that recorded it. */
function requireFramework({ runId, framework }: RecordedRun, { frameworks }: ResolvedConfig): void {
  const other = frameworks.find(({ name }) => name !== framework);
  if (other !== undefined) throw experimentError('CASSETTE_OF_ANOTHER_FRAMEWORK', { runId, framework, wanted: other.name });
}

/**
 * What `runExperiment` would do, and the problems that block it. Starts and writes nothing.
 *
 * @param source how messages name the options: as members of `ExperimentOptions` (default), or as flags of the command line
 * @throws StepwellError with CONFIG_NOT_FOUND, CONFIG_UNREADABLE or CONFIG_INVALID. With `replay` also OPTIONS_CONFLICT
 *   (`record`), CASSETTE_MISSING, CASSETTE_UNREADABLE, CASSETTE_OF_ANOTHER_FRAMEWORK, RUN_NOT_SEALED, METADATA_MISSING, and the
 *   codes of `findRun` and `openRun`; OPTION_REQUIRES for `replayLoose` without it
 * @example
 * const { runs, findings } = await planExperiment({ config: 'config/experiment.yaml', frameworks: ['all'], rounds: 3 });
 * console.log(`${runs.length} runs`, findings.map(({ what, fix }) => `${what} ${fix}`));
 */
export async function planExperiment(options: ExperimentOptions, source?: SettingSource): Promise<ExperimentPlan> {
  return (await loadPlan(options, source)).plan;
}
