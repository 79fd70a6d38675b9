/**
 * The file to which a framework appends its own events. It is read through the descriptor with which it was made, while the
 * attempt runs: whatever else is put in its place, a link or a pipe, is never opened.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors/index.ts';
import { captureScope, getLogger } from '../log/index.ts';
import { FrameworkEvent, type EventMetadata } from '../schema/index.ts';
import { ifErrno, LineSplitter, type RawLine, EVENTS_DIR } from '../store/index.ts';

const log = getLogger('run/event-file', { component: 'adapter' });

const POLL_MS = 100;
const CHUNK_BYTES = 64 * 1024;
/** Refused lines that are recorded one by one; all are counted. */
const MAX_REFUSALS_RECORDED = 20;

/** Longer lines are refused; with what escaping adds, a record still holds the rest. */
const MAX_EVENT_BYTES = 64 * 1024;
/** Characters of a refused line that are kept. */
const MAX_TEXT_LENGTH = 1000;

export const EVENTS_VARIABLE = 'STEPWELL_EVENTS';

/** What is taken of one file; what comes after is not read. */
export interface EventLimits {
  readonly bytes: number;
  readonly lines: number;
}

const LIMITS: EventLimits = { bytes: 16 * 1024 * 1024, lines: 100_000 };

type Problem = EventMetadata<'framework_events_problem'>['problem'];

/**
 * Makes the file and follows it; its lines are recorded in the scope of this call. The name cannot be guessed, so that
 * nothing can exist there already.
 *
 * @param purpose `prepare` or `step_001_attempt_1`
 */
