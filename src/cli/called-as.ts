/** How stepwell is typed where it was called, and messages that name its commands so. */
import { realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { currentDirectory } from '../errors/index.ts';
import { shellQuote } from '../exec/shell-quote.ts';

/** The program of this package or clone. It can be called by this path from everywhere. */
const PROGRAM = fileURLToPath(new URL('../../bin/stepwell.js', import.meta.url));

interface Call {
  /** Absolute path of the program, as it was called. */
  readonly called?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly program?: string;
}

/**
 * What a person types for this stepwell in `cwd`: `stepwell` where it is on PATH, `npx stepwell` where npx finds it, else its
 * path. Elsewhere npx would ask the registry for a package of that name, which may be a stranger's.
 */
export function calledAs({ called = process.argv[1], env = process.env, cwd, program = PROGRAM }: Call = {}): string {
  if (called !== undefined && isOnPath(called, env)) return 'stepwell';
  return npxFinds(program, cwd) ? 'npx stepwell' : shellQuote(program);
}

/** npm and its like put their own directories on PATH, which the shell that called them does not have. */
function isOnPath(called: string, env: NodeJS.ProcessEnv): boolean {
  if (env['npm_command'] !== undefined || env['npm_config_user_agent'] !== undefined) return false;
  return called.endsWith('/stepwell') && (env['PATH'] ?? '').split(delimiter).includes(dirname(called));
}

/** npx takes the nearest `node_modules/.bin/stepwell`, from the current directory upward. */
function npxFinds(program: string, cwd: string = currentDirectory()): boolean {
  for (let dir = cwd; ; dir = dirname(dir)) {
    const found = realPath(join(dir, 'node_modules/.bin/stepwell'));
    if (found !== null) return found === realPath(program);
    if (dir === dirname(dir)) return false;
  }
}

function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

/** Messages name commands as `stepwell …` between backticks; here they get the form that can be typed. */
export function asTyped(message: string): string {
  return message.replaceAll('`stepwell ', () => `\`${calledAs()} `);
}
