/** A disk that is soon full. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A tmpfs of so many bytes, or the reason why there can be none. */
export function mountSmallDisk(bytes: number): { path: string; remove: () => void } | string {
  const path = mkdtempSync(join(tmpdir(), 'stepwell-full-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], { encoding: 'utf8' });
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  if (mounted.status !== 0) {
    remove();
    return `a tmpfs cannot be mounted here: ${(mounted.stderr ?? 'no mount command').trim()}`;
  }
  return {
    path,
    remove: () => {
      spawnSync('umount', ['-l', path]);
      remove();
    },
  };
}
