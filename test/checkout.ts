/** The checkout as it is now, for tests that work on a copy of it. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const root = join(import.meta.dirname, '..');

/** Copies its tracked and its new files into `dir`, without runs. With their times, so that a copied dist/ is not built again. */
export function copyCheckout(dir: string): void {
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  for (const file of execFileSync('git', listed, { cwd: root, encoding: 'utf8' }).split('\0')) {
    // A tracked file may be deleted in the working tree.
    if (file === '' || file.startsWith('runs/') || !existsSync(join(root, file))) continue;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    cpSync(join(root, file), join(dir, file), { preserveTimestamps: true });
  }
}
