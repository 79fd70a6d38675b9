/** `runs_manifest.json`: the index of all runs. Derived; `stepwell list --rebuild` rebuilds it. */
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
  /** Also the name of the run directory. */
  run_id: z.string(),
  /** Its name in the configuration. */
  framework: z.string(),
  /** Relative to the runs directory, with `/`. */
  path: z.string(),
  /** How it is or ended when the entry was written. */
  status: RunStatus.nullable().default(null),
  /** The model that the framework was told to ask. */
  model: text,
  /** True when the scripted offline model answered. */
  rehearsal: z.boolean().nullable().default(null),
  /** The run whose recorded exchanges answered in place of a model. */
  replay_of: text,
  /** ISO 8601. */
  start_time: text,
  /** ISO 8601; null while no end is recorded. */
  end_time: text,
  /** Of the whole run, before sealing. */
  duration_seconds: number,
  /** Steps with the status `success`. */
  steps_succeeded: integer,
  /** Steps that were to run. */
  steps_total: integer,
  /** State of the reconciliation, a {@link ReconciliationState}. */
  verification_status: text,
  /** The provider's own figures, once read: for the run, or a bound where it shares minutes with others. */
  provider_tokens_in: integer,
  /** Reasoning included. */
  provider_tokens_out: integer,
  /** Requests to models that the proxy saw, failed ones included; null when nothing was metered. */
  total_api_calls: integer,
  /** Cached tokens included; null when nothing was measured. */
  total_tokens_in: integer,
  /** Reasoning included; null when nothing was measured. */
  total_tokens_out: integer,
  /** False: the token figures are lower bounds. */
  tokens_complete: z.boolean().nullable().default(null),
  /** US dollars; null when a call has no known cost, or nothing was metered. */
  cost_usd: number,
  /** Of the compressed archive, in hex; null while the run is not sealed. */
  archive_sha256: text,
  /** Of the checks by which it was measured: runs with the same one were measured alike. */
  checks_digest: text,
});
export type ManifestEntry = z.infer<typeof ManifestEntry>;

const count = z.number().int().nonnegative();

/** Sums over the runs of a framework that have the figure; null when none has. Rehearsals and replays are counted, but in no sum. */
export const FrameworkTotals = z.object({
  /** Runs that are in the sums. */
  runs: count,
  /** Runs that the scripted offline model answered. */
  rehearsals: count,
  /** Runs that recorded exchanges answered. */
  replays: count,
  /** Requests to models, failed ones included. */
  api_calls: count.nullable(),
  /** Cached tokens included. */
  tokens_in: count.nullable(),
  /** Reasoning included. */
  tokens_out: count.nullable(),
  /** US dollars. */
  cost_usd: z.number().nonnegative().nullable(),
  /** While above 0 the tokens, or the cost, are a lower bound. */
  runs_with_incomplete_tokens: count,
  /** Runs whose cost is not known. */
  runs_without_cost: count,
});
export type FrameworkTotals = z.infer<typeof FrameworkTotals>;

/** The content of `runs_manifest.json`. */
export const RunsManifest = z.looseObject({
  /** Version of the format, `major.minor`. */
  version: z.string(),
  /** ISO 8601, UTC. */
  last_updated: z.string(),
  /** Length of `runs`. */
  total_runs: z.number().int(),
  /** Runs of each framework. */
  frameworks: z.record(z.string(), z.number().int()),
  /** By framework. */
  totals: z.record(z.string(), FrameworkTotals).default({}),
  /** Oldest first. */
  runs: z.array(ManifestEntry),
});
export type RunsManifest = z.infer<typeof RunsManifest>;
