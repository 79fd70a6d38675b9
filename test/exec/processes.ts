/** Looking for processes independently of the code under test: by a token in their command line or environment. */
import { randomInt } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { runProgram, type OutputLine, type ProgramOptions } from '../../src/exec/index.ts';

export const isLinux = process.platform === 'linux';
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

/** Living processes other than this one in whose command line or environment the token stands. */
export function processesWith(token: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        if (/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))) return false;
        return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${name}/${file}`, 'latin1').includes(token));
      } catch {
        return false;
      }
    })
    .map(Number);
}

export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); await wait(5)) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
  }
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
    mark: `test:${newToken()}`,
    onLine: (line) => lines.push(line),
    ...options,
  });
  const textOf = (stream: string) => lines.filter((line) => line.stream === stream).map((line) => line.text);
  return { ...result, lines, stdout: textOf('stdout'), stderr: textOf('stderr') };
}
