/** `runs_manifest.json`: the index of all runs. Derived; `stepwell list --rebuild` makes it anew. */
import { z } from 'zod';
import { RunStatus } from './status.ts';

const text = z.string().nullable().default(null);
const number = z.number().nullable().default(null);
const integer = z.number().int().nullable().default(null);

/**
 * One run. Only its name and place must be there: an index of the original system, or of a run that recorded less, has null
 * in the other places. Fields of a newer minor version are kept.
 */
export const ManifestEntry = z.looseObject({
  run_id: z.string(),
  framework: z.string(),
  /** Relative to the runs directory, with `/`. */
  path: z.string(),
  status: RunStatus.nullable().default(null),
  model: text,
  rehearsal: z.boolean().nullable().default(null),
  /** The run whose recorded exchanges answered in place of a model. */
  replay_of: text,
  start_time: text,
  end_time: text,
  duration_seconds: number,
  steps_succeeded: integer,
  steps_total: integer,
  verification_status: text,
  /** The provider's own figures, once read: for the run, or a bound where it shares minutes with others. */
  provider_tokens_in: integer,
  provider_tokens_out: integer,
  total_api_calls: integer,
  total_tokens_in: integer,
  total_tokens_out: integer,
  /** False: the token figures are lower bounds. */
  tokens_complete: z.boolean().nullable().default(null),
  cost_usd: number,
  archive_sha256: text,
  /** Of the checks by which it was measured: runs with the same one were measured alike. */
  checks_digest: text,
});
export type ManifestEntry = z.infer<typeof ManifestEntry>;

const count = z.number().int().nonnegative();

/** Sums over the runs of a framework that have the figure; null when none has. Rehearsals and replays are counted and added to nothing. */
export const FrameworkTotals = z.object({
  runs: count,
  rehearsals: count,
  replays: count,
  api_calls: count.nullable(),
  tokens_in: count.nullable(),
  tokens_out: count.nullable(),
  cost_usd: z.number().nonnegative().nullable(),
  /** While above 0 the tokens, or the cost, are a lower bound. */
  runs_with_incomplete_tokens: count,
  runs_without_cost: count,
});
export type FrameworkTotals = z.infer<typeof FrameworkTotals>;

export const RunsManifest = z.looseObject({
  version: z.string(),
  last_updated: z.string(),
  total_runs: z.number().int(),
  /** Runs of each framework. */
  frameworks: z.record(z.string(), z.number().int()),
  totals: z.record(z.string(), FrameworkTotals).default({}),
  runs: z.array(ManifestEntry),
});
export type RunsManifest = z.infer<typeof RunsManifest>;
