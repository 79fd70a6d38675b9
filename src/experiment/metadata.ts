/** metadata.json: the facts known when a run begins, and those derived from its logs when it is sealed. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  FORMAT_VERSION,
  parseJsonAs,
  RunMetadata,
  type RecordedError,
  type RunSummary,
  type SealedPosition,
} from '../schema/index.ts';
import { METADATA_FILE, readRecords, RUN_LOG, type RunSource } from '../store/index.ts';

/** What is known of a run before it starts. */
export type RunFacts = Pick<
  RunMetadata,
  | 'run_id'
  | 'framework'
  | 'adapter'
  | 'stepwell_version'
  | 'model'
  | 'rehearsal'
  | 'replay_of'
  | 'round'
  | 'random_seed'
  | 'config_sha256'
  | 'checks_digest'
  | 'steps'
  | 'host'
  | 'project'
>;

export function initialMetadata(facts: RunFacts, startedAt: string): RunMetadata {
  return {
    format_version: FORMAT_VERSION,
    run_id: facts.run_id,
    framework: facts.framework,
    adapter: facts.adapter,
    framework_commit: 'unknown',
    stepwell_version: facts.stepwell_version,
    model: facts.model,
    rehearsal: facts.rehearsal,
    replay_of: facts.replay_of,
    round: facts.round,
    status: 'running',
    record: 'open',
    record_problems: [],
    started_at: startedAt,
    ended_at: null,
    duration_seconds: null,
    failing_phase: null,
    failing_step: null,
    error: null,
    phases: [],
    random_seed: facts.random_seed,
    config_sha256: facts.config_sha256,
    checks_digest: facts.checks_digest,
    steps: facts.steps,
    host: facts.host,
    project: facts.project,
    archive: null,
    sealed: null,
    reconciliation: null,
  };
}

/** The metadata of a run directory, or null when it has none that can be read. */
export async function readMetadata(runDir: string): Promise<RunMetadata | null> {
  return parseJsonAs(RunMetadata, await readFile(join(runDir, METADATA_FILE), 'utf8').catch(() => ''));
}

/** The metadata derived from the sealed logs; `archive` is added later. */
export function sealedMetadata(
  open: RunMetadata,
  logged: { summary: RunSummary; error: RecordedError | null; sealed: SealedPosition; problems: readonly string[] },
): RunMetadata {
  const { summary, error, sealed, problems } = logged;
  return {
    ...open,
    framework_commit: summary.framework_commit ?? 'unknown',
    status: summary.status,
    record: problems.length === 0 ? 'complete' : 'incomplete',
    record_problems: [...problems],
    started_at: summary.started_at ?? open.started_at,
    ended_at: summary.ended_at,
    duration_seconds: summary.duration_seconds,
    failing_phase: summary.failing_phase,
    failing_step: summary.failing_step,
    error,
    phases: summary.time.phases.flatMap(({ phase, duration_seconds, ok }) =>
      duration_seconds === null || ok === null ? [] : [{ phase, duration_seconds, ok }],
    ),
    archive: null,
    sealed,
  };
}

/** The error of the last `run_end`, with its stack, which the summary leaves out. */
export async function loggedError(source: RunSource): Promise<RecordedError | null> {
  let error: RecordedError | null = null;
  for await (const item of readRecords(source, { files: [RUN_LOG] })) {
    if ('record' in item && item.record.event === 'run_end') error = item.record.error ?? null;
  }
  return error;
}

/** Records that are missing, according to the logs themselves. */
export function recordProblems(summary: RunSummary): string[] {
  const problems: string[] = [];
  if (summary.dropped.count > 0) problems.push(`${summary.dropped.count} records could not be written and are lost`);
  if (summary.missing_records > 0) problems.push(`${summary.missing_records} records are missing from the logs`);
  if (summary.status === 'running') problems.push('the end of the run is not recorded');
  return problems;
}
