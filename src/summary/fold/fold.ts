/** The fold: records in, one summary out. A running, failed or crashed run folds like a finished one. */
import type { EventMetadata, RunStatus, RunSummary, StepSummary } from '../../schema/index.ts';
import { LOGS_DIR, readRecords, SeqCoverage, type ReadItem, type RecordItem, type RunSource } from '../../store/index.ts';
import { getOrCreate } from './entry.ts';
import { HANDLERS } from './handlers.ts';
import { addOutput } from './output.ts';
import { addProblem } from './problems.ts';
import { FoldState, stepOf, type RecordedCall } from './state.ts';
import { isOver, buildSummary, statusOf, usageApiOf, type FileSizes } from './snapshot.ts';
import { stepSummaryOf } from './steps.ts';

const DAMAGED_KEPT = 5;

/** Adds one line to the state in place. The state belongs to this fold alone. */
function foldItem(state: FoldState, item: ReadItem): void {
  if (!('record' in item)) {
    const { file, line, bytes, reason } = item.damaged;
    const lines = fileOf(state, file);
    lines.lines += 1;
    lines.damaged += 1;
    state.damaged.count += 1;
    state.damaged.bytes += bytes;
    if (state.damaged.first.length < DAMAGED_KEPT) state.damaged.first.push({ file, line, bytes, reason });
    return;
  }
  foldRecord(state, item);
}

function foldRecord(state: FoldState, item: RecordItem): void {
  const { record, file, line } = item;
  fileOf(state, file).lines += 1;
  state.runId ??= record.run_id;
  state.framework ??= record.framework;
  state.lastRecordAt = later(state.lastRecordAt, record.timestamp);
  if (state.recovered === null && record.event !== 'run_recovered')
    state.lastOwnRecordAt = later(state.lastOwnRecordAt, record.timestamp);
  if (record.late === true) state.lateRecords += 1;
  if (record.truncated !== undefined) state.truncatedRecords += 1;
  if (record.writer !== undefined && record.seq !== undefined)
    getOrCreate(state.writers, record.writer, () => new SeqCoverage()).add(record.seq);

  if (record.step !== null) stepOf(state, record.step).records += 1;

  // Output of the framework, most of the lines: never a problem of the run, whatever its level.
  if (record.event === 'process_output') {
    addOutput(state.output, record.step, record.attempt, record.message, record.metadata['part']);
    return;
  }
  if (record.event === 'framework_event') return;
  if (record.level === 'error' || record.level === 'fatal') {
    addProblem(state.errors, record, file, line);
    if (record.step !== null) stepOf(state, record.step).errors += 1;
  } else if (record.level === 'warn') {
    addProblem(state.warnings, record, file, line);
    if (record.step !== null) stepOf(state, record.step).warnings += 1;
  }
  HANDLERS.get(record.event)?.(state, item);
}

/** A run that is being folded, line by line. */
export interface RunFold {
  /** Adds the next line. Order only matters for fields that hold a first or last value. */
  push(item: ReadItem): void;
  /**
   * The summary of the lines so far. Pure: it can be called at any time, and a returned summary does not change when more
   * lines are added. A millisecond or two for a run of hundreds of steps.
   */
  snapshot(): RunSummary;
  /** Only the status of the run; cheap. */
  status(): RunStatus;
  /** One step of the snapshot, without computing the others; null where the step is neither planned nor recorded. */
  step(step: number): StepSummary | null;
  /** Facts from the lines so far that the summary does not contain; only some readers need them. */
  details(): RunDetails;
}

/** What {@link RunFold.details} returns. */
export interface RunDetails {
  /** The provider whose figures the run can be compared with; null if the run is not billed, `unrecorded` before format 1.1. */
  readonly usageApi: EventMetadata<'run_start'>['usage_api'] | 'unrecorded';
  /** Last record of the run's own process, as ISO 8601; null before the first. Records of a recovery may be days later. */
  readonly lastOwnRecordAt: string | null;
  /** In order of their start. */
  readonly openCalls: readonly RecordedCall[];
  /** When the next attempt at a step begins, in Unix milliseconds; only for steps that wait for one. */
  readonly retryAt: ReadonlyMap<number, number>;
  /** Steps being validated. */
  readonly validating: ReadonlySet<number>;
}

/** What {@link createRunFold} may be given. */
export interface FoldOptions {
  /** Bytes of each log file, by its path in the run directory; without them the summary's files have no sizes. */
  readonly sizes?: FileSizes;
  /** Called with each call of the ledger at its end; calls without an end are in {@link RunDetails}. */
  readonly onCallEnd?: (call: RecordedCall) => void;
}

/**
 * Folds a run line by line, whether it is finished or still running.
 *
 * @example const fold = createRunFold(); for await (const item of readRecords(source)) fold.push(item); fold.snapshot().usage;
 */
export function createRunFold({ sizes = new Map(), onCallEnd }: FoldOptions = {}): RunFold {
  const state = new FoldState(onCallEnd);
  return {
    push: (item) => foldItem(state, item),
    snapshot: () => buildSummary(state, sizes),
    status: () => statusOf(state),
    step: (step) => stepSummaryOf(state, step, statusOf(state)),
    details: () => runDetails(state),
  };
}

function runDetails(state: FoldState): RunDetails {
  // A run that has ended has nothing pending, even if it was interrupted.
  const steps = isOver(state) ? [] : [...state.steps.values()];
  return {
    usageApi: usageApiOf(state),
    lastOwnRecordAt: state.lastOwnRecordAt,
    openCalls: [...state.openCalls.values()],
    retryAt: new Map(steps.flatMap(({ step, retryAt }) => (retryAt === null ? [] : [[step, retryAt] as const]))),
    validating: new Set(steps.filter(({ validating }) => validating).map(({ step }) => step)),
  };
}

/** Folds all lines and returns the summary. */
export async function foldRecords(
  items: AsyncIterable<ReadItem> | Iterable<ReadItem>,
  sizes: FileSizes = new Map(),
): Promise<RunSummary> {
  const fold = createRunFold({ sizes });
  for await (const item of items) fold.push(item);
  return fold.snapshot();
}

/**
 * Folds a run, from its directory or from inside its archive: the same logs give the same summary. What is damaged in the logs is
 * counted in the summary and does not throw.
 *
 * @throws StepwellError with RUN_UNREADABLE, or ARCHIVE_DAMAGED where an archive does not hold what it should
 * @example await using source = await openRunDirectory(dir); const summary = await foldRun(source);
 */
export async function foldRun(source: RunSource): Promise<RunSummary> {
  const sizes = new Map((await source.files(LOGS_DIR)).map((file) => [file.path, file.bytes]));
  return await foldRecords(readRecords(source), sizes);
}

function later(known: string | null, timestamp: string): string {
  return known === null || timestamp > known ? timestamp : known;
}

function fileOf({ files }: FoldState, file: string): { lines: number; damaged: number } {
  return getOrCreate(files, file, () => ({ lines: 0, damaged: 0 }));
}
