/** Which commit of a program really runs, as far as git can tell. */
import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { promisify } from 'node:util';

export const UNKNOWN_COMMIT = 'unknown';

const GIT_TIMEOUT_MS = 10_000;

/** Programs that run a file: the checkout that counts is the file's, not the interpreter's. */
const INTERPRETER =
  /^(node|nodejs|deno|bun|tsx|python[\d.]*|pypy[\d.]*|ruby|perl|php|java|Rscript|sh|bash|dash|zsh|ksh|env|uv|npx)$/;

/** Where package managers put copies: a work tree around them does not hold their source. */
const INSTALLED = /(^|\/)(node_modules|site-packages|dist-packages|shims|\.venv|venv|\.tox|\.pyenv|\.nvm|\.cargo)(\/|$)/;

/**
 * The commit of the checkout that holds the program, with `-dirty` when its tracked files were changed since; `unknown` when
 * there is none, or when the program cannot be told from its command line (`python3 -m tool`).
 */
export async function commitOf(programPath: string, args: readonly string[]): Promise<string> {
  const file = programFile(programPath, args);
  if (file === null) return UNKNOWN_COMMIT;
  const real = realpathSync(file);
  if (INSTALLED.test(real)) return UNKNOWN_COMMIT;
  const commit = await git(dirname(real), ['rev-parse', '--verify', 'HEAD']);
  if (commit === null) return UNKNOWN_COMMIT;
  const changes = await git(dirname(real), ['status', '--porcelain', '--untracked-files=no']);
  // Where git did not answer, nobody may take the checkout for clean.
  return changes === '' ? commit : `${commit}-dirty`;
}

/** The file whose source runs: the program, or the script that an interpreter is given by absolute path. */
function programFile(programPath: string, args: readonly string[]): string | null {
  if (!INTERPRETER.test(basename(programPath))) return programPath;
  return args.find((arg) => isAbsolute(arg) && existsSync(arg)) ?? null;
}

/** Null when git is missing, or says no. Its environment is bare, so that no GIT_DIR of the parent leads elsewhere. */
async function git(cwd: string, args: readonly string[]): Promise<string | null> {
  try {
    const env = { PATH: process.env['PATH'], HOME: process.env['HOME'], LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' };
    const { stdout } = await promisify(execFile)('git', args, { cwd, env, timeout: GIT_TIMEOUT_MS });
    return stdout.trim();
  } catch {
    return null;
  }
}
