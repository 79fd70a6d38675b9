/** Runs git, Python, pip and npm for a set-up: everything they say goes into its log. */
import { appendFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { stepwellError } from '../../errors.ts';
import { describeOutcome, runProgram } from '../../exec.ts';

export interface Tools {
  /** @throws SETUP_STEP_FAILED @returns the lines of stdout */
  run(what: string, command: readonly [string, ...string[]], cwd: string): Promise<string[]>;
  /** The same, but null when it did not succeed. */
  attempt(command: readonly [string, ...string[]], cwd: string): Promise<string[] | null>;
}

interface ToolOptions {
  readonly framework: string;
  readonly log: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
}

/** What git, pip and npm need of the user's environment: where things are, proxies, their own settings. Keys of models are none of it. */
const ALLOWED =
  /^(PATH|HOME|LANG|LC_[A-Z_]+|TZ|TMPDIR|XDG_[A-Z_]+|PIP_[A-Z_]+|NPM_CONFIG_[A-Z_]+|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|SSH_AUTH_SOCK|GIT_SSH(_COMMAND)?|GIT_SSL_[A-Z]+|(https?|no|all)_proxy)$/i;
const LAST_LINES = 12;
const LONGEST_MS = 30 * 60_000;

export function setupTools({ framework, log, env, signal }: ToolOptions): Tools {
  const kept = Object.entries(env).flatMap(([name, value]) => (value !== undefined && ALLOWED.test(name) ? [[name, value]] : []));
  const work = async (command: readonly [string, ...string[]], cwd: string) => {
    const all: string[] = [];
    const stdout: string[] = [];
    const { outcome } = await runProgram({
      command,
      cwd,
      env: { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
      timeoutMs: LONGEST_MS,
      graceMs: 5000,
      signal,
      mark: `setup:${randomBytes(8).toString('hex')}`,
      onLine({ stream, text }) {
        all.push(text);
        if (stream === 'stdout') stdout.push(text);
      },
    });
    await appendFile(log, `$ ${command.join(' ')}\n${all.map((line) => `${line}\n`).join('')}${describeOutcome(outcome)}\n`);
    return { ok: outcome.status === 'exited' && outcome.exitCode === 0, outcome, all, stdout };
  };
  return {
    async run(what, command, cwd) {
      const { ok, outcome, all, stdout } = await work(command, cwd);
      signal.throwIfAborted();
      if (ok) return stdout;
      throw stepwellError('SETUP_STEP_FAILED', {
        framework,
        what,
        how: describeOutcome(outcome),
        lines: all.filter((line) => line.trim() !== '').slice(-LAST_LINES),
        log,
      });
    },
    async attempt(command, cwd) {
      const { ok, stdout } = await work(command, cwd);
      signal.throwIfAborted();
      return ok ? stdout : null;
    },
  };
}
