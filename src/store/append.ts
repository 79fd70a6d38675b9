/**
 * Appends lines to many files, a bounded number of them open at a time, so that a line is either whole in its file or not
 * there at all.
 *
 * A line goes to the kernel with one write before the call returns. What cannot be written (disk full, I/O error) stays in a
 * bounded backlog and is written, in order, when the disk takes it; what does not fit the backlog is counted, and the count
 * is written as a record. A fragment left by a process that died is ended with a newline when the file is opened again.
 */
import { dirname } from 'node:path';
import { AppendFile, type FileNotices } from './append/append-file.ts';
import { realDisk, type Disk } from './append/disk.ts';
import { errnoOf, failureReason } from './errno.ts';

export { AppendFile, type FileNotices };
import { logDescriptorLimit } from './append/descriptor-limit.ts';

const NEWLINE = 10;
const BUFFER_BYTES = 64 * 1024;
const BUFFER_MS = 100;
const RETRY_MS = 1000;

export interface AppendPoolOptions {
  readonly disk?: Disk;
  /** Descriptors held at most. Default: 1,024, or half of the process's limit if that is less. */
  readonly maxOpen?: number;
  /** Bytes kept for a disk that takes nothing, over all files. Default: 1 MiB. */
  readonly maxBacklogBytes?: number;
  /** Told once when lines begin to wait, and once at exit when some could not be written. */
  readonly notify?: (notice: string) => void;
}

export class AppendPool {
  readonly #disk: Disk;
  readonly #maxOpen: number;
  readonly #maxBacklogBytes: number;
  readonly #notify: (notice: string) => void;
  #open = 0;
  #newest: AppendFile | null = null;
  #oldest: AppendFile | null = null;
  #backlogBytes = 0;
  readonly #blocked = new Set<AppendFile>();
  readonly #buffering = new Set<AppendFile>();
  #retryTimer: NodeJS.Timeout | null = null;
  #bufferTimer: NodeJS.Timeout | null = null;
  #hasExitHook = false;
  #isNotified = false;

  constructor(options: AppendPoolOptions = {}) {
    this.#disk = options.disk ?? realDisk;
    this.#maxOpen = Math.max(1, options.maxOpen ?? logDescriptorLimit());
    this.#maxBacklogBytes = options.maxBacklogBytes ?? 1024 * 1024;
    this.#notify = options.notify ?? (() => {});
  }

  /** Descriptors open now. */
  get openFiles(): number {
    return this.#open;
  }

  file(path: string, records: FileNotices, directories: Set<string> = new Set()): AppendFile {
    return new AppendFile(path, records, directories);
  }

  /**
   * Appends the first `length` bytes, whole lines: before the call returns, or, when `mayWait`, within 100 ms or 64 KiB.
   * They are copied where they must wait. The order of calls is kept. Never throws.
   */
  append(file: AppendFile, bytes: Buffer, length: number, mayBuffer: boolean): void {
    if (!mayBuffer && file.buffered === 0) {
      this.#write(file, bytes, length);
      return;
    }
    if (file.buffered + length > BUFFER_BYTES) this.flush(file);
    if (length > BUFFER_BYTES) {
      this.#write(file, bytes, length);
      return;
    }
    file.buffer ??= Buffer.allocUnsafe(BUFFER_BYTES);
    bytes.copy(file.buffer, file.buffered, 0, length);
    file.buffered += length;
    if (!mayBuffer) this.flush(file);
    else if (file.buffered === length) this.#startBuffering(file);
  }

