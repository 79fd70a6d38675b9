/** What a program is given and what is measured of it. */
import type { StepwellError } from '../errors/index.ts';

export type OutputStream = 'stdout' | 'stderr';

/** One line of output without its end of line, or one part of a line that is too long for a record. */
export interface OutputLine {
  readonly stream: OutputStream;
  readonly text: string;
  /** From 1; absent when the line is whole. */
  readonly part?: number;
  readonly lastPart?: boolean;
}

export interface ProgramOptions {
  /** Program and arguments; never passed through a shell. A name without `/` is looked up on the PATH of `env`. */
  readonly command: readonly [string, ...string[]];
  readonly cwd: string;
  /** The complete environment; nothing is inherited. `processTag` is added as STEPWELL_MARK. */
  readonly env: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed. Without it stdin is empty. */
  readonly stdin?: string;
  readonly timeoutMs?: number;
  /** Between SIGTERM and SIGKILL, when something has to be ended. */
  readonly graceMs: number;
  readonly signal?: AbortSignal;
  /**
   * `<run_id>:<random>`. When the program has ended, everything that still carries the process tag is ended too: two programs
   * that run at the same time need two process tags.
   */
  readonly processTag: string;
  /** Called for each line in order, while the stream is held: what it costs slows the program down, not the memory up. */
  readonly onLine?: (line: OutputLine) => void;
  /** Applied in order to the decoded text of one stream, before it is split into lines. */
  readonly filters?: () => readonly TextFilter[];
}

/** Why it ended. `canceled`: by the abort signal or `stop()`. */
export type ProgramOutcome =
  | { readonly status: 'exited'; readonly exitCode: number }
  | { readonly status: 'signaled'; readonly signal: NodeJS.Signals }
  | { readonly status: 'timed_out'; readonly afterMs: number }
  | { readonly status: 'canceled' }
  | { readonly status: 'spawn_failed'; readonly error: StepwellError };

export interface ProgramResult {
  readonly outcome: ProgramOutcome;
  /** Null when nothing was started. */
  readonly pid: number | null;
  /** How the program itself ended, also when that was asked for; both null when it did not start, or would not end. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly durationMs: number;
  /** Of the program and the children it waited for; null when it could not be told apart from another program's. */
  readonly userCpuSeconds: number | null;
  readonly systemCpuSeconds: number | null;
  /** The largest resident set of one process of the tree, sampled: a lower bound. Null when it ended before the first sample. */
  readonly maxRssBytes: number | null;
  /** As read, before decoding. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
  readonly stdoutLines: number;
  readonly stderrLines: number;
  /** Processes that had to be ended, by pid, whether at a time limit or left behind after a normal end. */
  readonly killed: readonly number[];
  /** Processes of the tree that were still there after SIGKILL. */
  readonly survivors: readonly number[];
}

export interface Program {
  /** Null when it could not be started; `done` then says why. */
  readonly pid: number | null;
  /** Never rejects. */
  readonly done: Promise<ProgramResult>;
  /** Ends the whole tree: SIGTERM, then SIGKILL after the grace. */
  stop(): Promise<ProgramResult>;
}

/** Changes a text that arrives in chunks; may hold back an end until it is clear what it is. */
export interface TextFilter {
  push(chunk: string): string;
  /** What was held back. */
  end(): string;
}
