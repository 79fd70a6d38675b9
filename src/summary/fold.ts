/** The fold: records in, one summary out. A running, failed or crashed run folds like a finished one. */
import type { RunSummary } from '../schema.ts';
import { LOGS_DIR, readRecords, SeqCoverage, type ReadItem, type RunSource } from '../store.ts';
import { HANDLERS } from './handlers.ts';
import { addOutput } from './output.ts';
import { addProblem } from './problems.ts';
import { emptyState, stepOf, type FoldState } from './state.ts';
import { finish, type FileSizes } from './finish.ts';

const DAMAGED_KEPT = 5;

/** Takes one line into the state and returns it. The state is changed in place: it is the fold's own. */
function foldItem(state: FoldState, item: ReadItem): FoldState {
  if (!('record' in item)) {
    const { file, line, bytes, reason } = item.damaged;
    const lines = fileOf(state, file);
    lines.lines += 1;
    lines.damaged += 1;
    state.damaged.count += 1;
    state.damaged.bytes += bytes;
    if (state.damaged.first.length < DAMAGED_KEPT) state.damaged.first.push({ file, line, bytes, reason });
    return state;
  }
  const { record, file, line } = item;
  fileOf(state, file).lines += 1;
  state.runId ??= record.run_id;
  state.framework ??= record.framework;
  if (state.lastRecordAt === null || record.timestamp > state.lastRecordAt) state.lastRecordAt = record.timestamp;
  if (record.late === true) state.lateRecords += 1;
  if (record.truncated !== undefined) state.truncatedRecords += 1;
  if (record.writer !== undefined && record.seq !== undefined) countSeq(state, record.writer, record.seq);

  if (record.step !== null) stepOf(state, record.step).records += 1;

  // The bulk of most logs, and the framework's own words: no problem of the run, whatever their level.
  if (record.event === 'process_output') {
    addOutput(state.output, record.step, record.attempt, record.message, record.metadata['part']);
    return state;
  }
  if (record.event === 'framework_event') return state;
  if (record.level === 'error' || record.level === 'fatal') {
    addProblem(state.errors, record, file, line);
    if (record.step !== null) stepOf(state, record.step).errors += 1;
  } else if (record.level === 'warn') {
    addProblem(state.warnings, record, file, line);
    if (record.step !== null) stepOf(state, record.step).warnings += 1;
  }
  HANDLERS.get(record.event)?.(state, item);
  return state;
}

/** Folds lines as they come. Order matters only for what is called first and last. */
export async function foldRecords(
  items: AsyncIterable<ReadItem> | Iterable<ReadItem>,
  sizes: FileSizes = new Map(),
): Promise<RunSummary> {
  const state = emptyState();
  for await (const item of items) foldItem(state, item);
  return finish(state, sizes);
}

/**
 * Folds a run, from its directory or from inside its archive: the same logs give the same summary.
 *
 * @example await using source = await openRunDirectory(dir); const summary = await foldRun(source);
 */
export async function foldRun(source: RunSource): Promise<RunSummary> {
  const sizes = new Map((await source.files(LOGS_DIR)).map((file) => [file.path, file.bytes]));
  return await foldRecords(readRecords(source), sizes);
}

function fileOf(state: FoldState, file: string): { lines: number; damaged: number } {
  let found = state.files.get(file);
  if (found === undefined) {
    found = { lines: 0, damaged: 0 };
    state.files.set(file, found);
  }
  return found;
}

function countSeq(state: FoldState, writer: string, seq: number): void {
  let coverage = state.writers.get(writer);
  if (coverage === undefined) {
    coverage = new SeqCoverage();
    state.writers.set(writer, coverage);
  }
  coverage.add(seq);
}
