/** Starts a program, keeps every line, and sees to it that nothing of it is left when the promise resolves. */
import type { ChildProcess } from 'node:child_process';
import { cpuTimeOf } from './processes/cpu.ts';
import { terminateTree, killTreeOnExit, recordKilled } from './processes/terminate.ts';
import { awaitInterruption, type Interruptions } from './interruption.ts';
import { drain, readOutput } from './output.ts';
import type { Program, ProgramOptions, ProgramOutcome, ProgramResult } from './program.ts';
import { spawnChild, type Spawned } from './spawn.ts';
import { programTree } from './processes/tree.ts';
import { monitorTree } from './processes/monitor.ts';

/** What a program started may finish its output after the program's own end, as long as it is not silent for this long. */
const AFTER_EXIT = { quietMs: 1000, limitMs: 10_000 };
/** When the tree has been ended, only what is left in the pipes is still to be read. */
const AFTER_KILL = { quietMs: 250, limitMs: 2000 };
/** A child that SIGKILL did not end is stuck in the kernel. */
const EXIT_TIMEOUT_MS = 1000;

/** Runs a program to its end. Never rejects: a program that cannot be started is an outcome too. */
export function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  return startProgram(options).done;
}

/** Starts a program that the caller stops, such as a server. */
export function startProgram(options: ProgramOptions): Program {
  const startedAt = performance.now();
  if (options.signal?.aborted) return notStarted(startedAt, { status: 'canceled' });
  const spawned = spawnChild(options);
  if (spawned.pid === null) {
    return notStarted(
      startedAt,
      spawned.error.then((error) => ({ status: 'spawn_failed', error })),
    );
  }
  const interruptions = awaitInterruption(options);
  const done = supervise(spawned, options, interruptions, startedAt);
  return {
    pid: spawned.pid,
    done,
    stop() {
      interruptions.stop();
      return done;
    },
  };
}

async function supervise(
  { child, pid, stdout, stderr }: Spawned,
  options: ProgramOptions,
  interruptions: Interruptions,
  startedAt: number,
): Promise<ProgramResult> {
  const exit = exitOf(child);
  const cpu = cpuTimeOf(child);
  const tree = programTree(pid, options.processTag);
  const memory = monitorTree(tree);
  const release = killTreeOnExit(tree);
  const out = readOutput(stdout, 'stdout', options);
  const err = readOutput(stderr, 'stderr', options);

  const outcome = await Promise.race([exit, interruptions.happened]);
  const durationMs = performance.now() - startedAt;
  const interrupted = outcome.status === 'timed_out' || outcome.status === 'canceled';
  if (!interrupted) await Promise.race([drain([out, err], AFTER_EXIT), interruptions.happened]);
  const { killed, survivors } = await terminateTree(tree, options.graceMs);
  recordKilled(options.processTag, killed);
  const programExit = interrupted ? await exitWithinLimit(exit) : outcome;
  await drain([out, err], AFTER_KILL);

  interruptions.release();
  memory.end();
  release();
  out.finish();
  err.finish();
  child.unref();
  const cpuSeconds = programExit === null ? null : await cpu;
  return {
    outcome,
    pid,
    exitCode: programExit?.status === 'exited' ? programExit.exitCode : null,
    signal: programExit?.status === 'signaled' ? programExit.signal : null,
    durationMs: interrupted ? performance.now() - startedAt : durationMs,
    userCpuSeconds: cpuSeconds?.user ?? null,
    systemCpuSeconds: cpuSeconds?.system ?? null,
    maxRssBytes: memory.maxRssBytes,
    stdoutBytes: out.bytes,
    stderrBytes: err.bytes,
    stdoutLines: out.lines,
    stderrLines: err.lines,
    killed,
    survivors,
  };
}

function exitOf(child: ChildProcess): Promise<ProgramOutcome> {
  return new Promise((resolve) => {
    child.once('exit', (exitCode, signal) =>
      resolve(signal === null ? { status: 'exited', exitCode: exitCode ?? 0 } : { status: 'signaled', signal }),
    );
  });
}

/** Null for a program that has not ended by then. */
function exitWithinLimit(exit: Promise<ProgramOutcome>): Promise<ProgramOutcome | null> {
  const { promise, resolve } = Promise.withResolvers<ProgramOutcome | null>();
  const timer = setTimeout(resolve, EXIT_TIMEOUT_MS, null);
  void exit.then((end) => {
    clearTimeout(timer);
    return resolve(end);
  });
  return promise;
}

function notStarted(startedAt: number, outcome: ProgramOutcome | Promise<ProgramOutcome>): Program {
  const done = Promise.resolve(outcome).then((known) => ({
    outcome: known,
    pid: null,
    exitCode: null,
    signal: null,
    durationMs: performance.now() - startedAt,
    userCpuSeconds: null,
    systemCpuSeconds: null,
    maxRssBytes: null,
    stdoutBytes: 0,
    stderrBytes: 0,
    stdoutLines: 0,
    stderrLines: 0,
    killed: [],
    survivors: [],
  }));
  return { pid: null, done, stop: () => done };
}
