/** One run from its directory to its sealed record. */
import { join } from 'node:path';
import { messageOf } from '../errors/index.ts';
import { getLogger, withPendingRun, withRun } from '../log/index.ts';
import { createRedactor, redactDeep } from '../secrets/index.ts';
import type { PriceBook } from '../meter/index.ts';
import { checksDigest, type ResolvedConfig, type ResolvedFramework } from '../config/index.ts';
import { executeRun, type Adapter } from '../run/index.ts';
import type { EventMetadata, HostFacts, RunMetadata } from '../schema/index.ts';
import { followRecords, LOGS_DIR } from '../store/index.ts';
import { createRunDirectory, type NewRun } from './directory.ts';
import { initialMetadata } from './metadata.ts';
import type { ModelAccess } from './model.ts';
import type { ExperimentOptions, ExperimentPlan, PlannedRun, ProgressEvent, RunResult, StartedRun } from './options.ts';
import { sealRun } from './seal.ts';
import { secretsOfRun } from './secrets.ts';

const log = getLogger('experiment', { component: 'orchestrator' });

/** Shared by all runs of an experiment. */
export interface ExperimentContext {
  readonly options: ExperimentOptions;
  readonly plan: ExperimentPlan;
  readonly resolved: ResolvedConfig;
  readonly adapters: Readonly<Record<string, Adapter>>;
  readonly model: ModelAccess;
  readonly host: HostFacts;
  readonly project: RunMetadata['project'];
  readonly stepwellVersion: string;
}

/** Executes and seals one run. Throws only when its directory could not be made. */
export async function runAndSeal(shared: ExperimentContext, planned: PlannedRun): Promise<RunResult> {
  const { options, plan, resolved } = shared;
  const framework = resolved.frameworks.find(({ name }) => name === planned.framework);
  const adapter = shared.adapters[planned.adapter];
  if (framework === undefined || adapter === undefined)
    throw new Error(`${planned.framework} was planned, but is not configured`);
  return await withPendingRun(async () => {
    const env = options.env ?? process.env;
    const { values: secrets, ignored } = secretsOfRun(
      env,
      { values: resolved.secrets.map(({ value }) => value) },
      recordWords(shared),
    );
    recordStart(shared, planned, ignored);
    const created = await createDirectory(shared, planned, { framework, secrets });
    const { runId, runDir, lease } = created;
    const { replayOf, steps } = plan;
    const run: StartedRun = { ...planned, runId, runDir, replayOf, steps };
    reportProgress(options, { type: 'run_started', run });
    const scope = {
      runId,
      framework: planned.framework,
      logsDir: join(runDir, LOGS_DIR),
      secrets,
      console: options.console ?? null,
    };
    const following = forwardRecords(run, options);
    let result: RunResult;
    try {
      result = await withRun(scope, async () => await executeAndSeal(shared, run, { adapter, framework, created }));
    } finally {
      // Also after an internal error: `recover` can then complete the record while this process still runs.
      await following.end();
      await lease.release();
    }
    reportProgress(options, { type: 'run_finished', run, result });
    return result;
  });
}

function recordWords({ plan, resolved }: ExperimentContext): string[] {
  return [
    ...resolved.frameworks.flatMap(({ name, adapter, model }) => [name, adapter, model]),
    ...plan.steps.map(({ name }) => name),
  ];
}

function recordStart(
  { plan, resolved }: ExperimentContext,
  { framework, round }: PlannedRun,
  ignoredSecrets: readonly string[],
): void {
  log.info(`Configuration ${resolved.shownFile} loaded`, {
    event: 'config_loaded',
    metadata: {
      file: resolved.shownFile,
      sha256: resolved.snapshot.sha256,
      framework,
      round,
      steps: plan.steps.map(({ step }) => step),
    } satisfies EventMetadata<'config_loaded'>,
  });
  for (const variable of ignoredSecrets) {
    log.warn(`The value of ${variable} is an ordinary word of the record, so it is not masked`, {
      event: 'secret_ignored',
      metadata: { variable } satisfies EventMetadata<'secret_ignored'>,
    });
  }
  for (const warning of resolved.warnings) log.warn(warning, { event: 'config_warning' });
  log.info('Checks passed: git, disk, ports, framework', { event: 'checks_passed' });
}

