import type { ArchiveFacts, RunSummary } from '../schema.ts';

export function renderMarkdown(summary: RunSummary, archive: ArchiveFacts | null): string {
  return [
    `# ${summary.run_id ?? 'unknown'}`,
    '',
    summary.status,
    '',
    archive === null ? 'not yet sealed' : archive.name,
    '',
  ].join('\n');
}
