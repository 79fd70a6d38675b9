import type { ArchiveFacts, RunSummary } from '../../schema/index.ts';

/** The summary as JSON for other programs, with the archive's facts beside it; null while not sealed. Ends in a newline. */
export function renderJson(summary: RunSummary, archive: ArchiveFacts | null): string {
  return `${JSON.stringify({ ...summary, archive }, null, 2)}\n`;
}
