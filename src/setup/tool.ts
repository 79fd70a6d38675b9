/** Runs git, Python, pip and npm for a set-up; all their output goes into its log. */
import { appendFile } from 'node:fs/promises';
import { hash, randomBytes } from 'node:crypto';
import { describeOutcome, runProgram } from '../exec/index.ts';
import { setupError } from './errors.ts';

export interface SetupTools {
  /** @param withoutAccess what helps where what is fetched cannot be reached @throws SETUP_STEP_FAILED @returns the lines of stdout */
  run(what: string, command: readonly [string, ...string[]], cwd: string, withoutAccess?: string): Promise<string[]>;
  /** The same, but a failure is a result. */
  attempt(command: readonly [string, ...string[]], cwd: string): Promise<AttemptResult>;
}

export type AttemptResult =
  | { readonly ok: true; readonly stdout: readonly string[] }
  /** With the last lines of output. */
  | { readonly ok: false; readonly lines: readonly string[] };

interface ToolOptions {
  readonly framework: string;
  readonly log: string;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** `<prefix>:`, see `processTagPrefixOf`. */
  readonly processTag: string;
  /** Removes secrets from a line. */
  readonly hide: (text: string) => string;
}

/** Begins the process tag of everything that is started for a set-up in this directory. */
export function processTagPrefixOf(directory: string): string {
  return `setup-${hash('sha256', directory).slice(0, 16)}:`;
}

/** What git, pip and npm need of the user's environment: where things are, proxies, their own settings. Keys of models are none of it,
 * nor what would put packages elsewhere. */
const ALLOWED =
  /^(PATH|HOME|LANG|LC_[A-Z_]+|TZ|TMPDIR|XDG_[A-Z_]+|PIP_(?!(TARGET|PREFIX|ROOT|USER|REQUIRE_VIRTUALENV)$)[A-Z_]+|NPM_CONFIG_[A-Z_]+|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|SSH_AUTH_SOCK|GIT_SSH(_COMMAND)?|GIT_SSL_[A-Z]+|(https?|no|all)_proxy)$/i;
const LAST_LINES = 12;
const TIMEOUT_MS = 30 * 60_000;

export function createSetupTools({ framework, log, env, signal, processTag, hide }: ToolOptions): SetupTools {
  const kept = Object.entries(env).flatMap(([name, value]) => (value !== undefined && ALLOWED.test(name) ? [[name, value]] : []));
  const work = async (command: readonly [string, ...string[]], cwd: string) => {
    const all: string[] = [];
    const stdout: string[] = [];
    const { outcome } = await runProgram({
      command,
      cwd,
      env: { ...Object.fromEntries(kept), GIT_TERMINAL_PROMPT: '0', PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_NO_INPUT: '1' },
      timeoutMs: TIMEOUT_MS,
      graceMs: 5000,
      signal,
      processTag: `${processTag}${randomBytes(8).toString('hex')}`,
      onLine({ stream, text }) {
        all.push(hide(text));
        if (stream === 'stdout') stdout.push(text);
      },
    });
    await appendFile(
      log,
      `$ ${hide(command.join(' '))}\n${all.map((line) => `${line}\n`).join('')}${describeOutcome(outcome)}\n`,
    );
    const lines = all.filter((line) => line.trim() !== '').slice(-LAST_LINES);
    return { ok: outcome.status === 'exited' && outcome.exitCode === 0, how: describeOutcome(outcome), lines, stdout };
  };
  return {
    async run(what, command, cwd, withoutAccess) {
      const { ok, how, lines, stdout } = await work(command, cwd);
      signal.throwIfAborted();
      if (ok) return stdout;
      throw setupError('SETUP_STEP_FAILED', { framework, what, how, lines, log, withoutAccess: withoutAccess ?? null });
    },
    async attempt(command, cwd) {
      const { ok, lines, stdout } = await work(command, cwd);
      signal.throwIfAborted();
      return ok ? { ok, stdout } : { ok, lines };
    },
  };
}