export async function openEventFile(runDir: string, purpose: string, limits: EventLimits = LIMITS): Promise<EventFile> {
  const directory = join(runDir, EVENTS_DIR);
  await mkdir(directory, { recursive: true });
  const path = join(directory, `${purpose}-${randomBytes(6).toString('hex')}.jsonl`);
  const { O_RDONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
  const handle = await open(path, O_RDONLY | O_CREAT | O_EXCL | (O_NOFOLLOW ?? 0), 0o600);
  return new EventFile(path, handle, { limits });
}

export type EventPurpose = { readonly step: number; readonly attempt: number } | { readonly step: null };

/** What such a file is for, by its name; null for a name that is none. */
export function parseEventFileName(name: string): EventPurpose | null {
  const [whole, step, attempt] = /^(?:prepare|step_(\d+)_attempt_(\d+))-[0-9a-f]{12}\.jsonl$/.exec(name) ?? [];
  if (whole === undefined) return null;
  return step === undefined ? { step: null } : { step: Number(step), attempt: Number(attempt) };
}

export class EventFile implements AsyncDisposable {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #limits: EventLimits;
  /** Lines up to this one were recorded before. */
  readonly #recorded: number;
  readonly #inScope = captureScope();
  #lines = new LineSplitter(MAX_EVENT_BYTES);
  /** Where the next read begins. */
  #offset = 0;
  #bytes = 0;
  #lineCount = 0;
  #events = 0;
  #refused = 0;
  /** `#lineCount` when the last `framework_events_end` was recorded. */
  #endRecordedAt = 0;
  readonly #problems = new Set<Problem>();
  #following = true;
  #timer: NodeJS.Timeout | null = null;
  #work: Promise<void> = Promise.resolve();

  constructor(
    path: string,
    handle: FileHandle,
    { limits = LIMITS, recorded = 0 }: { limits?: EventLimits; recorded?: number } = {},
  ) {
    this.path = path;
    this.#handle = handle;
    this.#limits = limits;
    this.#recorded = recorded;
    this.#schedule();
  }

  /** Reads the rest and stops following. Call it when the writing processes have ended. Never throws. */
  async finish(): Promise<void> {
    this.#following = false;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#read();
    this.#inScope(() => {
      const rest = this.#lines.end();
      if (rest !== null) this.#recordLine(rest);
      this.#recordEnd();
    });
  }

  /** Reads what was written after `finish`, recorded as late, and closes the file. Never throws. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.finish();
    await this.#handle.close().catch(() => {});
  }

  #schedule(): void {
    this.#timer = setTimeout(() => void this.#follow(), POLL_MS);
    this.#timer.unref();
  }

  async #follow(): Promise<void> {
    await this.#read();
    if (this.#following) this.#schedule();
  }

  #read(): Promise<void> {
    this.#work = this.#work
      .then(() => this.#readNew())
      .catch((error: unknown) =>
        this.#reportProblem('unreadable', null, `The file of the framework's events cannot be read`, error),
      );
    return this.#work;
  }

  /** Reads up to the size at the start: a file that keeps growing must not block this read. */
  async #readNew(): Promise<void> {
    const { size, dev, ino } = await this.#handle.stat();
    if (size < this.#offset) {
      this.#reportProblem('truncated', size, 'The framework cut its file of events: lines may be missing, or recorded twice');
      this.#offset = 0;
      this.#lines = new LineSplitter(MAX_EVENT_BYTES);
    }
    while (this.#offset < size && this.#isWithinLimits(size)) {
      const wanted = Math.min(CHUNK_BYTES, size - this.#offset, this.#limits.bytes - this.#bytes);
      const { bytesRead, buffer } = await this.#handle.read(Buffer.allocUnsafe(wanted), 0, wanted, this.#offset);
      if (bytesRead === 0) break;
      this.#offset += bytesRead;
      this.#bytes += bytesRead;
      const lines = this.#lines.push(buffer.subarray(0, bytesRead));
      this.#inScope(() => lines.forEach((line) => this.#recordLine(line)));
    }
    const now = await lstat(this.path).catch(ifErrno('ENOENT', null));
    if (now === null)
      this.#reportProblem('removed', size, 'The framework removed its file of events: what is written to a new one is not read');
    else if (now.dev !== dev || now.ino !== ino) {
      this.#reportProblem('replaced', size, 'The framework replaced its file of events: the new one is not read');
    }
  }

  #isWithinLimits(size: number): boolean {
    if (this.#bytes >= this.#limits.bytes) {
      this.#reportProblem(
        'too_large',
        size,
        `The framework's file of events is longer than ${this.#limits.bytes} bytes: the rest is not read`,
      );
      return false;
    }
    return !this.#isFull();
  }

  /** Whether the next line would exceed the limit; records that once. */
  #isFull(): boolean {
    if (this.#lineCount < this.#limits.lines) return false;
    this.#reportProblem(
      'too_many_lines',
      null,
      `The framework wrote more than ${this.#limits.lines} events: the rest is not read`,
    );
    return true;
  }

  #recordLine(line: RawLine): void {
    if (line.number <= this.#recorded || this.#isFull()) return;
    const parsed = readEventLine(line);
    switch (parsed.kind) {
      case 'blank':
        return;
      case 'event': {
        this.#lineCount += 1;
        this.#events += 1;
        const { event: name, message, level, timestamp = null, metadata: data } = parsed.event;
        const metadata = { name, at: timestamp, data, line: line.number } satisfies EventMetadata<'framework_event'>;
        log[level](message, { event: 'framework_event', metadata });
        return;
      }
      case 'refused':
        this.#lineCount += 1;
        this.#refused += 1;
        if (this.#refused > MAX_REFUSALS_RECORDED) return;
        log.warn(`Line ${parsed.refusal.line} of the framework's events is refused: ${parsed.refusal.detail}`, {
          event: 'framework_event_refused',
          metadata: parsed.refusal satisfies EventMetadata<'framework_event_refused'>,
        });
        return;
      default:
        parsed satisfies never;
    }
  }

  /** Records each kind of problem once. */
  #reportProblem(problem: Problem, file_bytes: number | null, message: string, error?: unknown): void {
    if (this.#problems.has(problem)) return;
    this.#problems.add(problem);
    const metadata = { problem, read_bytes: this.#bytes, file_bytes } satisfies EventMetadata<'framework_events_problem'>;
    const thrown = error === undefined ? {} : { error };
    this.#inScope(() => log.warn(message, { event: 'framework_events_problem', metadata, ...thrown }));
  }

  #recordEnd(): void {
    if (this.#lineCount === this.#endRecordedAt) return;
    this.#endRecordedAt = this.#lineCount;
    const metadata = {
      events: this.#events,
      refused: this.#refused,
      bytes: this.#bytes,
    } satisfies EventMetadata<'framework_events_end'>;
    log.info(`The framework recorded ${this.#events} events itself`, { event: 'framework_events_end', metadata });
  }
}

type Refusal = EventMetadata<'framework_event_refused'>;

type EventLine =
  | { readonly kind: 'event'; readonly event: FrameworkEvent }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'blank' };

/** A line without its newline is accepted if it is a complete event: writers may omit the last newline. */
function readEventLine({ number: line, bytes, text, terminated }: RawLine): EventLine {
  const refused = (reason: Refusal['reason'], detail: string): EventLine => ({
    kind: 'refused',
    refusal: { line, bytes, reason, detail, text: text === null ? null : text.slice(0, MAX_TEXT_LENGTH) },
  });
  if (text === null) return refused('too_long', `it has ${bytes} bytes; at most ${MAX_EVENT_BYTES} are taken`);
  if (text.trim() === '') return { kind: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!terminated) return refused('torn', 'the file ends before the line does');
    return refused('not_json', messageOf(error));
  }
  const parsed = FrameworkEvent.safeParse(value);
  if (parsed.success) return { kind: 'event', event: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return refused('not_an_event', `${place}${issue?.message ?? 'it has another shape'}`);
}
