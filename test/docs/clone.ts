/** A throw-away clone of the checkout as it stands (tracked and new files), sharing its installed packages. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');

export interface Clone extends Disposable {
  readonly dir: string;
  /** The environment a user would have, with the project's own Node first. */
  readonly env: NodeJS.ProcessEnv;
}

export function cloneCheckout(): Clone {
  execFileSync('sh', [join(root, 'scripts/build.sh')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-clone-'));
  const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: root,
    encoding: 'utf8',
  });
  for (const file of files.split('\0')) {
    if (file === '' || file.startsWith('runs/')) continue;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    // A tracked file may be deleted in the working tree. With its time, so that dist/ is not built again.
    if (existsSync(join(root, file))) cpSync(join(root, file), join(dir, file), { preserveTimestamps: true });
  }
  symlinkSync(join(root, 'node_modules'), join(dir, 'node_modules'));
  cpSync(join(root, 'dist'), join(dir, 'dist'), { recursive: true, preserveTimestamps: true });
  execFileSync('git', ['init', '-q'], { cwd: dir });
  const { STEPWELL_CONFIG: _config, STEPWELL_RUNS_DIR: _runs, NODE_TEST_CONTEXT: _context, ...env } = process.env;
  return {
    dir,
    env: { ...env, NO_COLOR: '1', CI: 'true', GIT_CEILING_DIRECTORIES: dirname(dir) },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
