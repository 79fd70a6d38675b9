/** The summary as GitHub Markdown: the same facts as the text, as tables. */
import { formatNumber, UNKNOWN } from '../../format/index.ts';
import type { ArchiveFacts, RunSummary } from '../../schema/index.ts';
import { sanitizeForFile } from '../../terminal/index.ts';
import { overviewBlocks } from '../document/head.ts';
import { metricBlock } from '../document/metrics.ts';
import { figureText, type ReportBlock, type Section, type Value } from '../document/model.ts';
import { isThirdParty, runStatus, statusWord } from '../document/phrases.ts';
import { failureBlocks, problemTable } from '../document/problems.ts';
import { reconciliationOverview } from '../document/reconciliation.ts';
import { recordBlocks } from '../document/record.ts';
import { stepSections } from '../document/steps.ts';

const TEXT_LENGTH = 200;

/**
 * The summary as Markdown, for a pull request or a report. A pure function of the same facts as {@link renderText}.
 *
 * @param archive Facts of the sealed archive; null prints `not yet sealed`.
 */
export function renderMarkdown(summary: RunSummary, archive: ArchiveFacts | null): string {
  const title = `Run ${summary.run_id ?? UNKNOWN}: ${statusWord(runStatus(summary))}`;
  return printMarkdown([
    { title, level: 1, blocks: overviewBlocks(summary) },
    { title: 'What went wrong', blocks: failureBlocks(summary) },
    ...stepSections(summary),
    // Nothing was measured for another program's run; a 0 would look like a measurement.
    { title: 'Metrics', blocks: isThirdParty(summary) ? [] : [metricBlock(summary)] },
    { title: 'Reconciliation', blocks: reconciliationOverview(summary) },
    { title: 'Errors and warnings', blocks: problemTable(summary) },
    { title: 'Record', blocks: recordBlocks(summary, archive) },
  ]);
}

/** Sections without blocks are left out. */
function printMarkdown(sections: readonly Section[]): string {
  const printed = sections
    .filter(({ blocks }) => blocks.length > 0)
    .flatMap(({ title, level = 2, blocks }) => [`${'#'.repeat(level)} ${escapeInline(title)}`, ...blocks.flatMap(printBlock)]);
  return `${printed.join('\n\n')}\n`;
}

function printBlock(one: ReportBlock): string[] {
  switch (one.kind) {
    case 'facts': {
      const rows = one.facts.map(({ label, value }) => [typeof label === 'string' ? sentenceCase(label) : (label ?? ''), value]);
      return rows.length === 0 ? [] : [table(one.headers ?? ['Fact', 'Value'], rows)];
    }
    case 'table':
      return [table(one.headers, one.rows)];
    case 'figures':
      return [
        table(
          [one.labelHeader, ...one.headers],
          one.rows.map(({ label, cells }) => [label, ...cells.map((cell) => figureText(cell, formatNumber))]),
        ),
      ];
    case 'list':
      return [[one.lead, '', ...one.items.map((item) => `- ${escapeInline(item)}`)].join('\n')];
    case 'code':
      return [one.lead, fenceCode(one.lines)];
    case 'note': {
      const mark = one.strong === true ? '**' : '';
      return [`${mark}${escapeInline(one.text)}${mark}${escapeInline(one.after ?? '')}`];
    }
    default:
      return one satisfies never;
  }
}

function table(heads: readonly string[], rows: readonly (readonly Value[])[]): string {
  const lines = [heads, heads.map(() => '---'), ...rows.map((row) => row.map(escapeInline))];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** `Framework Commit` as `Framework commit`; `LLM Requests` as `LLM requests`. */
function sentenceCase(label: string): string {
  return label.replace(/ [A-Z](?=[a-z])/g, (start) => start.toLowerCase());
}

/** One line of Markdown, with every special character escaped. */
function escapeInline(value: Value): string {
  if (typeof value === 'object') {
    if ('trusted' in value) return value.trusted;
    if ('code' in value) return `\`${sanitizeForFile(value.code).replaceAll('`', "'").replaceAll('|', '\\|')}\``;
    return value.map(escapeInline).join('; ');
  }
  const short = value.length > TEXT_LENGTH ? `${value.slice(0, TEXT_LENGTH)}...` : value;
  return sanitizeForFile(short).replace(/[\\`*_{}[\]<>()#!|~&@]/g, (character) => `\\${character}`);
}

/** A code block with a fence that no line can close. */
function fenceCode(lines: readonly string[]): string {
  const text = lines.map(sanitizeForFile);
  const longest = Math.max(0, ...text.map((line) => /^\s*(`+)/.exec(line)?.[1]?.length ?? 0));
  const fence = '`'.repeat(Math.max(3, longest + 1));
  return [`${fence}text`, ...text, fence].join('\n');
}
