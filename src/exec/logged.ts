/** Runs a program and records it: its start, every line of its output, its end and what it used. */
import { pluralize } from '../format/index.ts';
import { captureScope, runRedactor, type Logger } from '../log/index.ts';
import { toSeconds, type EventMetadata } from '../schema/index.ts';
import { createEscapeFilter } from './escapes.ts';
import type { OutputLine, Program, ProgramOptions, ProgramOutcome, ProgramResult, TextFilter } from './program.ts';
import { startProgram } from './start.ts';

export interface LoggedProgramOptions extends Omit<ProgramOptions, 'filters'> {
  /**
   * Makes a redactor of one stream; default: that of the run in whose scope the call is made. It sees the text before it is divided into lines, so that a secret is found also where the
   * border of a chunk or of a record's part, or an end of line in a key block, goes through it.
   */
  readonly redact?: () => TextFilter;
}

/** An argument longer than this is shortened in `process_start`: a prompt is recorded elsewhere in full. */
const MAX_ARGUMENT_LENGTH = 1000;

/** Like `runProgram`, with the records `process_start`, `process_output` and `process_end` in `log`. */
export function runLogged(options: LoggedProgramOptions, log: Logger): Promise<ProgramResult> {
  return startLogged(options, log).done;
}

/** Like `startProgram`, recorded. */
export function startLogged(options: LoggedProgramOptions, log: Logger): Program {
  const redact = options.redact ?? (() => runRedactor().stream());
  // Output arrives on events of sockets: what is recorded then belongs to the step that started the program.
  const inScope = captureScope();
  let pid: number | null = null;
  const program = startProgram({
    ...options,
    filters: () => [createEscapeFilter(), redact()],
    onLine(line) {
      inScope(() => log.info(line.text, { event: 'process_output', metadata: outputMetadata(line, pid) }));
      options.onLine?.(line);
    },
  });
  pid = program.pid;
  if (pid !== null) {
    const metadata = {
      command: options.command.map((argument) => truncateArgument(argument, redact())),
      cwd: options.cwd,
      pid,
    } satisfies EventMetadata<'process_start'>;
    log.info(`Started ${options.command[0]}`, { event: 'process_start', metadata });
  }
  const done = program.done.then((result) => {
    inScope(() => recordEnd(result, options, log));
    return result;
  });
  return {
    pid,
    done,
    async stop() {
      await program.stop();
      return done;
    },
  };
}

function outputMetadata({ stream, part, lastPart }: OutputLine, pid: number | null): EventMetadata<'process_output'> {
  return {
    stream,
    ...(pid === null ? {} : { pid }),
    ...(part === undefined ? {} : { part }),
    ...(lastPart === undefined ? {} : { last_part: lastPart }),
  };
}

function recordEnd(result: ProgramResult, { command }: LoggedProgramOptions, log: Logger): void {
  const { outcome } = result;
  // A requested end needs no warning; the caller records the reason.
  const requested = outcome.status === 'canceled';
  if (result.killed.length > 0) {
    log[requested ? 'info' : 'warn'](`Ended ${pluralize(result.killed.length, 'process', 'processes')} of ${command[0]}`, {
      metadata: { killed: result.killed },
    });
  }
  if (result.survivors.length > 0) {
    log.error(`Could not end ${pluralize(result.survivors.length, 'process', 'processes')} of ${command[0]}`, {
      metadata: { survivors: result.survivors },
    });
  }
  const metadata = {
    pid: result.pid,
    exit_code: result.exitCode,
    signal: result.signal,
    duration_seconds: toSeconds(result.durationMs),
    user_cpu_seconds: result.userCpuSeconds,
    system_cpu_seconds: result.systemCpuSeconds,
    max_rss_bytes: result.maxRssBytes,
    stdout_bytes: result.stdoutBytes,
    stderr_bytes: result.stderrBytes,
    stdout_lines: result.stdoutLines,
    stderr_lines: result.stderrLines,
  } satisfies EventMetadata<'process_end'>;
  const level = requested || (outcome.status === 'exited' && outcome.exitCode === 0) ? 'info' : 'warn';
  const error = outcome.status === 'spawn_failed' ? { error: outcome.error } : {};
  log[level](`${command[0]}: ${describeOutcome(outcome)}`, { event: 'process_end', metadata, ...error });
}

/** One line for people: `exit code 3`, `ended by SIGSEGV`. */
export function describeOutcome(outcome: ProgramOutcome): string {
  switch (outcome.status) {
    case 'exited':
      return `exit code ${outcome.exitCode}`;
    case 'signaled':
      return `ended by ${outcome.signal}`;
    case 'timed_out':
      return `ended after its time limit of ${outcome.afterMs / 1000} s`;
    case 'canceled':
      return 'ended on request';
    case 'spawn_failed':
      return outcome.error.message;
    default:
      return outcome satisfies never;
  }
}

/** Redacted before it is cut: half a secret would no longer be recognized. */
function truncateArgument(argument: string, redactor: TextFilter): string {
  const text = redactor.push(argument) + redactor.end();
  return text.length <= MAX_ARGUMENT_LENGTH ? text : `${text.slice(0, MAX_ARGUMENT_LENGTH / 2)}… (${argument.length} characters)`;
}
