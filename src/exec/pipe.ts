/**
 * Real pipes for a child. Node's own are socket pairs, on which a program cannot open /dev/stdin, /dev/stdout or /dev/stderr
 * (ENXIO), as shell scripts like to. A named pipe that is unlinked once both ends are open is the pipe that Node does not offer.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renewCpuBase } from './cpu.ts';

export interface ChildPipes {
  /** For `spawn`: descriptors of the child's ends. The first is absent without `stdin`. */
  readonly stdio: ['ignore' | number, number, number];
  readonly stdin: Socket | null;
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** Closes the child's ends in this process, once the child has them. */
  handOver(): void;
}

/** Null where no named pipe can be made; the caller then takes Node's own. */
export function openPipes(withStdin: boolean): ChildPipes | null {
  if (process.platform === 'win32') return null;
  const open: number[] = [];
  let directory: string | null = null;
  try {
    directory = mkdtempSync(join(tmpdir(), 'stepwell-'));
    const paths = ['out', 'err', ...(withStdin ? ['in'] : [])].map((name) => join(directory ?? '', name));
    const made = spawnSync('mkfifo', ['-m', '600', ...paths], { stdio: 'ignore' });
    renewCpuBase();
    if (made.status !== 0) return null;
    const ends = paths.map((path) => openEnds(path, open));
    const [out, err, input] = ends;
    if (out === undefined || err === undefined) return null;
    const childEnds = [out.write, err.write, ...(input ? [input.read] : [])];
    return {
      stdio: [input ? input.read : 'ignore', out.write, err.write],
      stdin: input ? new Socket({ fd: input.write, readable: false, writable: true }) : null,
      stdout: new Socket({ fd: out.read, readable: true, writable: false }),
      stderr: new Socket({ fd: err.read, readable: true, writable: false }),
      handOver: () => childEnds.forEach((fd) => closeSync(fd)),
    };
  } catch {
    open.forEach((fd) => closeSync(fd));
    return null;
  } finally {
    if (directory !== null) rmSync(directory, { recursive: true, force: true });
  }
}

/** Both ends blocking, each with a file description of its own; a reader that does not block lets the others open at once. */
function openEnds(path: string, open: number[]): { read: number; write: number } {
  const helper = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const write = openSync(path, constants.O_WRONLY);
    open.push(write);
    const read = openSync(path, constants.O_RDONLY);
    open.push(read);
    return { read, write };
  } finally {
    closeSync(helper);
  }
}
