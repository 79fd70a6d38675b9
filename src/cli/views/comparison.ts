/** The comparison of frameworks as text and as Markdown: a column for each framework, a row for each figure. */
import type { ComparedFigures, ComparedGroup, Spread } from '../../catalog/index.ts';
import { pluralizeGrouped, formatDuration, formatPercent, formatShortCount, UNKNOWN } from '../../format/index.ts';
import { costText } from './cost.ts';
import { table } from './table.ts';
import { cut, sanitizeLine, widthOf } from '../../terminal/index.ts';

const LONGEST_NAME = 20;

interface Row {
  readonly title: string;
  readonly cell: (group: ComparedGroup) => string;
}

const ROWS: readonly Row[] = [
  { title: 'runs', cell: ({ runs }) => String(runs) },
  {
    title: 'succeeded',
    cell: ({ runs, succeeded }) => {
      if (runs === 0) return UNKNOWN;
      return runs === 1 ? `${succeeded} of 1` : `${succeeded} of ${runs} (${formatPercent(succeeded / runs)})`;
    },
  },
  figureRow('steps done', 'steps_succeeded', formatShortCount),
  figureRow('steps total', 'steps_total', formatShortCount),
  figureRow('calls', 'api_calls', formatShortCount),
  figureRow('tokens in', 'tokens_in', formatShortCount),
  figureRow('tokens out', 'tokens_out', formatShortCount),
  {
    title: 'cost',
    cell: ({ kind, runs, figures }) =>
      kind === 'rehearsal' && figures.cost_usd === null ? 'none' : spreadText(figures.cost_usd, runs, costText),
  },
  figureRow('duration', 'duration_seconds', formatDuration),
  figureRow('downtime', 'downtime_seconds', formatDuration),
  figureRow('CRUD score', 'crud_score', formatPercent),
];

function figureRow(title: string, figure: keyof ComparedFigures, shown: (value: number) => string): Row {
  return { title, cell: ({ runs, figures }) => spreadText(figures[figure], runs, shown) };
}

/** `18 (16–20)`; one value alone where there is no spread, and how many runs have it where not all do. */
function spreadText(spread: Spread | null, runs: number, shown: (value: number) => string): string {
  if (spread === null) return UNKNOWN;
  const [median, min, max] = [spread.median, spread.min, spread.max].map((value) => shown(value));
  const range = min === max ? median! : `${median} (${min}–${max})`;
  return spread.runs === runs ? range : `${range} n=${spread.runs}`;
}

/** As many groups beside each other as `columns` has room for, then the next ones below. */
export function comparisonText(groups: readonly ComparedGroup[], columns: number): string[] {
  const withChecks = differInChecks(groups);
  const blocks: ComparedGroup[][] = [];
  for (const group of groups) {
    const last = blocks.at(-1);
    if (last !== undefined && widthOfTable([...last, group], withChecks) <= columns) last.push(group);
    else blocks.push([group]);
  }
  return [...blocks.flatMap((block) => [...tableOf(block, withChecks), '']), ...notesOf(groups)];
}

function tableOf(groups: readonly ComparedGroup[], withChecks: boolean): string[] {
  const second = [
    ...(groups.some(({ model }) => model !== null) ? [modelRow] : []),
    ...(groups.every(isReal) ? [] : [kindRow]),
    ...(withChecks ? [checksRow] : []),
  ];
  return table(
    [{ title: '' }, ...groups.map(({ framework }) => ({ title: cut(sanitizeLine(framework), LONGEST_NAME) }))],
    [...second, ...ROWS].map(({ title, cell }) => [title, ...groups.map(cell)]),
  );
}

const modelRow: Row = {
  title: 'model',
  cell: ({ model }) => (model === null ? UNKNOWN : cut(sanitizeLine(model), LONGEST_NAME)),
};
const checksRow: Row = {
  title: 'checks',
  cell: ({ checks }) => (checks.length > 1 ? `${checks.length} sets` : (checks[0] ?? UNKNOWN)),
};
const kindRow: Row = { title: 'kind', cell: ({ kind }) => kind };

function isReal({ kind }: ComparedGroup): boolean {
  return kind === 'real';
}

function widthOfTable(groups: readonly ComparedGroup[], withChecks: boolean): number {
  return Math.max(...tableOf(groups, withChecks).map((line) => widthOf(line)));
}

/** Whether the runs of all groups together were measured by more than one set of checks, as far as they say. */
function differInChecks(groups: readonly ComparedGroup[]): boolean {
  return new Set(groups.flatMap(({ checks }) => checks)).size > 1;
}

export function comparisonMarkdown(groups: readonly ComparedGroup[]): string[] {
  const cellText = (text: string): string => sanitizeLine(text).replaceAll('\\', '\\\\').replaceAll('|', '\\|');
  const line = (cells: readonly string[]): string => `| ${cells.map(cellText).join(' | ')} |`;
  return [
    line(['', ...groups.map(({ framework }) => framework)]),
    `|---|${groups.map(() => '---:|').join('')}`,
    line(['model', ...groups.map(({ model }) => model ?? UNKNOWN)]),
    ...[kindRow, ...(differInChecks(groups) ? [checksRow] : []), ...ROWS].map(({ title, cell }) =>
      line([title, ...groups.map(cell)]),
    ),
    '',
    ...notesOf(groups).map((note) => `${note}  `),
  ];
}

function notesOf(groups: readonly ComparedGroup[]): string[] {
  const leftOut = groups.reduce((sum, group) => sum + group.left_out, 0);
  return [
    'Median (min–max) of the runs; n: number of runs that have the figure.',
    ...(leftOut === 0
      ? []
      : [`Left out: ${pluralizeGrouped(leftOut, 'run')} without a result (still running, interrupted or crashed).`]),
    ...checksNotes(groups),
    ...(groups.every(isReal) ? [] : ['A rehearsal or a replay calls no model: do not compare its tokens, cost or time.']),
  ];
}

/** What the checks decide is no common measure where they are not the same. */
function checksNotes(groups: readonly ComparedGroup[]): string[] {
  const sets = groups.flatMap(({ checks }) => (checks.length === 0 ? [] : [checks.map(String).toSorted().join()]));
  const mixed = new Set(groups.flatMap(({ framework, checks }) => (checks.length > 1 ? [sanitizeLine(framework)] : [])));
  return [
    ...(new Set(sets).size > 1 ? ['Measured by different checks: success, downtime and CRUD score are not comparable.'] : []),
    ...[...mixed].map((name) => `The runs of ${name} were not all measured by the same checks; its medians mix them.`),
  ];
}
