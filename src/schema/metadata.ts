/** `metadata.json` of a run: written when the run begins (status `running`) and again when it is sealed. */
import { z } from 'zod';
import { Phase, PlannedStep, RunStatus } from './status.ts';
import { ReconciliationState } from './reconciliation.ts';
import { RecordedError } from './record.ts';

/** How much of the logs the archive holds. */
export const SealedPosition = z.object({
  /** Bytes of each log file, relative to the run directory, that the archive holds. What is beyond was logged after sealing. */
  files: z.record(z.string(), z.number().int().nonnegative()),
  /** Events logged after sealing, in order: `archive_created` … */
  logged_after: z.array(z.string()),
});
export type SealedPosition = z.infer<typeof SealedPosition>;

/** The sealed archive of a run. */
export const ArchiveFacts = z.object({
  /** Name of the file in the run directory. */
  name: z.string(),
  /** Size of the compressed file. */
  bytes: z.number().int(),
  /** Of the compressed file. */
  sha256: z.string(),
  /** Of the tar stream inside: stays the same whatever compressed it. */
  tar_sha256: z.string(),
  /** Entries in the archive. */
  members: z.number().int(),
  /** Members by the first part of their path: directories first, with `/` at the end of `name`, then files. */
  contents: z.array(z.object({ name: z.string(), members: z.number().int() })).default([]),
  /** Workspace paths left out because they hold a secret. */
  excluded_secrets: z.array(z.string()),
  /** What else could not be kept, and why: special files, links that lead outside, what could not be read. */
  skipped: z.array(z.object({ path: z.string(), reason: z.string() })).default([]),
});
export type ArchiveFacts = z.infer<typeof ArchiveFacts>;

/** The machine that a run ran on. */
export const HostFacts = z.object({
  /** Name of the machine. */
  hostname: z.string(),
  /** Kernel and its release, such as `Linux 6.1.0`. */
  os: z.string(),
  /** As Node.js names it, such as `x64`. */
  arch: z.string(),
  /** Logical processors. */
  cpus: z.number().int(),
  /** Memory of the machine, in all. */
  memory_bytes: z.number().int(),
  /** Version of Node.js, with `v`. */
  node: z.string(),
  /** Program → first line of what its `--version` prints; null where it cannot be run. */
  tools: z.record(z.string(), z.string().nullable()),
});
export type HostFacts = z.infer<typeof HostFacts>;

/** The content of `metadata.json`. */
export const RunMetadata = z.object({
  /** Version of the format, `major.minor`. A newer minor version only adds fields. */
  format_version: z.string(),
  /** Unique, sorts by time; also the name of the run directory. */
  run_id: z.string(),
  /** Its name in the configuration. */
  framework: z.string(),
  /** What drove the framework. */
  adapter: z.string(),
  /** The commit, or version of a package, that really ran; `unknown` where it could not be told. */
  framework_commit: z.string(),
  /** Version of stepwell that ran it. */
  stepwell_version: z.string(),
  /** The model that the framework was told to ask. */
  model: z.string(),
  /** True when the scripted offline model answered: no figure of the run is a model's work. */
  rehearsal: z.boolean(),
  /** The run whose recorded exchanges answered in place of a model. */
  replay_of: z.string().nullable().default(null),
  /** Position among the rounds of its framework, from 1. */
  round: z.number().int(),
  /** How it is or ended. */
  status: RunStatus,
  /** `incomplete` when something could not be recorded; the status of the run is not changed by it. */
  record: z.enum(['complete', 'incomplete', 'open']),
  /** What could not be recorded, one sentence each. */
  record_problems: z.array(z.string()),
  /** ISO 8601, UTC, as are all times here. */
  started_at: z.string(),
  /** Null until the end is recorded. Of a crashed run: its last record. */
  ended_at: z.string().nullable(),
  /** From start to end, before sealing. Null while the run has no recorded end, or the times of a crashed one are unknown. */
  duration_seconds: z.number().nullable(),
  /** The phase in which it failed; null for a run that did not fail or is not over. */
  failing_phase: Phase.nullable(),
  /** Id of the step that failed; null where none did. */
  failing_step: z.number().int().nullable(),
  /** The recorded failure, with its stack; null for a run that did not fail or is not over. */
  error: RecordedError.nullable(),
  /** Phases of the run that have a recorded end, in order. */
  phases: z.array(z.object({ phase: Phase, duration_seconds: z.number(), ok: z.boolean() })),
  /** Handed to the framework; null where the configuration gives none. */
  random_seed: z.number().int().nullable(),
  /** Of the bytes of `config.yaml`, in hex. */
  config_sha256: z.string(),
  /** Runs with the same one were measured by the same checks. Null where that was not recorded yet. */
  checks_digest: z.string().nullable().default(null),
  /** The steps that were to run, in order. */
  steps: z.array(PlannedStep),
  /** The machine it ran on. */
  host: HostFacts,
  /** Repository that holds the experiment's directory; both null outside of one. */
  project: z.object({ git_commit: z.string().nullable(), git_dirty: z.boolean().nullable() }),
  /** Null until the archive is written. */
  archive: ArchiveFacts.nullable(),
  /** Null until the run is sealed. */
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

/** The bytes of metadata.json, for all code that writes or checks the file. */
export function metadataText(metadata: RunMetadata): string {
  return `${JSON.stringify(metadata, null, 2)}\n`;
}
