/** `runs_manifest.json`: the index of all runs. Derived; `stepwell list --rebuild` makes it anew. */
import { z } from 'zod';
import { RunStatus } from './events.ts';

export const ManifestEntry = z.object({
  run_id: z.string(),
  framework: z.string(),
  /** Relative to the runs directory, with `/`. */
  path: z.string(),
  status: RunStatus.nullable(),
  model: z.string().nullable(),
  rehearsal: z.boolean().nullable(),
  start_time: z.string().nullable(),
  end_time: z.string().nullable(),
  duration_seconds: z.number().nullable(),
  steps_succeeded: z.number().int().nullable(),
  steps_total: z.number().int().nullable(),
  verification_status: z.string().nullable(),
  total_api_calls: z.number().int().nullable(),
  total_tokens_in: z.number().int().nullable(),
  total_tokens_out: z.number().int().nullable(),
  cost_usd: z.number().nullable(),
  archive_sha256: z.string().nullable(),
});
export type ManifestEntry = z.infer<typeof ManifestEntry>;

export const RunsManifest = z.object({
  version: z.string(),
  last_updated: z.string(),
  total_runs: z.number().int(),
  frameworks: z.record(z.string(), z.number().int()),
  runs: z.array(ManifestEntry),
});
export type RunsManifest = z.infer<typeof RunsManifest>;
