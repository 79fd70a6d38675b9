/** What an adapter is handed: for the whole run, and for one attempt at a step. */
import { join } from 'node:path';
import { getLogger } from '../log.ts';
import { SCRATCH_DIR, WORKSPACE_DIR } from '../store.ts';
import type { MeteredAddress, MeteredAttempt } from '../meter.ts';
import type { AdapterEndpoint, AdapterRun, AdapterStep } from './adapter.ts';
import type { ResolvedStep } from '../config.ts';
import type { Surroundings } from './environment.ts';
import { answerClarification } from './hitl.ts';
import type { RunOrder } from './order.ts';

/**
 * @param endpoint the run's own, or that of an attempt
 * @param signal aborts on time limit or interruption of the work that is handed over
 */
export function adapterRunOf(
  order: RunOrder,
  { mark, env }: Surroundings,
  endpoint: MeteredAddress | null,
  signal: AbortSignal,
): AdapterRun {
  return {
    runId: order.runId,
    framework: order.framework,
    settings: order.settings,
    workspace: join(order.runDir, WORKSPACE_DIR),
    scratch: join(order.runDir, SCRATCH_DIR),
    model: order.model,
    randomSeed: order.config.random_seed,
    endpoint: adapterEndpointOf(endpoint),
    log: getLogger(`adapters/${order.adapterName}`, { component: 'adapter' }),
    signal,
    mark,
    env,
    shutdownGraceSeconds: order.config.timeouts.shutdown_grace_seconds,
  };
}

/** What of an endpoint an adapter may see. */
function adapterEndpointOf(endpoint: MeteredAddress | null): AdapterEndpoint | null {
  if (endpoint === null) return null;
  const { baseUrl, rootUrl, apiKey } = endpoint;
  return { baseUrl, rootUrl, apiKey };
}

export function adapterStepOf(
  order: RunOrder,
  run: AdapterRun,
  { step, name, prompt }: ResolvedStep,
  { endpoint, ...given }: Pick<AdapterStep, 'attempt' | 'promptFile'> & { readonly endpoint: MeteredAttempt | null },
): AdapterStep {
  const { runId, log } = run;
  const { attempt } = given;
  const to = { runDir: order.runDir, runId, step, attempt, answer: order.hitlAnswer, log };
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
