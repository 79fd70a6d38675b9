/** What an adapter is handed, for the whole run and for one attempt at a step, and the environment of the processes that it starts. */
import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import type { ResolvedStep } from '../config/index.ts';
import { allowedEnvironment } from '../exec/index.ts';
import { getLogger } from '../log/index.ts';
import type { MeteredAddress, MeteredAttempt } from '../meter/index.ts';
import { SCRATCH_DIR, WORKSPACE_DIR } from '../store/index.ts';
import type { AdapterEndpoint, AdapterRun, AdapterStep } from './adapter.ts';
import { answerClarification } from './hitl.ts';
import type { RunSpec } from './run-spec.ts';

/** A new process tag: `<run id>:<random>`. The run's own prefix finds the processes of all its attempts. */
function newProcessTag(runId: string): string {
  return `${processTagPrefix(runId)}${randomBytes(8).toString('hex')}`;
}

export function processTagPrefix(runId: string): string {
  return `${runId}:`;
}

export interface ProcessEnvironment {
  readonly processTag: string;
  readonly env: Record<string, string>;
}

/**
 * Makes the scratch directories and the environment. HOME lasts for the whole run, since agents keep their session there;
 * TMPDIR is new for each attempt. Node's own directory is the last entry of PATH, so that what a framework builds for Node
 * can start where stepwell itself could.
 */
export async function makeProcessEnvironment(run: {
  runDir: string;
  runId: string;
  /** `prepare` or `step_001_attempt_1`. */
  purpose: string;
  parentEnv: NodeJS.ProcessEnv;
  extra: Record<string, string>;
}): Promise<ProcessEnvironment> {
  const scratch = join(run.runDir, SCRATCH_DIR);
  const [home, tmpdir] = [join(scratch, 'home'), join(scratch, 'tmp', run.purpose)];
  await Promise.all([mkdir(home, { recursive: true }), mkdir(tmpdir, { recursive: true })]);
  const processTag = newProcessTag(run.runId);
  const env = allowedEnvironment(run.parentEnv, {
    home,
    tmpdir,
    processTag,
    extra: { ...run.extra, STEPWELL_RUN_ID: run.runId },
  });
  const path = env['PATH'] === undefined ? [] : [env['PATH']];
  return { processTag, env: { ...env, PATH: [...path, dirname(process.execPath)].join(delimiter) } };
}

/**
 * @param endpoint the run's own, or that of an attempt
 * @param signal aborts on time limit or interruption of the work that is handed over
 */
export function adapterRunOf(
  spec: RunSpec,
  { processTag, env }: ProcessEnvironment,
  endpoint: MeteredAddress | null,
  signal: AbortSignal,
): AdapterRun {
  return {
    runId: spec.runId,
    framework: spec.framework,
    settings: spec.settings,
    workspace: join(spec.runDir, WORKSPACE_DIR),
    scratch: join(spec.runDir, SCRATCH_DIR),
    model: spec.model,
    randomSeed: spec.config.random_seed,
    endpoint: adapterEndpointOf(endpoint),
    log: getLogger(`adapters/${spec.adapterName}`, { component: 'adapter' }),
    signal,
    processTag,
    env,
    shutdownGraceSeconds: spec.config.timeouts.shutdown_grace_seconds,
  };
}

/** What of an endpoint an adapter may see. */
function adapterEndpointOf(endpoint: MeteredAddress | null): AdapterEndpoint | null {
  if (endpoint === null) return null;
  const { baseUrl, rootUrl, apiKey } = endpoint;
  return { baseUrl, rootUrl, apiKey };
}

export function adapterStepOf(
  spec: RunSpec,
  run: AdapterRun,
  { step, name, prompt }: ResolvedStep,
  { endpoint, ...given }: Pick<AdapterStep, 'attempt' | 'promptFile'> & { readonly endpoint: MeteredAttempt | null },
): AdapterStep {
  const { runId, log } = run;
  const { attempt } = given;
  const to = { runDir: spec.runDir, runId, step, attempt, answer: spec.hitlAnswer, log };
  return {
    ...run,
    step,
    name,
    prompt,
    ...given,
    phaseEndpoint: (phase) => adapterEndpointOf(endpoint?.phaseAddress(phase) ?? null),
    answerClarification: async (query) => await answerClarification(query, to),
  };
}
