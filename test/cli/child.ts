/** The command line as a real child process in a directory of its own. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../../src/cli/index.ts', import.meta.url));
export const PROGRAM = fileURLToPath(new URL('../../bin/stepwell.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CliDirectory {
  readonly dir: string;
  /** Starts `stepwell` there. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ChildProcess;
  stepwell(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Finished>;
  remove(): void;
}

/** An environment without what the person or the CI at work has set. */
export function cleanEnv(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const dropped = /^(STEPWELL_|NO_COLOR$|FORCE_COLOR$|CI$|NODE_TEST_CONTEXT$|COLUMNS$)/;
  return { ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !dropped.test(name))), ...extra };
}

/** From here on `npx stepwell` in `dir` is this stepwell, as where the package is installed. */
export function letNpxFindStepwell(dir: string): void {
  mkdirSync(join(dir, 'node_modules/.bin'), { recursive: true });
  symlinkSync(PROGRAM, join(dir, 'node_modules/.bin/stepwell'));
}

export function newCliDirectory(): CliDirectory {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-cli-'));
  letNpxFindStepwell(dir);
  const start = (args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
    spawn(process.execPath, [CLI, ...args], { cwd: dir, env: cleanEnv(env), stdio: ['ignore', 'pipe', 'pipe'] });
  return {
    dir,
    start,
    stepwell: (args, env) => finished(start(args, env)),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

/** Compares with `test/cli/golden/<name>`; UPDATE_GOLDEN=1 writes it instead, for the diff to be read. */
export function matchesGolden(name: string, text: string): void {
  const file = fileURLToPath(new URL(`golden/${name}`, import.meta.url));
  if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(file)) {
    assert.equal(process.env['UPDATE_GOLDEN'], '1', `there is no golden ${name}; UPDATE_GOLDEN=1 writes it`);
    writeFileSync(file, text);
  }
  assert.equal(text, readFileSync(file, 'utf8'));
}
