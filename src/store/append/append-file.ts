/** One file of an append pool: what is open, buffered, waiting and lost of it. */
import { Backlog } from './backlog.ts';

/** What a file's owner writes into it about the file itself. A line is without meaning here: bytes that end in a newline. */
export interface FileNotices {
  /** The line that reports a fragment of `tornBytes` before it. */
  recovered(tornBytes: number): Uint8Array;
  /** The line that reports lines lost. */
  dropped(lost: { count: number; bytes: number; reason: string }): Uint8Array;
}

/** A file that lines are appended to. Made by `AppendPool.file`; it is opened when it is first written. */
export class AppendFile {
  readonly path: string;
  readonly notices: FileNotices;
  /** Directories whose entries changed since the last sync; shared by the files of a run. */
  readonly directories: Set<string>;
  fd = -1;
  /** Written since the last sync. */
  dirty = false;
  buffer: Buffer | null = null;
  buffered = 0;
  readonly backlog = new Backlog();
  /** Lines that found no room in the backlog, ever. */
  lostLines = 0;
  newer: AppendFile | null = null;
  older: AppendFile | null = null;

  constructor(path: string, records: FileNotices, directories: Set<string>) {
    this.path = path;
    this.notices = records;
    this.directories = directories;
  }

  /** Closed, durable and complete: nothing is left to do for it. */
  get isFinished(): boolean {
    return this.fd === -1 && !this.dirty && this.buffered === 0 && this.backlog.size === 0 && this.lostLines === 0;
  }

  /** The rest of a line of ours that is half written waits in the backlog. */
  get isHalfWritten(): boolean {
    return (this.backlog.first?.written ?? 0) !== 0;
  }
}
