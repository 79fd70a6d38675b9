/** `stepwell logs`: the records of a run, merged, filtered, live if asked. */
import { findRun, openRun, type FoundRun } from '../../catalog/index.ts';
import { ExitCode, messageOf } from '../../errors/index.ts';
import {
  COMPONENTS,
  isInRanges,
  LEVELS,
  parseStepRanges,
  type Level,
  type LogRecord,
  type StepRange,
} from '../../schema/index.ts';
import { followRecords, readRecords, type DamagedLine, type ReadItem } from '../../store/index.ts';
import { formatRecord, paintFor, plain, sanitizeJson } from '../../terminal/index.ts';
import { formatCount } from '../../format/index.ts';
import { note, write } from '../output.ts';
import { runsDirOf, type CommonOptions } from '../runs-dir.ts';
import { cliError } from '../errors.ts';

interface LogsOptions extends CommonOptions {
  readonly follow?: boolean;
  readonly step?: string;
  readonly component?: string;
  readonly level?: Level;
  readonly grep?: string;
  readonly json?: boolean;
}

/** Lines of a finished run are printed in pieces of about this size. */
const PIECE = 64 * 1024;

export async function run([name = '']: readonly string[], options: LogsOptions): Promise<number> {
  const wanted = filterOf(options);
  const found = await findRun(runsDirOf(options), name);
  const paint = options.json === true ? plain : paintFor(process.stdout);
  const shown = (record: LogRecord): string =>
    `${options.json === true ? sanitizeJson(record) : formatRecord(record, { paint })}\n`;
  const live = found.kind === 'directory' && (found.state === 'live' || found.state === 'elsewhere');

  if (options.follow === true && found.kind === 'directory' && live) {
    for await (const item of followRecords(found.dir)) {
      if (!('record' in item)) noteDamage(item.damaged);
      else if (wanted(item.record)) await write(shown(item.record));
    }
    return ExitCode.ok;
  }
  const seen = { records: 0, matching: 0, components: new Set<string>(COMPONENTS) };
  let piece = '';
  for await (const item of itemsOf(found)) {
    if (!('record' in item)) {
      // The last line of a live run is only just being written.
      if (!(live && item.damaged.torn)) noteDamage(item.damaged);
      continue;
    }
    seen.records += 1;
    seen.components.add(item.record.component);
    if (!wanted(item.record)) continue;
    seen.matching += 1;
    piece += shown(item.record);
    if (piece.length < PIECE) continue;
    await write(piece);
    piece = '';
  }
  await write(piece);
  for (const value of componentsOf(options) ?? []) {
    if (!seen.components.has(value)) throw cliError('UNKNOWN_NAME', { kind: 'component', value, known: [...seen.components] });
  }
  if (seen.matching === 0) note(`No record matches (${formatCount(seen.records)} read).`);
  return ExitCode.ok;
}

async function* itemsOf(found: FoundRun): AsyncGenerator<ReadItem> {
  // Also what was logged after sealing: a person looks for everything.
  await using source = await openRun(found, { sealed: null });
  yield* readRecords(source);
}

function noteDamage({ file, line, bytes, reason }: DamagedLine): void {
  note(`warning: ${file}:${line}: damaged line of ${bytes} bytes: ${reason}`);
}

function componentsOf({ component }: LogsOptions): string[] | null {
  return component === undefined ? null : component.split(',').map((name) => name.trim());
}

/** @throws INVALID_OPTION */
function rangesOf(text: string): readonly StepRange[] {
  const parsed = parseStepRanges(text);
  if ('ranges' in parsed) return parsed.ranges;
  throw cliError('INVALID_OPTION', {
    option: '--step',
    value: text,
    reason: 'which is not a list of steps',
    fix: 'Give step numbers and ranges, such as 3 or 1,3-5.',
  });
}

/** @throws INVALID_OPTION */
function filterOf(options: LogsOptions): (record: LogRecord) => boolean {
  const tests: ((record: LogRecord) => boolean)[] = [];
  const { step, level, grep } = options;
  const components = componentsOf(options);
  if (step !== undefined) {
    const ranges = rangesOf(step);
    tests.push(({ step }) => step !== null && isInRanges(step, ranges));
  }
  if (components !== null) tests.push((record) => components.includes(record.component));
  if (level !== undefined) {
    const least = LEVELS.indexOf(level);
    tests.push((record) => LEVELS.indexOf(record.level) >= least);
  }
  if (grep !== undefined) {
    const pattern = patternOf(grep);
    tests.push((record) => pattern.test(searchableText(record)));
  }
  return (record) => tests.every((test) => test(record));
}

function patternOf(text: string): RegExp {
  try {
    return new RegExp(text, 'm');
  } catch (error) {
    const reason = `which is not a valid regular expression: ${messageOf(error).replace(/^.*\/: /, '')}`;
    throw cliError('INVALID_OPTION', {
      option: '--grep',
      value: text,
      reason,
      fix: 'Escape ( ) [ ] { } . * + ? ^ $ | with a backslash to match them literally.',
    });
  }
}

/** What `--grep` looks at: event, message, metadata and error. */
function searchableText(record: LogRecord): string {
  const error = record.error === undefined ? '' : `\n${record.error.type}: ${record.error.message}\n${record.error.stack ?? ''}`;
  return `${record.event}: ${record.message}\n${JSON.stringify(record.metadata)}${error}`;
}
