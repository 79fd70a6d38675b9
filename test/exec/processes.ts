/** Looking for processes independently of the code under test: by a token in their command line or environment. */
import { randomInt } from 'node:crypto';
import { runProgram, type OutputLine, type ProgramOptions } from '../../src/exec/index.ts';
import { canCountProcesses as isLinux, processesWith } from '../../src/testing/index.ts';

export { canCountProcesses as isLinux, processesWith, until } from '../../src/testing/index.ts';
export const needsProc = { skip: isLinux ? false : 'processes are counted in /proc, which this system does not have' };

const tokens: string[] = [];

// A test that fails because something was not ended must not leave it behind.
process.on('exit', () => {
  if (!isLinux) return;
  for (const pid of tokens.flatMap(processesWith)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself meanwhile.
    }
  }
});

/** Digits that `sleep` accepts as its argument and that stand in no other process. */
export function newToken(): string {
  const token = `9${randomInt(1_000_000, 9_999_999)}`;
  tokens.push(token);
  return token;
}

/** A shell script run as a program, its lines collected. */
export async function runShell(script: string, options: Partial<ProgramOptions> = {}) {
  const lines: OutputLine[] = [];
  const result = await runProgram({
    command: ['sh', '-c', script],
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '' },
    graceMs: 200,
    timeoutMs: 60_000,
    processTag: `test:${newToken()}`,
    onLine: (line) => lines.push(line),
    ...options,
  });
  const textOf = (stream: string) => lines.filter((line) => line.stream === stream).map((line) => line.text);
  return { ...result, lines, stdout: textOf('stdout'), stderr: textOf('stderr') };
}
