/** A run as a set of files, wherever they are: a directory (see run-directory.ts), an archive (see the archive area). */
import { StepwellError } from '../../errors/index.ts';
import { failureReason } from '../errno.ts';
import { storeError } from '../errors.ts';
import { readChunks, readRange, type OpenBytes } from './byte-source.ts';

/** A file of a run. */
export interface SourceFile {
  /** Relative, with `/`. */
  readonly path: string;
  /** As far as the source shows it: of a sealed log file the part before the seal. */
  readonly bytes: number;
}

/**
 * A run as a set of files. Log files end where the run was sealed, unless the source was opened for everything. Every member may
 * throw a StepwellError with RUN_UNREADABLE, and for an archive with ARCHIVE_DAMAGED.
 */
export interface RunSource extends AsyncDisposable {
  /** Where its files are: in a run directory, or inside a `run.tar.gz`. */
  readonly kind: 'directory' | 'archive';
  /** Absolute or as given: the directory or the archive, for messages. */
  readonly location: string;
  /** Regular files below `under` (default: all), sorted by path. Links are not followed and not named. */
  files(under?: string): Promise<SourceFile[]>;
  /** The file for reading at any place, or null when the run has none of that name. Dispose of it. */
  open(path: string): Promise<OpenBytes | null>;
  /** The whole file, or null. For small files. @throws StepwellError with RUN_UNREADABLE when it is larger than 256 MiB */
  read(path: string): Promise<Buffer | null>;
  /** The file, or its bytes `from` … `to`, piece by piece. @throws StepwellError with RUN_FILE_MISSING when iterated */
  stream(path: string, range?: { readonly from?: number; readonly to?: number }): AsyncIterable<Buffer>;
}

/** More is not read into memory at once: a run is input from a stranger. */
const MAX_WHOLE_FILE_BYTES = 256 * 1024 * 1024;

/** A source over files that can be opened: what else it does follows from that. */
export function createRunSource(files: Omit<RunSource, 'read' | 'stream'>): RunSource {
  const open = async (path: string): Promise<OpenBytes | null> => {
    const file = await files.open(path);
    return file === null ? null : withFileInErrors(file, `${path} of ${files.location}`);
  };
  return {
    kind: files.kind,
    location: files.location,
    files: (under) => files.files(under),
    open,
    async read(path) {
      await using file = await open(path);
      return file === null ? null : await readWholeFile(file, path);
    },
    async *stream(path, { from = 0, to = Infinity } = {}) {
      await using file = await open(path);
      if (file === null) throw storeError('RUN_FILE_MISSING', { path, location: files.location });
      yield* readChunks(file, from, Math.min(to, file.size));
    },
    [Symbol.asyncDispose]: () => files[Symbol.asyncDispose](),
  };
}

/** All of a file that is not larger than 256 MiB. @throws RUN_UNREADABLE */
export async function readWholeFile(file: OpenBytes, path: string): Promise<Buffer> {
  requireReadableSize(path, file.size);
  return readRange(file, 0, file.size);
}

/** @throws RUN_UNREADABLE */
export function requireReadableSize(path: string, bytes: number): void {
  if (bytes <= MAX_WHOLE_FILE_BYTES) return;
  const reason = `it has ${bytes} bytes, and at most ${MAX_WHOLE_FILE_BYTES} are read at once`;
  throw storeError('RUN_UNREADABLE', { path, reason });
}

/** The error for bytes that are there and cannot be read; an error for the user stays as it is. */
export function unreadableError(path: string, error: unknown): StepwellError {
  if (error instanceof StepwellError) return error;
  return storeError('RUN_UNREADABLE', { path, reason: failureReason(error) }, { cause: error });
}

function withFileInErrors(file: OpenBytes, path: string): OpenBytes {
  return {
    size: file.size,
    async read(offset, length) {
      try {
        return await file.read(offset, length);
      } catch (error) {
        throw unreadableError(path, error);
      }
    },
    [Symbol.asyncDispose]: () => file[Symbol.asyncDispose](),
  };
}
