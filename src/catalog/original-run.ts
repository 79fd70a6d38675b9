/** The facts of a run as files of the original system hold them, unchecked. */
export interface OriginalFacts {
  readonly runId: unknown;
  readonly model: unknown;
  readonly startTime: unknown;
  readonly endTime: unknown;
  readonly archiveSha256: unknown;
}

/**
 * What the original system calls the facts of a run, in one mapping, for what a run's own metadata.json does not say. Its runs have
 * a metadata.json with few fields of ours, and keep the rest at the top of metrics.json. The totals of metrics.json have the same
 * names in both systems: `METRIC_NAMES`.
 */
export function readOriginalFacts(
  metadata: Readonly<Record<string, unknown>>,
  metrics: Readonly<Record<string, unknown>>,
): OriginalFacts {
  return {
    runId: metrics['run_id'],
    model: metrics['model'],
    startTime: metrics['start_timestamp'],
    endTime: metrics['end_timestamp'],
    archiveSha256: metadata['archive_hash'],
  };
}
