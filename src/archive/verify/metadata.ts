/** metadata.json: against the archive, against the logs, and against its own copy inside the archive, which holds the rest. */
import { messageOf } from '../../errors/index.ts';
import { RunMetadata } from '../../schema/index.ts';
import type { ArchiveFacts, RunSummary } from '../../schema/index.ts';
import { METADATA_FILE } from '../../store/index.ts';
import { compareFields } from './fields.ts';
import type { FoldedRun } from './records.ts';
import { shown } from './report.ts';
import type { Differences } from './report.ts';

/** The metadata of `text`, or null when it is none; every departure from the form in which it is written is reported. */
export function parseMetadata(differences: Differences, file: string, text: string): RunMetadata | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    differences.add(file, 'valid JSON', messageOf(error));
    return null;
  }
  if (text !== `${JSON.stringify(raw, null, 2)}\n`) reportFormatting(differences, file);
  const parsed = RunMetadata.safeParse(raw);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    differences.add(`${file} ${issue.path.join('.')}`, issue.message, shown(valueAt(raw, issue.path)));
  return null;
}

/** The values are right and the bytes are not. */
export function reportFormatting(differences: Differences, file: string): void {
  differences.add(`${file} form`, 'JSON as stepwell writes it', 'another spacing or order, or a field twice');
}

/**
 * The copy inside has everything but the archive's own facts, which `facts` has, and what was recorded after sealing, which
 * `reconciliation` has: together they confirm each field, whatever the schema says of it.
 */
export function checkAgainstArchive(
  differences: Differences,
  text: string,
  copy: string | null,
  { facts, reconciliation }: { readonly facts: ArchiveFacts; readonly reconciliation: RunMetadata['reconciliation'] },
): void {
  if (copy === null) differences.add(`${METADATA_FILE} in the archive`, 'a copy as of sealing', 'missing from the archive');
  try {
    const recorded = JSON.parse(text) as { archive?: unknown };
    const confirmed = copy === null ? recorded : (JSON.parse(copy) as object);
    compareFields(differences, 'metadata_fields', METADATA_FILE, recorded, {
      ...confirmed,
      archive: facts,
      ...(reconciliation === null ? {} : { reconciliation }),
    });
  } catch {
    // What is no JSON was reported when it was parsed.
  }
}

/** Every field that the logs tell as well. `logFiles` are the log files in the archive with their sizes. */
export function checkAgainstLogs(
  differences: Differences,
  file: string,
  metadata: RunMetadata,
  { summary, error }: Pick<FoldedRun, 'summary' | 'error'>,
  logFiles: readonly { path: string; bytes: number }[],
): void {
  const logged = {
    status: summary.status,
    ended_at: summary.ended_at,
    duration_seconds: summary.duration_seconds,
    failing_phase: summary.failing_phase,
    failing_step: summary.failing_step,
    error,
    framework_commit: summary.framework_commit ?? 'unknown',
    phases: summary.time.phases.filter((phase) => phase.duration_seconds !== null && phase.ok !== null),
    sealed: { files: Object.fromEntries(logFiles.map(({ path, bytes }) => [path, bytes])) },
    ...(summary.started_at === null ? {} : { started_at: summary.started_at }),
    // Without a recorded start nothing in the logs tells what the run was started with; the copy in the archive still does.
    ...(summary.configuration === null ? {} : startOf(summary)),
  };
  const recorded = Object.fromEntries(Object.keys(logged).map((key) => [key, metadata[key as keyof typeof logged]]));
  const sealed = metadata.sealed === null ? null : { files: metadata.sealed.files };
  compareFields(differences, 'metadata_fields', file, { ...recorded, sealed }, logged);
}

/** What `run_start` says. */
function startOf(summary: RunSummary): Partial<RunMetadata> {
  const { run_id, framework, adapter, stepwell_version, model, rehearsal, replay_of, round, configuration } = summary;
  const planned = summary.steps.slice(0, summary.steps_total ?? 0);
  const start = {
    run_id,
    framework,
    adapter,
    stepwell_version,
    model,
    rehearsal,
    replay_of,
    round,
    random_seed: configuration?.random_seed,
    config_sha256: configuration?.config_sha256,
    checks_digest: configuration?.checks_digest,
    steps: planned.map(({ step, name, prompt_file, prompt_sha256 }) => ({ step, name, prompt_file, prompt_sha256 })),
  };
  // Null in a summary means not recorded, which `run_start` rules out; what differs is reported all the same.
  return start as Partial<RunMetadata>;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return at;
}
