/** `stepwell list`: all runs, newest first. */
import { listRuns, rebuildManifest, type CatalogRun } from '../../catalog.ts';
import { ExitCode } from '../../errors.ts';
import { paintFor, styleOf } from '../colour.ts';
import { ABSENT, duration, shortCount, table } from '../columns.ts';
import { neutralJson, neutralLine } from '../neutral.ts';
import { note, print } from '../output.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

interface ListOptions extends CommonOptions {
  readonly rebuild?: boolean;
  readonly json?: boolean;
}

export async function run(_args: readonly string[], options: ListOptions): Promise<number> {
  const runsDir = runsDirOf(options);
  if (options.rebuild === true) {
    const { runs, asideAs } = await rebuildManifest(runsDir);
    note(`The index of ${shownPath(runsDir)} was made anew: ${runs} ${runs === 1 ? 'run' : 'runs'}.`);
    if (asideAs !== null) note(`The damaged index is kept as ${asideAs}.`);
  }
  const { runs: all, damagedIndex } = await listRuns(runsDir);
  if (damagedIndex !== null) {
    note(`warning: runs_manifest.json is damaged (${damagedIndex}); this list comes from the run directories.`);
    note('fix: `stepwell list --rebuild` makes it anew and keeps the damaged file.');
  }
  const runs = all.toReversed();
  if (options.json === true) {
    for (const { entry, state } of runs) await print(neutralJson({ ...entry, state }));
    return ExitCode.ok;
  }
  if (runs.length === 0) {
    note(`There are no runs in ${shownPath(runsDir)}. Start one with \`stepwell run <framework>\`.`);
    return ExitCode.ok;
  }
  const paint = paintFor(process.stdout);
  const statuses = runs.map(shownStatus);
  const lines = table(
    [
      { title: 'RUN', most: 24 },
      { title: 'FRAMEWORK', most: 12 },
      { title: 'STATUS', most: 12 },
      { title: 'STEPS', align: 'right' },
      { title: 'CALLS', align: 'right' },
      { title: 'TOKENS', align: 'right' },
      { title: 'TIME', align: 'right' },
    ],
    runs.map((run, index) => [
      shortId(run.entry.run_id),
      neutralLine(run.entry.framework),
      statuses[index] ?? '',
      stepsOf(run),
      shortCount(run.entry.total_api_calls),
      tokensOf(run),
      duration(run.entry.duration_seconds),
    ]),
    (cell, row, column) => (column === 2 ? paint(styleOf(statuses[row] ?? ''), cell) : cell),
  );
  await print(...lines);
  if (statuses.includes('crashed')) {
    const unfinished = runs.some((run) => run.state === 'crashed');
    if (unfinished) note('`stepwell recover --all` finishes the record of a crashed run.');
  }
  return ExitCode.ok;
}

/** What a person should know first: a lease or its absence counts more than what was last written. */
export function shownStatus({ entry, state }: CatalogRun): string {
  switch (state) {
    case 'live':
      return 'running';
    case 'elsewhere':
      return 'elsewhere';
    case 'crashed':
      return 'crashed';
    case 'missing':
      return 'missing';
    case 'finished':
      return entry.status ?? ABSENT;
    default:
      return state satisfies never;
  }
}

/** Ids of stepwell as they are; longer ones of other systems by both ends, which name the run as well. */
function shortId(id: string): string {
  const shown = neutralLine(id);
  return shown.length <= 24 ? shown : `${shown.slice(0, 13)}…${shown.slice(-4)}`;
}

function stepsOf({ entry }: CatalogRun): string {
  if (entry.steps_total === null) return ABSENT;
  return `${entry.steps_succeeded ?? ABSENT}/${entry.steps_total}`;
}

function tokensOf({ entry: { total_tokens_in, total_tokens_out } }: CatalogRun): string {
  return total_tokens_in === null || total_tokens_out === null ? ABSENT : shortCount(total_tokens_in + total_tokens_out);
}
