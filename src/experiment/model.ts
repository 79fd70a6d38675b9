/** Model access: one metering proxy for all runs of the process, in front of a provider, the rehearsal or a replay. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRecorder, startReplay, type Cassette } from '../cassette/index.ts';
import { runRedactor } from '../log/index.ts';
import {
  createBudget,
  loadPrices,
  startMeter,
  unpriced,
  type PriceBook,
  type RunMeter,
  type RunMeterOptions,
} from '../meter/index.ts';
import { startRehearsal } from '../rehearsal/index.ts';
import { declaredEndpoint, type ResolvedConfig, type ResolvedFramework } from '../config/index.ts';
import { Resources } from './resources.ts';

/** The rules shipped with stepwell; two levels up both for sources and for the built package. */
const OWN_RULES = fileURLToPath(new URL('../../config/rehearsal', import.meta.url));

/** An experiment's own rules are next to its configuration, in `rehearsal/`. */
function rulesDirOf(directory: string): string {
  const own = join(directory, 'rehearsal');
  return existsSync(own) ? own : OWN_RULES;
}

/** Model access of one run. */
export interface RunModel {
  readonly meter: RunMeter;
  readonly prices: PriceBook;
  /** Closes the source of answers behind the meter for this run, which then records its final facts. Call it in the run's log scope. */
  close(): Promise<void>;
}

interface ModelRun {
  readonly runId: string;
  /** Absolute. */
  readonly runDir: string;
  readonly framework: ResolvedFramework;
  /** As the framework's adapter asks. */
  readonly omitFromMessages: readonly string[];
}

export interface ModelAccess {
  /** Call it in the run's log scope. Null when the framework has no endpoint. */
  openRun(run: ModelRun): Promise<RunModel | null>;
}

/** Opens the upstream of one run. Resources of that run are added to `stack`. */
type ModelSource = (run: ModelRun, stack: Resources) => Promise<Pick<RunMeterOptions, 'upstream' | 'prices' | 'priced'> | null>;

/**
 * Starts what the experiment needs; disposing `stack` stops it.
 *
 * @param options.cassette answers in place of a model
 * @param options.strict refuses requests that are not on the cassette
 * @param options.record keeps the exchanges of each run on a cassette of its own
 */
export async function startModel(
  resolved: ResolvedConfig,
  { cassette, strict, record }: { cassette: Cassette | null; strict: boolean; record: boolean },
  stack: Resources,
): Promise<ModelAccess> {
  const { budgets } = resolved.config;
  const ofExperiment = createBudget({ scope: 'experiment', limits: budgets.experiment });
  const source = await (cassette === null ? startSource(resolved, stack) : startReplaying(resolved, { cassette, strict }, stack));
  // Disposed before the upstream that its calls go to.
  const meter = stack.use(await startMeter());
  return {
    async openRun(run) {
      await using opening = new Resources();
      const answering = await source(run, opening);
      if (answering === null) return null;
      const { runId, runDir, omitFromMessages } = run;
      const recorder = record ? opening.use(createRecorder({ runId, runDir, redactor: runRedactor() })) : null;
      const ofRun = createBudget({ scope: 'run', limits: budgets.run });
      const opened = meter.openRun({ runId, ...answering, budgets: [ofRun, ofExperiment], recorder, omitFromMessages });
      const own = opening.move();
      return { meter: opened, prices: answering.prices, close: async () => await own[Symbol.asyncDispose]() };
    },
  };
}

async function startSource(resolved: ResolvedConfig, stack: Resources): Promise<ModelSource> {
  const provider = providerSource(resolved);
  if (resolved.frameworks.every(({ rehearsal }) => !rehearsal)) return provider;
  const { baseUrl } = stack.use(await startRehearsal({ rulesDir: rulesDirOf(resolved.directory), strict: true }));
  const answering = {
    upstream: { baseUrl, apiKey: null },
    prices: unpriced('No prices: a rehearsal costs nothing'),
    priced: false,
  };
  return async (run, own) => (run.framework.rehearsal ? answering : await provider(run, own));
}

async function startReplaying(
  resolved: ResolvedConfig,
  { cassette, strict }: { cassette: Cassette; strict: boolean },
  stack: Resources,
): Promise<ModelSource> {
  const replay = stack.use(await startReplay({ strict }));
  const prices = unpriced('No prices: a replay costs nothing');
  return ({ runId, runDir, framework }, own) => {
    const { baseUrl } = own.use(replay.open({ cassette, runId, runDir, redactor: runRedactor() }));
    // Requests were recorded as forwarded, so the proxy has to forward them the same way now.
    const written = framework.rehearsal ? null : declaredEndpoint(resolved.config, framework.name, {});
    const askStreamUsage = written?.settings.ask_stream_usage ?? true;
    return Promise.resolve({ upstream: { baseUrl, apiKey: null, askStreamUsage }, prices, priced: false });
  };
}

/** Each framework's own endpoint. */
function providerSource({ config }: ResolvedConfig): ModelSource {
  const overrides = config.pricing.models;
  return async ({ framework: { endpoint } }) => {
    if (endpoint === null) return null;
    return { upstream: endpoint, prices: await loadPrices({ overrides, baseUrl: endpoint.baseUrl }), priced: true };
  };
}
