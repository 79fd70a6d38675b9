/** `logs_summary.txt`: for people and for git. No line is wider than 80 columns, the whole is at most about 10 KB. */
import type { ArchiveFacts, RunSummary } from '../schema.ts';
import { clip, sanitizeForFile } from '../terminal.ts';
import { configurationLines, headerLines } from './text/header.ts';
import { problemLines } from './text/problems.ts';
import { reconciliationLines } from './text/reconciliation.ts';
import { archiveLines, hitlLines, logLines } from './text/record.ts';
import { stepLines } from './text/steps.ts';
import { finalLines, timeLines } from './text/totals.ts';
import { COLUMNS } from './columns.ts';
import { isForeign } from './words.ts';

const MAX_BYTES = 10_000;
const RULE = '='.repeat(COLUMNS);

interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * The summary as text. A pure function: the same logs and the same archive give the same bytes.
 *
 * @param archive Facts of the sealed archive; null prints `not yet sealed`.
 */
export function renderText(summary: RunSummary, archive: ArchiveFacts | null): string {
  // Of another program's run only lines, errors and warnings are known; a 0 would be taken for a measurement.
  const ours = (lines: (of: RunSummary) => string[]): string[] => (isForeign(summary) ? [] : lines(summary));
  const before = [section('EXPERIMENT RUN SUMMARY', headerLines(summary)), section('CONFIGURATION', ours(configurationLines))];
  const after = [
    section('RECONCILIATION SUMMARY', reconciliationLines(summary)),
    section('WHERE THE TIME WENT', ours(timeLines)),
    section('FINAL METRICS', ours(finalLines)),
    section('ERRORS AND WARNINGS', problemLines(summary)),
    section('HITL INTERACTIONS', hitlLines(summary)),
    section('LOGS', logLines(summary)),
    section('ARCHIVE INTEGRITY', archiveLines(archive)),
  ];
  // The steps get the room that the rest leaves.
  const rest = Buffer.byteLength(print([...before, section('STEP EXECUTION SUMMARY', ['']), ...after]));
  const steps = stepLines(summary.steps, summary.failing_step, MAX_BYTES - rest, finishLines);
  return print([...before, { title: 'STEP EXECUTION SUMMARY', lines: steps }, ...after]);
}

function section(title: string, lines: string[]): Section {
  return { title, lines: finishLines(lines) };
}

/** What stands in the logs goes no further than this line by line: sanitized, and cut to the width. */
function finishLines(lines: string[]): string[] {
  return lines.map((line) => clip(sanitizeForFile(line), COLUMNS).trimEnd());
}

/** Sections without lines are left out. */
function print(sections: readonly Section[]): string {
  return sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => `${RULE}\n${title}\n${RULE}\n${lines.join('\n')}\n`)
    .join('\n');
}