async function createDirectory(
  shared: ExperimentContext,
  planned: PlannedRun,
  { framework, secrets }: { framework: ResolvedFramework; secrets: readonly string[] },
): Promise<NewRun> {
  const { plan, resolved } = shared;
  const redactor = createRedactor({ values: secrets });
  return await createRunDirectory({
    runsDir: plan.runsDir,
    framework: planned.framework,
    configText: redactor.redact(resolved.snapshot.text),
    metadataOf: (runId) =>
      redactDeep(
        initialMetadata(
          {
            run_id: runId,
            framework: planned.framework,
            adapter: planned.adapter,
            stepwell_version: shared.stepwellVersion,
            model: planned.model,
            rehearsal: planned.rehearsal,
            replay_of: plan.replayOf,
            round: planned.round,
            random_seed: resolved.config.random_seed,
            config_sha256: resolved.snapshot.sha256,
            checks_digest: checksDigest(framework.validation),
            steps: [...plan.steps],
            host: shared.host,
            project: shared.project,
          },
          new Date().toISOString(),
        ),
        redactor,
      ),
  });
}

async function executeAndSeal(
  shared: ExperimentContext,
  run: StartedRun,
  { adapter, framework, created }: { adapter: Adapter; framework: ResolvedFramework; created: NewRun },
): Promise<RunResult> {
  const { options, resolved } = shared;
  const { metadata } = created;
  const { runId, runDir } = run;
  const { omitFromMessages = [] } = adapter;
  const model = await shared.model.openRun({ runId, runDir, framework, omitFromMessages });
  if (model !== null) recordPrices(model.prices);
  const outcome = await executeRun({
    runId,
    runDir,
    framework: run.framework,
    adapterName: run.adapter,
    adapter,
    settings: framework.settings,
    round: run.round,
    model: run.model,
    rehearsal: run.rehearsal,
    config: { ...resolved.config, validation: framework.validation },
    configSha256: metadata.config_sha256,
    stepwellVersion: shared.stepwellVersion,
    steps: resolved.steps,
    hitlAnswer: resolved.hitl?.text ?? null,
    meter: model?.meter ?? null,
    closeModel: async () => await model?.close(),
    usageApi: framework.endpoint?.usageApi ?? null,
    replayOf: run.replayOf,
    signal: options.signal ?? new AbortController().signal,
    parentEnv: options.env ?? process.env,
  });
  const { metadata: sealed, problems } = await sealRun(runDir, metadata);
  return {
    ...run,
    status: outcome.status,
    record: problems.length === 0 ? 'complete' : 'incomplete',
    problems,
    durationSeconds: outcome.durationSeconds,
    archive: sealed.archive,
  };
}

function recordPrices({ facts, message }: PriceBook): void {
  log.info(message, { event: 'prices_loaded', metadata: facts satisfies EventMetadata<'prices_loaded'> });
}

/** Progress callbacks that threw once; they are not called again. */
const failedDisplays = new WeakSet<NonNullable<ExperimentOptions['onProgress']>>();

/** A failing progress callback must not fail the run. */
function reportProgress({ onProgress }: ExperimentOptions, event: ProgressEvent): void {
  if (onProgress === undefined || failedDisplays.has(onProgress)) return;
  try {
    onProgress(event);
  } catch (error) {
    failedDisplays.add(onProgress);
    process.emitWarning(error instanceof Error ? error : messageOf(error));
  }
}

/** Passes the run's records to the progress callback as they are written; `end` waits until all have been passed. */
function forwardRecords(run: StartedRun, options: ExperimentOptions): { end: () => Promise<void> } {
  if (options.onProgress === undefined) return { end: async () => {} };
  let live = true;
  const following = (async () => {
    const items = followRecords(run.runDir, { isLive: () => Promise.resolve(live) });
    for await (const item of items) {
      if (!('record' in item)) continue;
      reportProgress(options, { type: 'record', run, ...item });
      // Reported here, so that it comes after all records of the run.
      if (item.record.event === 'run_end') reportProgress(options, { type: 'sealing', run });
    }
  })().catch((error: Error) => process.emitWarning(error));
  return {
    async end() {
      live = false;
      await following;
    },
  };
}
