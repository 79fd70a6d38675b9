/** metadata.json: against the archive, against the logs, and against its own copy inside the archive, which holds the rest. */
import { RunMetadata } from '../../schema.ts';
import type { ArchiveFacts, RunSummary } from '../../schema.ts';
import { METADATA_FILE } from '../../store.ts';
import { compareFields } from './fields.ts';
import { shown } from './report.ts';
import type { Findings } from './report.ts';

/** The metadata of `text`, or null when it is none; every departure from the form in which it is written is reported. */
export function parseMetadata(findings: Findings, file: string, text: string): RunMetadata | null {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    findings.add(file, 'valid JSON', (error as Error).message);
    return null;
  }
  if (text !== `${JSON.stringify(raw, null, 2)}\n`)
    findings.add(`${file} form`, 'JSON as stepwell writes it', 'another spacing or a field twice');
  const parsed = RunMetadata.safeParse(raw);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues)
    findings.add(`${file} ${issue.path.join('.')}`, issue.message, shown(valueAt(raw, issue.path)));
  return null;
}

/**
 * The copy inside has everything but the archive's own facts, which `facts` has: together they confirm each field, whatever
 * the schema says of it.
 */
export function checkAgainstArchive(findings: Findings, text: string, copy: string | null, facts: ArchiveFacts): void {
  if (copy === null) findings.add(`${METADATA_FILE} in the archive`, 'a copy as of sealing', 'missing from the archive');
  try {
    const recorded = JSON.parse(text) as { archive?: unknown };
    const confirmed = copy === null ? recorded : (JSON.parse(copy) as object);
    compareFields(findings, 'metadata_fields', METADATA_FILE, recorded, { ...confirmed, archive: facts });
  } catch {
    // What is no JSON was reported when it was parsed.
  }
}

/** Every field that the logs tell as well. `logFiles` are the log files in the archive with their sizes. */
export function checkAgainstLogs(
  findings: Findings,
  file: string,
  metadata: RunMetadata,
  summary: RunSummary,
  logFiles: readonly { path: string; bytes: number }[],
): void {
  const planned = summary.steps.slice(0, summary.steps_total ?? 0).map(({ step, name, prompt_file, prompt_sha256 }) => {
    return { step, name, prompt_file, prompt_sha256 };
  });
  const recorded = { ...metadata, error: errorOf(metadata.error), phases: loggedPhases(metadata, summary) };
  const logged = {
    run_id: summary.run_id,
    framework: summary.framework,
    adapter: summary.adapter,
    framework_commit: summary.framework_commit,
    stepwell_version: summary.stepwell_version,
    model: summary.model,
    rehearsal: summary.rehearsal,
    round: summary.round,
    status: summary.status,
    started_at: summary.started_at,
    ended_at: summary.ended_at,
    duration_seconds: summary.duration_seconds,
    failing_phase: summary.failing_phase,
    failing_step: summary.failing_step,
    error: errorOf(summary.error),
    phases: summary.time.phases,
    random_seed: summary.configuration?.random_seed ?? null,
    config_sha256: summary.configuration?.config_sha256 ?? null,
    steps: planned,
  };
  for (const [field, value] of Object.entries(logged) as [keyof typeof logged, unknown][]) {
    findings.count('metadata_fields');
    // A run whose start was never recorded cannot confirm what it was started with; the copy in the archive does.
    if (value !== null || metadata.status === 'success') findings.compare(`${file} ${field}`, recorded[field], value);
  }
  findings.count('metadata_fields');
  const sizes = Object.fromEntries(logFiles.map(({ path, bytes }) => [path, bytes]));
  compareFields(findings, 'metadata_fields', `${file} sealed.files`, metadata.sealed?.files ?? null, sizes);
}

/** What metadata and summary both keep of an error. */
function errorOf(error: { type: string; message: string } | null): { type: string; message: string } | null {
  return error === null ? null : { type: error.type, message: error.message };
}

/** Phases that ended before the logs were sealed; what came after stands in metadata alone. */
function loggedPhases(metadata: RunMetadata, summary: RunSummary): unknown[] {
  const logged = new Set(summary.time.phases.map(({ phase }) => phase));
  return metadata.phases.filter(({ phase }) => logged.has(phase));
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined;
  return at;
}
