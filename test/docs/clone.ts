/** A throw-away clone of the checkout as it stands (tracked and new files), sharing its installed packages. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copyCheckout, root } from '../checkout.ts';

export interface Clone extends Disposable {
  readonly dir: string;
  /** The environment a user would have, with the project's own Node first. */
  readonly env: NodeJS.ProcessEnv;
}

export function cloneCheckout(): Clone {
  execFileSync('sh', [join(root, 'scripts/build.sh')], { stdio: ['ignore', 'ignore', 'inherit'] });
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-clone-'));
  copyCheckout(dir);
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