  /**
   * Opens the file where it is closed and writes what waits, so that records about the files come before the next line.
   * A failure shows when the line itself is appended. Never throws.
   */
  ensureOpen(file: AppendFile): void {
    if (this.#blocked.size !== 0) this.#retryAll();
    if (file.fd !== -1 || file.buffered !== 0) return;
    try {
      this.#openFile(file);
    } catch {
      // The append meets the same error and keeps the line.
    }
  }

  /** Hands the buffered bytes of a file to the kernel. */
  flush(file: AppendFile): void {
    this.#buffering.delete(file);
    const { buffer, buffered } = file;
    if (buffer === null || buffered === 0) return;
    file.buffered = 0;
    this.#write(file, buffer, buffered);
  }

  /** Closes the file's descriptor; a later line opens it again. */
  close(file: AppendFile): void {
    this.flush(file);
    if (file.backlog.size !== 0) this.#writeBacklog(file);
    file.buffer = null;
    this.#closeDescriptor(file);
  }

  /**
   * Makes everything appended to `files` durable: their content first, then the directories that name them, which are
   * taken out of the set. Returns false when something was lost, still waits, or could not be synced.
   */
  sync(files: Iterable<AppendFile>, directories: Set<string>): boolean {
    let complete = true;
    for (const file of files) {
      this.flush(file);
      if (file.backlog.size !== 0) this.#writeBacklog(file);
      if (file.backlog.size !== 0 || file.lostLines !== 0) complete = false;
      if (!file.dirty) continue;
      try {
        // Syncing through a new descriptor covers what was written through one closed since.
        this.#disk.sync(file.fd === -1 ? this.#openFile(file) : file.fd);
        file.dirty = false;
      } catch (error) {
        complete = false;
        this.#notify(`could not sync ${file.path} (${failureReason(error)})`);
      }
    }
    return this.#syncDirectories(directories) && complete;
  }

  /** Makes `path` and remembers which directories must be synced for it. @throws what the disk throws */
  makeDirectory(path: string, directories: Set<string>): void {
    const outermost = this.#disk.makeDirectory(path);
    if (outermost === undefined) return;
    for (let at = path; at.length >= outermost.length; at = dirname(at)) directories.add(dirname(at));
  }

  #syncDirectories(directories: Set<string>): boolean {
    let complete = true;
    // The longest path first: a directory before the one that names it.
    for (const path of [...directories].toSorted((a, b) => b.length - a.length)) {
      try {
        this.#disk.syncDirectory(path);
        directories.delete(path);
      } catch (error) {
        complete = false;
        this.#notify(`could not sync the directory ${path} (${failureReason(error)})`);
      }
    }
    return complete;
  }

  #write(file: AppendFile, bytes: Buffer, length: number): void {
    if (file.backlog.size !== 0 && !this.#writeBacklog(file)) {
      this.#queue(file, bytes, length, 0, file.backlog.reason);
      return;
    }
    let done = 0;
    try {
      const fd = file.fd === -1 ? this.#openFile(file) : file.fd;
      if (this.#newest !== file) this.#moveToNewest(file);
      file.dirty = true;
      done = this.#disk.write(fd, bytes, 0, length);
      if (done === length) return;
    } catch (error) {
      this.#queue(file, bytes, length, 0, failureReason(error));
      this.#notifyOnce(file);
      return;
    }
    // The rest of a short write waits in front of everything else, mostly only until the next statement.
    this.#queue(file, bytes, length, done, 'a short write');
    this.#writeBacklog(file);
  }

  /** Keeps bytes for later. A line that is half written is kept whatever the bound, or it would stay torn. */
  #queue(file: AppendFile, bytes: Buffer, length: number, done: number, reason: string): void {
    const fits = this.#backlogBytes + length <= this.#maxBacklogBytes && file.backlog.lost.count === 0;
    if (done !== 0 || fits) {
      file.backlog.add(Buffer.from(bytes.subarray(0, length)), done, done === 0 ? 0 : this.#sizeOf(file), reason);
      this.#backlogBytes += length;
    } else file.lostLines += file.backlog.drop(bytes.subarray(0, length), reason);
    this.#blocked.add(file);
    this.#scheduleRetry();
    this.#addExitHook();
  }

  /** Lines of this file wait now; the person at the keyboard hears of it once. */
  #notifyOnce({ path, backlog }: AppendFile): void {
    if (this.#isNotified) return;
    this.#isNotified = true;
    this.#notify(`${path} cannot be written (${backlog.reason}); lines wait in memory, up to ${this.#maxBacklogBytes} bytes`);
  }

