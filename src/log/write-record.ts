/** Takes one record from the log call to its file. */
import { messageOf } from '../errors/index.ts';
import type { LogRecord } from '../schema/index.ts';
import { collectSecrets, createRedactor, type SecretRedactor } from '../secrets/index.ts';
import type { FileNotices } from '../store/index.ts';
import { formatRecord } from '../terminal/record.ts';
import { escapeInJson } from '../terminal/sanitize.ts';
import { paintFor } from '../terminal/style.ts';
import { globalState } from './global-state.ts';
import { serializeError, toJsonValue } from './json-value.ts';
import { LineWriter } from './line.ts';
import type { RecordContent, LoggerIdentity, RunState, Scope } from './scope.ts';
import { printNotice, writeStderr } from './stderr.ts';
import { lineTail, lineTemplate, loggerCacheOf, setTimestamp, templateOf, type LoggerCache } from './template.ts';

const WARN = 2;
const ERROR = 3;

const unchanged = (text: string): string => text;
export const shared = globalState(createFileNotices);
const line = new LineWriter(processRedactor());
let lineInUse = false;

/** The scope of the call: the async one, otherwise the imperative one. */
export function activeScope(): Scope | undefined {
  return shared.scopes.getStore() ?? shared.ambient;
}

/** Knows the environment's secrets: for what is logged outside of any run. */
export function processRedactor(): SecretRedactor {
  return (shared.redactor ??= createRedactor({ values: collectSecrets(process.env) }));
}

/** Records in the scope of the call. Never throws. */
export function writeRecord(
  origin: LoggerIdentity,
  level: number,
  event: string,
  message: string,
  metadata: unknown,
  error: unknown,
): void {
  try {
    const scope = activeScope();
    if (scope === undefined) writeWithoutRun(origin, level, shared.clock.read(), { event, message, metadata, error });
    else if (scope.run === null) keepPending(scope, origin, level, { event, message, metadata, error });
    else writeInRun(scope, scope.run, origin, level, shared.clock.read(), event, message, metadata, error);
  } catch (thrown) {
    printNotice(`a record of ${origin.module} was lost: ${messageOf(thrown)}`);
  }
}

/** Records as of the time `ms`. */
export function writeInRun(
  scope: Scope,
  run: RunState,
  origin: LoggerIdentity,
  level: number,
  ms: number,
  event: string,
  message: string,
  metadata: unknown,
  error: unknown,
): void {
  const cache = scope.loggers[origin.id] ?? newLoggerCache(scope, run, origin);
  const { file } = cache;
  shared.handler.ready(run, file);
  const template = templateOf(cache, level, event, run.redactor);
  setTimestamp(template, ms, shared.clock);
  run.seq += 1;
  // A getter or toJSON among the metadata may log itself, while the shared buffer holds half a line.
  const nested = lineInUse;
  const writer = nested ? new LineWriter(run.redactor) : line;
  lineInUse = true;
  try {
    const length = writer.write(template, cache.tail, run.seq, scope.ended, run.redactor, message, metadata, error);
    shared.handler.append(file, writer.bytes, length, cache.buffered && level < ERROR);
    if (level >= run.consoleLevel) writeToConsole(writer.bytes.toString('utf8', 0, length), false);
  } finally {
    lineInUse = nested;
  }
  if (scope.ended) shared.handler.closeFile(file);
}

function newLoggerCache(scope: Scope, run: RunState, { id, module, component }: LoggerIdentity): LoggerCache {
  const { runId, framework, redactor } = run;
  const fields = { module: redactor.redact(module), component: redactor.redact(component), runId, framework, step: scope.step };
  const file = shared.handler.route(run, scope, component);
  return (scope.loggers[id] = loggerCacheOf(file, run.buffered.has(component), fields, scope.attempt, run.writer));
}

/** Records `content` where no run is: on stderr. */
export function writeWithoutRun({ module, component }: LoggerIdentity, level: number, ms: number, content: RecordContent): void {
  const redactor = processRedactor();
  const names = { module: redactor.redact(module), component: redactor.redact(component) };
  const { event, message, metadata, error } = content;
  const template = lineTemplate(level, { ...names, runId: null, framework: null, step: null }, event, redactor);
  setTimestamp(template, ms, shared.clock);
  const writer = new LineWriter(redactor);
  writeToConsole(
    writer.bytes.toString('utf8', 0, writer.write(template, null, 0, false, redactor, message, metadata, error)),
    true,
  );
}

/**
 * As JSON for programs, for people on a terminal.
 *
 * @param details for a record that is in no file
 */
function writeToConsole(line: string, details: boolean): void {
  if (!process.stderr.isTTY) writeStderr(`${escapeInJson(line.trimEnd())}\n`);
  else writeStderr(`${formatRecord(JSON.parse(line) as LogRecord, { paint: paintFor(process.stderr), details })}\n`);
}

function keepPending(scope: Scope, origin: LoggerIdentity, level: number, content: RecordContent): void {
  const ms = shared.clock.read();
  const { event, message } = content;
  const error = content.error === undefined ? undefined : serializeError(content.error);
  // The caller's objects may change before the run begins.
  const kept = { event, message, metadata: toJsonValue(content.metadata, unchanged), error };
  const held = !scope.ended && (scope.pending?.add({ level, ms, origin, content: kept }) ?? false);
  if (!held) writeWithoutRun(origin, level, ms, kept);
}

/** The records that the log core writes into a file about the file. */
function createFileNotices(scope: Scope, component: string, file: string): FileNotices {
  const write = (event: string, message: string, metadata: Record<string, unknown>): Uint8Array => {
    const run = scope.run as RunState;
    const { runId, framework, redactor, writer: id } = run;
    const fields = { module: 'log', component: redactor.redact(component), runId, framework, step: scope.step };
    const template = lineTemplate(WARN, fields, event, redactor);
    setTimestamp(template, shared.clock.read(), shared.clock);
    run.seq += 1;
    const writer = new LineWriter(redactor);
    const tail = lineTail(scope.attempt, id);
    return writer.bytes.subarray(0, writer.write(template, tail, run.seq, false, redactor, message, metadata, undefined));
  };
  return {
    recovered: (tornBytes) =>
      write('log.recovered', `A writer ended in the middle of a line: ${tornBytes} bytes before this line are a fragment`, {
        file,
        torn_bytes: tornBytes,
      }),
    dropped: ({ count, bytes, reason }) =>
      write('log.dropped', `${count} records (${bytes} bytes) were lost while the disk took none: ${reason}`, {
        count,
        bytes,
        reason,
      }),
  };
}
