/** The commit of the program that really runs, as far as git can tell. */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute } from 'node:path';
import { gitCommit, gitDirty } from '../../store/index.ts';

export const UNKNOWN_COMMIT = 'unknown';

/** Programs that run a file: the commit of that file's checkout counts, not the interpreter's. */
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
  const directory = dirname(real);
  const commit = await gitCommit(directory);
  if (commit === null) return UNKNOWN_COMMIT;
  // If git gave no answer, the checkout must not be reported as clean.
  return (await gitDirty(directory)) === false ? commit : `${commit}-dirty`;
}

/** The file whose source runs: the program, or the script that an interpreter is given by absolute path. */
function programFile(programPath: string, args: readonly string[]): string | null {
  if (!INTERPRETER.test(basename(programPath))) return programPath;
  return args.find((arg) => isAbsolute(arg) && existsSync(arg)) ?? null;
}
