/**
 * Real pipes for a child's output, and a file for its input. Node's own are socket pairs, on which a program cannot open
 * /dev/stdin, /dev/stdout or /dev/stderr (ENXIO), as shell scripts like to. A named pipe that is unlinked once both ends are
 * open is the pipe that Node does not offer. It would not do for stdin: who opens it again waits for a writer that has gone.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resetCpuBaseline } from './processes/cpu.ts';

export interface ChildPipes {
  /** For `spawn`: descriptors of the child's ends. */
  readonly stdio: ['ignore' | number, number, number];
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** Closes the child's ends in this process, once the child has them. */
  closeChildEnds(): void;
}

/**
 * Null where no named pipe can be made; the caller then takes Node's own.
 *
 * @param folder where they are made, if that can be: the child's own, so that nothing of it is written elsewhere
 */
export function openPipes(stdin: string | undefined, folder: string | undefined): ChildPipes | null {
  if (process.platform === 'win32') return null;
  return (folder === undefined ? null : pipesIn(folder, stdin)) ?? pipesIn(tmpdir(), stdin);
}

function pipesIn(folder: string, stdin: string | undefined): ChildPipes | null {
  const opened: number[] = [];
  const open = (path: string, flags: number): number => {
    const fd = openSync(path, flags);
    opened.push(fd);
    return fd;
  };
  let directory: string | null = null;
  try {
    directory = mkdtempSync(join(folder, 'stepwell-'));
    const [out, err, input] = [join(directory, 'out'), join(directory, 'err'), join(directory, 'in')];
    const made = spawnSync('mkfifo', ['-m', '600', out, err], { stdio: 'ignore' });
    resetCpuBaseline();
    if (made.status !== 0) return null;
    if (stdin !== undefined) writeFileSync(input, stdin, { mode: 0o600 });
    // A reader that does not block lets the writer open at once.
    const outReader = open(out, constants.O_RDONLY | constants.O_NONBLOCK);
    const errReader = open(err, constants.O_RDONLY | constants.O_NONBLOCK);
    const stdio: ChildPipes['stdio'] = [
      stdin === undefined ? 'ignore' : open(input, constants.O_RDONLY),
      open(out, constants.O_WRONLY),
      open(err, constants.O_WRONLY),
    ];
    return {
      stdio,
      stdout: new Socket({ fd: outReader, readable: true, writable: false }),
      stderr: new Socket({ fd: errReader, readable: true, writable: false }),
      closeChildEnds: () => stdio.filter((end) => end !== 'ignore').forEach((fd) => closeSync(fd)),
    };
  } catch {
    opened.forEach((fd) => closeSync(fd));
    return null;
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}
