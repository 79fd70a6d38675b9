/** `logs_summary.txt`: for people and for git. No line is wider than 80 columns, the whole is at most about 10 KB. */
import { formatNumber } from '../../format/index.ts';
import type { ArchiveFacts, RunSummary } from '../../schema/index.ts';
import { clip, sanitizeForFile, wrap } from '../../terminal/index.ts';
import { configurationBlocks, headBlocks } from '../document/head.ts';
import { timeBlocks, totalBlocks } from '../document/metrics.ts';
import { figureText, plainText, type ReportBlock } from '../document/model.ts';
import { isThirdParty } from '../document/phrases.ts';
import { problemBlocks } from '../document/problems.ts';
import { reconciliationBlocks } from '../document/reconciliation.ts';
import { archiveBlocks, hitlBlocks, logBlocks } from '../document/record.ts';
import { stepLines } from './text-steps.ts';

const COLUMNS = 80;
const MAX_BYTES = 10_000;
const RULE = '='.repeat(COLUMNS);
const LABEL_COLUMNS = 20;
const FIGURE_COLUMNS = 12;

/**
 * The summary as text. A pure function: the same logs and the same archive give the same bytes.
 *
 * @param archive Facts of the sealed archive; null prints `not yet sealed`.
 */
export function renderText(summary: RunSummary, archive: ArchiveFacts | null): string {
  // Only lines, errors and warnings of another program's run are known; a 0 would look like a measurement.
  const ownRunBlocks = (blocks: (of: RunSummary) => ReportBlock[]): ReportBlock[] =>
    isThirdParty(summary) ? [] : blocks(summary);
  const before = [
    section('EXPERIMENT RUN SUMMARY', headBlocks(summary)),
    section('CONFIGURATION', ownRunBlocks(configurationBlocks)),
  ];
  const after = [
    section('RECONCILIATION SUMMARY', reconciliationBlocks(summary)),
    section('WHERE THE TIME WENT', ownRunBlocks(timeBlocks)),
    section('FINAL METRICS', ownRunBlocks(totalBlocks)),
    section('ERRORS AND WARNINGS', problemBlocks(summary)),
    section('HITL INTERACTIONS', hitlBlocks(summary)),
    section('LOGS', logBlocks(summary)),
    section('ARCHIVE INTEGRITY', archiveBlocks(archive)),
  ];
  // The steps get the space that the rest leaves.
  const steps = (lines: readonly string[]): Printed => ({ title: 'STEP EXECUTION SUMMARY', lines });
  const rest = Buffer.byteLength(joinSections([...before, steps(['']), ...after]));
  return joinSections([...before, steps(stepLines(summary.steps, summary.failing_step, MAX_BYTES - rest, printLines)), ...after]);
}

/** Only the first section, line by line: what was run and how it ended. */
export function headLines(summary: RunSummary): string[] {
  return printLines(headBlocks(summary));
}

interface Printed {
  readonly title: string;
  readonly lines: readonly string[];
}

function section(title: string, blocks: readonly ReportBlock[]): Printed {
  return { title, lines: printLines(blocks) };
}

/** Each line is sanitized, since it may contain text from logs, and cut to the width. */
function printLines(blocks: readonly ReportBlock[]): string[] {
  return blocks.flatMap(printBlock).map((line) => clip(sanitizeForFile(line), COLUMNS).trimEnd());
}

/** Sections without lines are left out. */
function joinSections(sections: readonly Printed[]): string {
  return sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => `${RULE}\n${title}\n${RULE}\n${lines.join('\n')}\n`)
    .join('\n');
}

const UNDER = { item: '  - ', detail: '    ', inset: '  ' } as const;

function printBlock(one: ReportBlock): string[] {
  switch (one.kind) {
    case 'facts':
      return one.facts.flatMap(({ label, value, under, lines }) =>
        wrapSentence(`${label === null ? '' : `${plainText(label)}: `}${plainText(value)}`, under, lines),
      );
    case 'figures':
      return [
        alignRow('', one.headers),
        ...one.rows.map(({ label, cells }) =>
          alignRow(
            `  ${label}:`,
            cells.map((cell) => figureText(cell, formatNumber)),
          ),
        ),
      ];
    case 'table':
      return [one.headers, ...one.rows].map((cells) => cells.map(plainText).join('  '));
    case 'list':
      return [one.lead, ...one.items.map((item) => `  - ${item}`)];
    case 'code':
      return [one.lead, ...one.lines.map((line) => `  | ${line}`)];
    case 'note':
      return [`${plainText(one.text)}${plainText(one.after ?? '')}`];
    default:
      return one satisfies never;
  }
}

/** Wraps over several lines where allowed; continuation lines are indented, so none looks like a separate line. */
function wrapSentence(text: string, under?: keyof typeof UNDER, most = 1): string[] {
  const indent = under === undefined ? '' : UNDER[under];
  if (most === 1) return [`${indent}${text}`];
  const lines = wrap(sanitizeForFile(text), COLUMNS - indent.length - 2, most);
  return lines.map((line, index) => (index === 0 ? `${indent}${line}` : `${' '.repeat(indent.length)}  ${line}`));
}

/** A label, then columns aligned to the right; a figure too long for its column takes space from the label's padding. */
function alignRow(label: string, cells: readonly string[]): string {
  const columns = cells.map((cell) => ` ${cell}`.padStart(FIGURE_COLUMNS));
  return `${label.padEnd(Math.max(label.length, LABEL_COLUMNS))}${columns.join('')}`;
}
