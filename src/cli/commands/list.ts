/** `stepwell list`: all runs, newest first. */
import { listRuns, rebuildManifest } from '../../catalog/index.ts';
import { ExitCode } from '../../errors/index.ts';
import { pluralize } from '../../format/index.ts';
import { MANIFEST_FILE } from '../../store/index.ts';
import { paintFor, sanitizeJson } from '../../terminal/index.ts';
import { columnsOf, note, print } from '../output.ts';
import { listTable, totalsTable } from '../views/run-table.ts';
import { runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

interface ListOptions extends CommonOptions {
  readonly rebuild?: boolean;
  readonly json?: boolean;
}

export async function run(_args: readonly string[], options: ListOptions): Promise<number> {
  const runsDir = runsDirOf(options);
  if (options.rebuild === true) {
    const { runs, asideAs } = await rebuildManifest(runsDir);
    note(`The index of ${shownPath(runsDir)} was rebuilt: ${pluralize(runs, 'run')}.`);
    if (asideAs !== null) note(`The damaged index was kept as ${asideAs}.`);
  }
  const { runs: all, unusedIndex } = await listRuns(runsDir);
  if (unusedIndex !== null) {
    note(`warning: ${MANIFEST_FILE} ${unusedIndex}. This list was read from the run directories instead.`);
    note('fix: Rebuild a damaged index with `stepwell list --rebuild`; for a newer one, use the newer stepwell.');
  }
  const runs = all.toReversed();
  if (options.json === true) {
    for (const { entry, state } of runs) await print(sanitizeJson({ ...entry, state }));
    return ExitCode.ok;
  }
  if (runs.length === 0) {
    note(`There are no runs in ${shownPath(runsDir)}. Start one with \`stepwell run <framework>\`.`);
    return ExitCode.ok;
  }
  await print(...listTable(runs, paintFor(process.stdout), columnsOf(process.stdout)));
  const totals = totalsTable(all);
  if (totals.length > 0) await print('', ...totals);
  if (runs.some((run) => run.state === 'crashed')) note('`stepwell recover --all` completes the records of crashed runs.');
  return ExitCode.ok;
}
