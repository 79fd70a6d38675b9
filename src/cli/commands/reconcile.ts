/** `stepwell reconcile`: measured usage compared with provider usage. */
import { listRuns } from '../../catalog/index.ts';
import { resolveSettings } from '../../config/settings.ts';
import { ExitCode } from '../../errors/index.ts';
import { interruptOnSignals } from '../../experiment/index.ts';
import {
  listReconciliations,
  reconcileRuns,
  watchRuns,
  type ReconcileOptions,
  type RunSelection,
  type RunReconciliation,
  type RunProgress,
  type WatchRound,
  reconcileError,
} from '../../reconcile/index.ts';
import { pluralize } from '../../format/index.ts';
import { paintFor } from '../../terminal/index.ts';
import { columnsOf, note, print } from '../output.ts';
import {
  resultBlock,
  resultJsonLine,
  resultsDocument,
  roundJsonLine,
  skippedLines,
  stateCounts,
  totalLine,
} from '../views/reconcile-result.ts';
import { overviewLines, waitingLines } from '../views/reconcile-list.ts';
import { againLines, runName, whenText, type Saying } from '../views/reconcile-words.ts';
import { runsDirFlag, runsDirOf, shownPath, type CommonOptions } from '../runs-dir.ts';

interface Options extends CommonOptions {
  readonly minAge?: string;
  readonly maxAge?: string;
  readonly force?: boolean;
  readonly list?: boolean;
  readonly verbose?: boolean;
  readonly watch?: boolean;
  readonly json?: boolean;
  readonly apiKeyId?: string;
  readonly projectId?: string;
  readonly workspaceId?: string;
}

export async function run(args: readonly string[], options: Options): Promise<number> {
  const { minAge: minAgeMinutes, maxAge: maxAgeHours, apiKeyId, projectId, workspaceId } = options;
  const settings = resolveSettings(['minAgeMinutes', 'maxAgeHours', 'apiKeyId', 'projectId', 'workspaceId'], {
    flags: { minAgeMinutes, maxAgeHours, apiKeyId, projectId, workspaceId },
    env: {},
  });
  const choice = await choiceOf(runsDirOf(options), args);
  if (options.list === true) return await list({ ...choice, ...settings }, options);
  const { force } = options;
  using interruption = interruptOnSignals({
    onFirst: () => note('Shutting down. Readings so far are recorded; the next attempt continues from there.'),
  });
  const chosen = { ...choice, ...settings, force, signal: interruption.signal };
  try {
    const results = options.watch === true ? await watch(chosen, options) : await once(chosen, options);
    return interruption.exitCode ?? exitCodeOf(results);
  } catch (error) {
    if (interruption.exitCode !== null) return interruption.exitCode;
    throw error;
  }
}

/** A mismatch that was read counts most: it was found whatever else could not be looked at. */
function exitCodeOf(results: readonly RunReconciliation[]): number {
  if (results.some(({ action, state }) => action === 'read' && state === 'mismatch')) return ExitCode.verification;
  return results.some(({ action }) => action === 'failed') ? ExitCode.failure : ExitCode.ok;
}

/** `<framework>`, `<framework> <run>`, or a run alone, as other commands take it. @throws RECONCILE_NO_FRAMEWORK */
async function choiceOf(runsDir: string, [first, second]: readonly string[]): Promise<RunSelection> {
  if (first === undefined) return { runsDir };
  const { runs } = await listRuns(runsDir);
  const frameworks = [...new Set(runs.map(({ entry }) => entry.path.split('/')[0] ?? entry.framework))].sort();
  if (frameworks.includes(first)) return { runsDir, framework: first, ...(second === undefined ? {} : { run: second }) };
  if (second === undefined) return { runsDir, run: first };
  throw reconcileError('RECONCILE_NO_FRAMEWORK', { framework: first, runsDir, known: frameworks });
}

function sayingOf(runsDir: string, single: boolean): Saying {
  return {
    paint: paintFor(process.stdout),
    columns: columnsOf(process.stdout, 100),
    now: new Date(),
    place: runsDirFlag(runsDir),
    single,
  };
}

