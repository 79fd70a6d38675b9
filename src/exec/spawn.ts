/** Starts a child in a session of its own; a child that cannot be started is a value. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { StepwellError } from '../errors/index.ts';
import { failureReason } from '../store/index.ts';
import { PROCESS_TAG_VARIABLE } from './environment.ts';
import { openPipes } from './pipe.ts';
import type { ProgramOptions } from './program.ts';
import { execError } from './errors.ts';

export interface Spawned {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

type SpawnOptions = Pick<ProgramOptions, 'command' | 'cwd' | 'env' | 'stdin' | 'processTag'>;

export interface SpawnFailure {
  readonly pid: null;
  readonly error: Promise<StepwellError>;
}

export function spawnChild(options: SpawnOptions): Spawned | SpawnFailure {
  const problem = checkWorkingDirectory(options);
  if (problem !== null) return spawnFailure(problem);
  const [program, ...args] = options.command;
  const pipes = openPipes(options.stdin, options.env['TMPDIR']);
  const close = () => {
    pipes?.closeChildEnds();
    pipes?.stdout.destroy();
    pipes?.stderr.destroy();
  };
  let child: ChildProcess;
  try {
    child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...options.env, [PROCESS_TAG_VARIABLE]: options.processTag },
      stdio: pipes?.stdio ?? [options.stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
      windowsHide: true,
    });
  } catch (error) {
    close();
    return spawnFailure(spawnError(options, error));
  }
  // Some failures are thrown, others are announced as an event a moment later.
  const failure = new Promise<unknown>((settle) => child.on('error', settle));
  const { stdout, stderr } = pipes ?? child;
  if (child.pid === undefined || stdout === null || stderr === null) {
    close();
    return { pid: null, error: failure.then((error) => spawnError(options, error)) };
  }
  pipes?.closeChildEnds();
  if (child.stdin !== null) writeStdin(child.stdin, options.stdin ?? '');
  return { child, pid: child.pid, stdout, stderr };
}

/** A program may end, or close its stdin, without reading all of it: its own affair. */
function writeStdin(stdin: Writable, text: string): void {
  stdin.on('error', () => {});
  stdin.end(text);
}

/** Without it a missing directory would look like a missing program: the system reports ENOENT for both. */
function checkWorkingDirectory({ command, cwd }: SpawnOptions): StepwellError | null {
  let reason = 'it is not a directory';
  try {
    if (statSync(cwd).isDirectory()) return null;
  } catch (error) {
    reason = failureReason(error);
  }
  return execError('PROGRAM_DIRECTORY_MISSING', { program: command[0], cwd, reason });
}

function spawnError({ command, env, cwd }: SpawnOptions, error: unknown): StepwellError {
  const [program] = command;
  const reason = failureReason(error);
  const cause = { cause: error };
  switch (reason) {
    case 'ENOENT': {
      if (program.includes('/') && existsSync(resolve(cwd, program))) {
        const detail = 'the interpreter its first line names does not exist';
        return execError('PROGRAM_NOT_EXECUTABLE', { program, reason: detail }, cause);
      }
      return execError('PROGRAM_NOT_FOUND', { program, path: env['PATH'] ?? '' }, cause);
    }
    case 'EACCES':
    case 'ENOEXEC':
    case 'EPERM':
      return execError('PROGRAM_NOT_EXECUTABLE', { program, reason }, cause);
    case 'E2BIG': {
      const texts = [...command, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
      const sizes = texts.map((text) => Buffer.byteLength(text) + 1);
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      return execError('PROGRAM_ARGUMENTS_TOO_LONG', { program, bytes, longest: Math.max(...sizes) }, cause);
    }
    default:
      return execError('PROGRAM_NOT_STARTED', { program, reason }, cause);
  }
}

function spawnFailure(reason: StepwellError): SpawnFailure {
  return { pid: null, error: Promise.resolve(reason) };
}
