/** Routes records to the files of their scopes. */
import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { AppendPool, type AppendFile, type AppendPoolOptions, type FileNotices } from '../store/append.ts';
import { logFileOf, stepDirName, unsafeNameReason } from '../store/layout.ts';
import type { RunState, Scope } from './scope.ts';

/** Makes the records that a file's owner writes about the file itself. */
export type CreateFileNotices = (scope: Scope, component: string, file: string) => FileNotices;

/**
 * Gives every record the file of its run, step and component: `step_003/adapter.log` inside a step, `run.log` outside,
 * `reconciliation.log` always for `reconciliation`. Files are opened when first written, closed when their step ends, and
 * never more of them are open than the process can spare.
 */
export class DynamicFileHandler {
  readonly #pool: AppendPool;
  readonly #createFileNotices: CreateFileNotices;

  constructor(createFileNotices: CreateFileNotices, options: AppendPoolOptions = {}) {
    this.#pool = new AppendPool(options);
    this.#createFileNotices = createFileNotices;
  }

  /** Descriptors open now. */
  get openFiles(): number {
    return this.#pool.openFiles;
  }

  /** The absolute path of the file that a component's records go to in `scope`, or null when the scope has no run. */
  pathOf(scope: Scope, component: string): string | null {
    return scope.run === null ? null : join(scope.run.logsDir, logFileOf(fileComponent(component), scope.step));
  }

  /** The file of a component in the run of `scope`. */
  route(run: RunState, scope: Scope, component: string): AppendFile {
    const name = logFileOf(fileComponent(component), scope.step);
    let file = run.files.get(name);
    if (file === undefined) {
      file = this.#pool.file(join(run.logsDir, name), this.#createFileNotices(scope, component, name), run.directories);
      run.files.set(name, file);
    }
    return file;
  }

  /** Opens the file if need be, so that a record about it (`log.recovered`, `log.dropped`) comes before the next line. */
  ready(run: RunState, file: AppendFile): void {
    if (file.fd === -1 && file.buffered === 0) this.#register(run, file);
    this.#pool.ensureOpen(file);
  }

  /** A file that was forgotten when its step ended is written once more. */
  #register({ logsDir, files }: RunState, file: AppendFile): void {
    const name = relative(logsDir, file.path);
    const known = files.get(name);
    if (known === undefined) files.set(name, file);
    // Syncing either of the two syncs the file on disk.
    else if (known !== file) known.dirty = true;
  }

  append(file: AppendFile, bytes: Buffer, length: number, mayWait: boolean): void {
    this.#pool.append(file, bytes, length, mayWait);
  }

  /** Makes the run's logs directory. A problem shows again, and is reported, when a line is written. */
  prepare(run: RunState): void {
    try {
      this.#pool.makeDirectory(run.logsDir, run.directories);
    } catch {
      // The first line meets the same error and waits in the backlog.
    }
  }

  closeFile(file: AppendFile): void {
    this.#pool.close(file);
  }

  /** Closes the files of a step, or all of a run when `step` is null. */
  close(run: RunState, step: number | null): void {
    for (const [name, file] of run.files) {
      if (step !== null && !name.startsWith(`${stepDirName(step)}/`)) continue;
      this.#pool.close(file);
      if (file.isFinished) run.files.delete(name);
    }
  }

  /** Hands everything buffered for a run to the kernel. */
  flush(run: RunState): void {
    for (const file of run.files.values()) this.#pool.flush(file);
  }

  /** Makes a run's files and their names durable. False when something could not be. */
  sync(run: RunState): boolean {
    const complete = this.#pool.sync(run.files.values(), run.directories);
    for (const [name, file] of run.files) if (file.isFinished) run.files.delete(name);
    return complete;
  }
}

/** Characters of an unsafe name that are kept. */
const MAX_READABLE_LENGTH = 40;

/** A component's name in a form that is safe in a path; unsafe names become readable and distinct ones. */
function fileComponent(component: string): string {
  if (unsafeNameReason(component) === null) return component;
  const readable = component.slice(0, MAX_READABLE_LENGTH).replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return `x-${readable}-${createHash('sha256').update(component).digest('hex').slice(0, 8)}`;
}
