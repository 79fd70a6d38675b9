/** Where the runs are, for commands that only read them. */
import { resolve } from 'node:path';
import { resolveRunsDir } from '../config/settings.ts';
import { shellQuote } from '../exec/shell-quote.ts';

/** Options of every command. */
export interface CommonOptions {
  readonly config?: string;
  readonly runsDir?: string;
}

/** Absolute: `--runs-dir`, else `STEPWELL_RUNS_DIR`, else `runs` of the current directory. @throws CONFIG_INVALID */
export function runsDirOf({ runsDir }: CommonOptions, env: NodeJS.ProcessEnv = process.env): string {
  return resolveRunsDir({ flags: { runsDir }, env });
}

/** The directory as a person would type it: relative where it lies below the current one. */
export function shownPath(path: string, cwd: string = process.cwd()): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}

/** What commands to type here need to find the same runs; empty where they are in ./runs. */
export function runsDirFlag(runsDir: string): string {
  return runsDir === resolve('runs') ? '' : ` --runs-dir ${shellQuote(shownPath(runsDir))}`;
}
