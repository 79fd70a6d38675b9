/** The way to the model: one metering proxy for all runs of the process, and the rehearsal behind it where one is wanted. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startMeter, type Meter } from '../meter.ts';
import { startRehearsal } from '../rehearsal.ts';
import type { ResolvedConfig } from '../run.ts';

/** The rules that come with stepwell: for sources and for the built package the same two levels up. */
const OWN_RULES = fileURLToPath(new URL('../../config/rehearsal', import.meta.url));

/** An experiment's own rules stand beside its configuration, in `rehearsal/`. */
function rulesDirOf(directory: string): string {
  const own = join(directory, 'rehearsal');
  return existsSync(own) ? own : OWN_RULES;
}

/** Starts what the experiment needs, in `stack`, which ends it. Null when no model is configured. */
export async function startModel(resolved: ResolvedConfig, stack: AsyncDisposableStack): Promise<Meter | null> {
  const prices = resolved.config.pricing.models;
  if (resolved.rehearsal) {
    const rehearsal = stack.use(await startRehearsal({ rulesDir: rulesDirOf(resolved.directory), strict: true }));
    return stack.use(await startMeter({ upstream: { baseUrl: rehearsal.baseUrl, apiKey: null }, prices }));
  }
  return resolved.endpoint === null ? null : stack.use(await startMeter({ upstream: resolved.endpoint, prices }));
}