/** A provider may take its time. One run alone is told of to a person who waits. */
function noteRun({ index, total, framework, runId }: RunProgress): void {
  if (total > 1 || process.stderr.isTTY) note(`[${index}/${total}] ${runName({ framework, runId })}`);
}

async function once(options: ReconcileOptions, { json, verbose = false }: Options): Promise<readonly RunReconciliation[]> {
  if (json === true) {
    const { results } = await reconcileRuns(options);
    await print(resultsDocument(results));
    return results;
  }
  let total = 0;
  const written: Promise<void>[] = [];
  const { results } = await reconcileRuns({
    ...options,
    onRun: (run) => {
      total = run.total;
      noteRun(run);
    },
    onResult: (result) => {
      if (result.action === 'skipped') return;
      written.push(
        print(...resultBlock(result, sayingOf(options.runsDir, total === 1), { verbose }), ...(total > 1 ? [''] : [])),
      );
    },
  });
  await Promise.all(written);
  const saying = sayingOf(options.runsDir, total === 1);
  const asked = results.filter(({ action }) => action !== 'skipped');
  const skipped = results.filter(({ action }) => action === 'skipped');
  const left = skippedLines(skipped, saying, { verbose: verbose || options.run !== undefined });
  if (results.length === 0) await print(await nothingToDo(options, 'No run is pending'));
  const again = againLines(results, saying);
  await print(...left, ...totalLine(asked), ...(again.length === 0 ? [] : ['', ...again]));
  return results;
}

async function watch(options: ReconcileOptions, { json, verbose = false }: Options): Promise<readonly RunReconciliation[]> {
  const written: Promise<void>[] = [];
  const onResult = (result: RunReconciliation): void => {
    if (json === true) return void written.push(print(resultJsonLine(result)));
    if (result.action === 'skipped') return;
    written.push(print(...resultBlock(result, sayingOf(options.runsDir, false), { verbose }), ''));
  };
  const onRound = (round: WatchRound): void => {
    if (json === true) written.push(print(roundJsonLine(round)));
    else if (round.results.length > 0) written.push(print(roundText(round)));
  };
  const { results } = await watchRuns({ ...options, onResult, onRound, ...(json === true ? {} : { onRun: noteRun }) });
  await Promise.all(written);
  if (json !== true && results.length === 0) await print(await nothingToDo(options, 'No run is pending'));
  return results;
}

/** `round 2: 3 of 5 runs settled; next reading 2026-11-22 20:49 UTC, in 58 min`. */
function roundText({ round, results, settled, nextRoundAt }: WatchRound): string {
  const next = nextRoundAt === null ? 'all done' : `next reading ${whenText(nextRoundAt, new Date())}`;
  return `round ${round}: ${settled} of ${pluralize(results.length, 'run')} settled; ${next}`;
}

async function list(choice: RunSelection & { minAgeMinutes?: number; maxAgeHours?: number }, options: Options): Promise<number> {
  const all = options.verbose === true;
  const runs = await listReconciliations({ ...choice, all });
  if (options.json === true) {
    await print(resultsDocument(runs));
    return ExitCode.ok;
  }
  const saying = sayingOf(choice.runsDir, runs.length === 1);
  if (runs.length === 0) await print(await nothingToDo(choice, 'There is nothing to reconcile'));
  else if (!all) await print(...waitingLines(runs, saying));
  else {
    const { runs: listed } = await listRuns(choice.runsDir);
    await print(...overviewLines(runs, new Map(listed.map(({ entry }) => [entry.path, entry])), saying));
  }
  return ExitCode.ok;
}

/** Why, so that a wrong directory is not taken for work that is done. */
async function nothingToDo(choice: RunSelection, sentence: string): Promise<string> {
  const where = choice.framework === undefined ? shownPath(choice.runsDir) : `${shownPath(choice.runsDir)}/${choice.framework}`;
  const all = await listReconciliations({ runsDir: choice.runsDir, framework: choice.framework, all: true });
  if (all.length === 0) return `${sentence}: there are no runs in ${where}.`;
  return `${sentence}. ${all.length === 1 ? 'The only run' : `The ${all.length} runs`} in ${where}: ${stateCounts(all)}.`;
}
