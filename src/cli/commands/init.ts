/** `stepwell init`: an experiment to start from. Nothing is overwritten. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ExitCode, messageOf } from '../../errors/index.ts';
import { shellQuote } from '../../exec/shell-quote.ts';
import { CASSETTE_FILE, COMMIT_FILE, errnoOf, LOGS_DIR, PRIVATE_DIR, SUMMARY_FILE, WORKSPACE_DIR } from '../../store/index.ts';
import { calledAs } from '../called-as.ts';
import { print } from '../output.ts';
import { shownPath } from '../runs-dir.ts';
import { cliError } from '../errors.ts';

const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url));
const BIN = 'node_modules/.bin';
/** The schema lies where the first line of experiment.yaml names it. */
const COPIED = ['config/experiment.yaml', 'config/prompts', 'config/hitl', 'schemas/experiment.schema.json'];

export async function run([dir = '.']: readonly string[]): Promise<number> {
  const target = resolve(dir);
  if (existsSync(target) && !statSync(target).isDirectory()) {
    throw cliError('CANNOT_WRITE', { path: dir, reason: 'it is a file' });
  }
  try {
    for (const file of COPIED.flatMap(filesBelow)) await print(`${copy(file, target)}  ${shownPath(join(target, file))}`);
    await print(`${ignoreRuns(target)}  ${shownPath(join(target, '.gitignore'))}`);
  } catch (error) {
    if (errnoOf(error) === null) throw error;
    throw cliError('CANNOT_WRITE', { path: dir, reason: messageOf(error) }, { cause: error });
  }
  const enter = target === process.cwd() ? [] : [`  cd ${shownPath(target)}`];
  const { before, call } = callIn(target);
  await print('', 'Next:', ...enter, ...before, `  ${call} doctor`, `  ${call} run baseline`);
  return ExitCode.ok;
}

/** How stepwell is called in `dir`. npx looks for it there and above; where it is not, its own directory goes on PATH. */
function callIn(dir: string): { readonly before: readonly string[]; readonly call: string } {
  const call = calledAs();
  const own = [join(PACKAGE, BIN), join(PACKAGE, '..', '.bin')].find((bin) => existsSync(join(bin, 'stepwell')));
  if (call === 'stepwell' || own === undefined || isBelow(dir, resolve(own, '../..'))) return { before: [], call };
  return { before: [`  export PATH=${shellQuote(own)}:"$PATH"`], call: 'stepwell' };
}

function isBelow(path: string, dir: string): boolean {
  return path === dir || path.startsWith(`${dir}/`);
}

/** Paths of files, relative to the package. */
function filesBelow(path: string): string[] {
  if (!statSync(join(PACKAGE, path)).isDirectory()) return [path];
  return readdirSync(join(PACKAGE, path))
    .sort()
    .flatMap((name) => filesBelow(`${path}/${name}`));
}

function copy(file: string, target: string): 'wrote' | 'kept ' {
  const place = join(target, file);
  if (existsSync(place)) return 'kept ';
  mkdirSync(dirname(place), { recursive: true });
  copyFileSync(join(PACKAGE, file), place);
  return 'wrote';
}

function ignoreRuns(target: string): 'wrote' | 'kept ' {
  const place = join(target, '.gitignore');
  const before = existsSync(place) ? readFileSync(place, 'utf8') : '';
  if (hasGitignoreBlock(before)) return 'kept ';
  const gap = before === '' ? '' : before.endsWith('\n') ? '\n' : '\n\n';
  writeFileSync(place, before + gap + gitignoreBlock());
  return 'wrote';
}

// What git keeps of a run, and what it does not.
const TRACKED = ['*.json', COMMIT_FILE, '*.md', SUMMARY_FILE].map((name) => `!runs/*/*/${name}`);
const IGNORED = [`${WORKSPACE_DIR}/`, 'artifacts/', `${LOGS_DIR}/`, CASSETTE_FILE, `${PRIVATE_DIR}/`, '*.tar.gz', '*.zip'].map(
  (name) => `runs/*/*/${name}`,
);

/** Packages and keys, which belong in no repository. */
const NEVER = ['node_modules/', '.env'];
/** What `stepwell setup` makes. */
const FRAMEWORKS = '/frameworks/';

/** Summaries, metadata and metrics are tracked; logs, workspaces and archives are not, nor are frameworks. */
function gitignoreBlock(): string {
  const runs = ['# Track specific file types (metadata)', ...TRACKED, '', '# Ignore large artifacts in runs', ...IGNORED];
  return `${[...NEVER, '', '# What `stepwell setup` makes', FRAMEWORKS, '', ...runs].join('\n')}\n`;
}

/** Whether every line of the block is there, in whatever order. */
function hasGitignoreBlock(gitignore: string): boolean {
  const lines = new Set(gitignore.split('\n').map((line) => line.trim()));
  return [...NEVER, FRAMEWORKS, ...TRACKED, ...IGNORED].every((line) => lines.has(line));
}
