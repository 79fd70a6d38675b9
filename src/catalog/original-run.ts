/**
 * What the original system calls the facts of a run, in one mapping. Its runs have a metadata.json with few fields of ours, and
 * keep the rest at the top of metrics.json. The totals of metrics.json have the same names in both systems: `METRIC_NAMES`.
 */
const ORIGINAL_METADATA = { archiveSha256: 'archive_hash' } as const;
const ORIGINAL_METRICS = { runId: 'run_id', model: 'model', startTime: 'start_timestamp', endTime: 'end_timestamp' } as const;

/** Each as the file has it, unchecked. */
export type OriginalFacts = Readonly<Record<keyof typeof ORIGINAL_METADATA | keyof typeof ORIGINAL_METRICS, unknown>>;

/** The facts of a run as the original system wrote them, for what a run's own metadata.json does not say. */
export function readOriginalFacts(
  metadata: Readonly<Record<string, unknown>>,
  metrics: Readonly<Record<string, unknown>>,
): OriginalFacts {
  return {
    runId: metrics[ORIGINAL_METRICS.runId],
    model: metrics[ORIGINAL_METRICS.model],
    startTime: metrics[ORIGINAL_METRICS.startTime],
    endTime: metrics[ORIGINAL_METRICS.endTime],
    archiveSha256: metadata[ORIGINAL_METADATA.archiveSha256],
  };
}