  /** -1 where the disk cannot tell: then the line is written again, whole. */
  #sizeOf(file: AppendFile): number {
    try {
      return this.#disk.size(file.fd);
    } catch {
      return -1;
    }
  }

  #scheduleRetry(): void {
    if (this.#retryTimer !== null) return;
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = null;
      this.#retryAll();
      if (this.#blocked.size !== 0) this.#scheduleRetry();
    }, RETRY_MS).unref();
  }

  #retryAll(): void {
    for (const file of this.#blocked) {
      const closed = file.fd === -1;
      if (this.#writeBacklog(file) && closed) this.#closeDescriptor(file);
    }
  }

  /** Writes what waits for a file, in order, then the count of what was lost. True when nothing waits any more. */
  #writeBacklog(file: AppendFile): boolean {
    const { backlog } = file;
    try {
      const fd = file.fd === -1 ? this.#openFile(file) : file.fd;
      for (let block = backlog.first; block !== undefined; block = backlog.first) {
        if (block.written !== 0 && this.#disk.size(fd) !== block.fileSize) this.#backlogBytes += block.restart();
        file.dirty = true;
        while (block.written < block.bytes.length) {
          const wrote = this.#disk.write(fd, block.bytes, block.written, block.bytes.length - block.written);
          block.written += wrote;
          block.fileSize = this.#disk.size(fd);
          if (wrote === 0) return false;
        }
        this.#backlogBytes -= block.bytes.length;
        backlog.shift();
      }
      if (backlog.lost.count !== 0) {
        const line = file.notices.dropped({ ...backlog.lost, reason: backlog.reason });
        backlog.clearLost();
        backlog.add(Buffer.from(line), 0, 0, backlog.reason);
        this.#backlogBytes += line.length;
        return this.#writeBacklog(file);
      }
    } catch (error) {
      backlog.reason = failureReason(error);
      this.#notifyOnce(file);
      return false;
    }
    this.#blocked.delete(file);
    return true;
  }

  #startBuffering(file: AppendFile): void {
    this.#buffering.add(file);
    this.#addExitHook();
    if (this.#bufferTimer !== null) return;
    this.#bufferTimer = setTimeout(() => {
      this.#bufferTimer = null;
      for (const each of this.#buffering) this.flush(each);
    }, BUFFER_MS).unref();
  }

  #addExitHook(): void {
    if (this.#hasExitHook) return;
    this.#hasExitHook = true;
    process.on('exit', () => {
      for (const file of this.#buffering) this.flush(file);
      this.#retryAll();
      for (const { path, backlog } of this.#blocked) {
        this.#notify(`${backlog.lines + backlog.lost.count} lines for ${path} could not be written (${backlog.reason})`);
      }
    });
  }

  #openFile(file: AppendFile): number {
    while (this.#open >= this.#maxOpen && this.#oldest !== null) this.#closeDescriptor(this.#oldest);
    const fd = this.#openDescriptor(file);
    file.fd = fd;
    this.#open += 1;
    this.#link(file);
    try {
      const size = this.#disk.size(fd);
      if (size === 0) file.directories.add(dirname(file.path));
      // A fragment of our own has its rest in the backlog.
      else if (!file.isHalfWritten && this.#lastByte(fd, size) !== NEWLINE) this.#terminateFragment(file, fd);
    } catch (error) {
      this.#closeDescriptor(file);
      throw error;
    }
    return fd;
  }

  #openDescriptor(file: AppendFile): number {
    for (let attempts = 0; ; attempts++) {
      try {
        return this.#disk.open(file.path);
      } catch (error) {
        const code = errnoOf(error);
        if (code === 'ENOENT' && attempts === 0) this.makeDirectory(dirname(file.path), file.directories);
        else if ((code === 'EMFILE' || code === 'ENFILE') && this.#oldest !== null) this.#closeDescriptor(this.#oldest);
        else throw error;
      }
    }
  }

  /** Ends a dead writer's fragment with a newline and says so. Another process may be writing just now: then it is no fragment. */
  #terminateFragment(file: AppendFile, fd: number): void {
    let size = this.#disk.size(fd);
    for (;;) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2);
      const now = this.#disk.size(fd);
      if (now === size) break;
      size = now;
    }
    if (this.#lastByte(fd, size) === NEWLINE) return;
    const line = file.notices.recovered(this.#fragmentBytes(fd, size));
    const bytes = Buffer.concat([Buffer.of(NEWLINE), line]);
    file.dirty = true;
    for (let done = 0; done < bytes.length;) done += this.#disk.write(fd, bytes, done, bytes.length - done);
  }

  #lastByte(fd: number, size: number): number | undefined {
    const byte = Buffer.alloc(1);
    this.#disk.read(fd, byte, size - 1);
    return byte[0];
  }

  /** Bytes behind the last newline. */
  #fragmentBytes(fd: number, size: number): number {
    for (let end = size; end > 0;) {
      const start = Math.max(0, end - BUFFER_BYTES);
      const piece = Buffer.alloc(end - start);
      this.#disk.read(fd, piece, start);
      const at = piece.lastIndexOf(NEWLINE);
      if (at !== -1) return size - (start + at + 1);
      end = start;
    }
    return size;
  }

  #closeDescriptor(file: AppendFile): void {
    if (file.fd === -1) return;
    const { fd } = file;
    file.fd = -1;
    this.#open -= 1;
    this.#unlink(file);
    try {
      this.#disk.close(fd);
    } catch (error) {
      this.#notify(`could not close ${file.path} (${failureReason(error)})`);
    }
  }

  #moveToNewest(file: AppendFile): void {
    this.#unlink(file);
    this.#link(file);
  }

  #link(file: AppendFile): void {
    file.older = this.#newest;
    if (this.#newest !== null) this.#newest.newer = file;
    this.#newest = file;
    this.#oldest ??= file;
  }

  #unlink(file: AppendFile): void {
    if (file.newer === null) this.#newest = file.older;
    else file.newer.older = file.older;
    if (file.older === null) this.#oldest = file.newer;
    else file.older.newer = file.newer;
    file.newer = null;
    file.older = null;
  }
}
