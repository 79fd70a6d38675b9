import type { ArchiveFacts, RunSummary } from '../schema.ts';

export function renderText(summary: RunSummary, archive: ArchiveFacts | null): string {
  return [
    `Run ID: ${summary.run_id ?? 'unknown'}`,
    `Status: ${summary.status}`,
    archive === null ? 'not yet sealed' : archive.name,
    '',
  ].join('\n');
}
