/** `metadata.json` of a run: written when the run begins (status `running`) and again when it is sealed. */
import { z } from 'zod';
import { Phase, PlannedStep, RunStatus } from './status.ts';
import { ReconciliationState } from './reconciliation.ts';
import { RecordedError } from './record.ts';

export const SealedPosition = z.object({
  /** Bytes of each log file, relative to the run directory, that the archive holds. What is beyond was logged after sealing. */
  files: z.record(z.string(), z.number().int().nonnegative()),
  /** Events logged after sealing, in order: `archive_created` … */
  logged_after: z.array(z.string()),
});
export type SealedPosition = z.infer<typeof SealedPosition>;

export const ArchiveFacts = z.object({
  name: z.string(),
  bytes: z.number().int(),
  /** Of the compressed file. */
  sha256: z.string(),
  /** Of the tar stream inside: stays the same whatever compressed it. */
  tar_sha256: z.string(),
  members: z.number().int(),
  /** Members by what stands at the top: directories, whose `name` ends in `/`, first; then files. */
  contents: z.array(z.object({ name: z.string(), members: z.number().int() })).default([]),
  /** Workspace paths left out because they hold a secret. */
  excluded_secrets: z.array(z.string()),
  /** What else could not be kept, and why: special files, links that lead outside, what could not be read. */
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })).default([]),
});
export type ArchiveFacts = z.infer<typeof ArchiveFacts>;

export const HostFacts = z.object({
  hostname: z.string(),
  os: z.string(),
  arch: z.string(),
  cpus: z.number().int(),
  memory_bytes: z.number().int(),
  node: z.string(),
  tools: z.record(z.string(), z.string().nullable()),
});
export type HostFacts = z.infer<typeof HostFacts>;

export const RunMetadata = z.object({
  format_version: z.string(),
  run_id: z.string(),
  framework: z.string(),
  adapter: z.string(),
  framework_commit: z.string(),
  stepwell_version: z.string(),
  model: z.string(),
  rehearsal: z.boolean(),
  /** The run whose recorded exchanges answered in place of a model. */
  replay_of: z.string().nullable().default(null),
  round: z.number().int(),
  status: RunStatus,
  /** `incomplete` when something could not be recorded; the status of the run is not changed by it. */
  record: z.enum(['complete', 'incomplete', 'open']),
  record_problems: z.array(z.string()),
  started_at: z.string(),
  ended_at: z.string().nullable(),
  duration_seconds: z.number().nullable(),
  failing_phase: Phase.nullable(),
  failing_step: z.number().int().nullable(),
  error: RecordedError.nullable(),
  phases: z.array(z.object({ phase: Phase, duration_seconds: z.number(), ok: z.boolean() })),
  random_seed: z.number().int().nullable(),
  config_sha256: z.string(),
  /** Runs with the same one were measured by the same checks. Null where that was not recorded yet. */
  checks_digest: z.string().nullable().default(null),
  steps: z.array(PlannedStep),
  host: HostFacts,
  project: z.object({ git_commit: z.string().nullable(), git_dirty: z.boolean().nullable() }),
  archive: ArchiveFacts.nullable(),
  sealed: SealedPosition.nullable(),
  /** After each attempt at reconciling: what `reconciliation.log` held then. Null before the first. */
  reconciliation: z
    .object({
      verification_status: ReconciliationState,
      attempts: z.number().int().positive(),
      last_attempt_at: z.string(),
      log_bytes: z.number().int().nonnegative(),
      log_sha256: z.string(),
    })
    .nullable()
    .default(null),
});
export type RunMetadata = z.infer<typeof RunMetadata>;

/** The bytes of metadata.json: whoever writes or checks the file takes them from here. */
export function metadataText(metadata: RunMetadata): string {
  return `${JSON.stringify(metadata, null, 2)}\n`;
}
