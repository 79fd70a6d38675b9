/** Walks a directory of a run in the archive's order: by the bytes of the paths, links not followed. */
import { isUtf8 } from 'node:buffer';
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, failureReason } from '../store/index.ts';
import { VIRTUAL_ENVIRONMENT } from './exclusions.ts';
import { escapingLink } from './format/member.ts';

export type DirectoryItem =
  | { readonly kind: 'file'; readonly path: string }
  /** Nothing below it is packed, so only an entry of its own keeps it. */
  | { readonly kind: 'empty_directory'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | { readonly kind: 'skipped'; readonly path: string; readonly reason: string };

/** Everything below `top` of the run directory, whose paths begin with `top`. `excluded` gets paths relative to `top`. */
export function* walkDirectory(
  runDir: string,
  top: string,
  excluded: (path: string, isDirectory: boolean) => boolean,
): Generator<DirectoryItem> {
  yield* walk(runDir, top, top, excluded);
}

function* walk(
  runDir: string,
  top: string,
  dir: string,
  excluded: (path: string, isDirectory: boolean) => boolean,
): Generator<DirectoryItem, void> {
  let entries;
  try {
    // What was a directory a moment ago may have become a link that leads anywhere, the topmost one included.
    if (!lstatSync(join(runDir, dir)).isDirectory()) return yield { kind: 'skipped', path: dir, reason: 'it is no directory' };
    entries = readdirSync(join(runDir, dir), { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    // A run without logs or workspace at all has nothing to miss.
    if (dir === top && errnoOf(error) === 'ENOENT') return;
    yield { kind: 'skipped', path: dir, reason: `the directory cannot be read (${failureReason(error)})` };
    return;
  }
  // A directory sorts as `name/`, so that members are in the order of their full paths.
  const named = entries.map((entry) => ({
    entry,
    key: entry.isDirectory() ? Buffer.concat([entry.name, Buffer.from('/')]) : entry.name,
  }));
  named.sort((a, b) => Buffer.compare(a.key, b.key));
  let kept = 0;
  for (const { entry } of named) {
    const path = `${dir}/${entry.name.toString('utf8')}`;
    if (!isUtf8(entry.name)) {
      yield { kind: 'skipped', path, reason: 'its name is not valid UTF-8' };
    } else if (excluded(path.slice(top.length + 1), entry.isDirectory())) {
      continue;
    } else if (entry.isDirectory()) {
      if (isVirtualEnvironment(join(runDir, path))) continue;
      kept += 1;
      yield* walk(runDir, top, path, excluded);
    } else if (entry.isSymbolicLink()) {
      const item = linkItem(runDir, top, path);
      if (item.kind === 'link') kept += 1;
      yield item;
    } else if (entry.isFile()) {
      kept += 1;
      yield { kind: 'file', path };
    } else {
      yield { kind: 'skipped', path, reason: specialKind(entry) };
    }
  }
  if (kept === 0) yield { kind: 'empty_directory', path: dir };
}

function isVirtualEnvironment(dir: string): boolean {
  try {
    return readdirSync(dir).includes(VIRTUAL_ENVIRONMENT);
  } catch {
    // The walk itself meets the same error and names it.
    return false;
  }
}

function linkItem(runDir: string, top: string, path: string): DirectoryItem {
  let target: Buffer;
  try {
    target = readlinkSync(join(runDir, path), { encoding: 'buffer' });
  } catch (error) {
    return { kind: 'skipped', path, reason: `the link cannot be read (${failureReason(error)})` };
  }
  if (!isUtf8(target)) return { kind: 'skipped', path, reason: 'a link: its target is not valid UTF-8' };
  const depth = path.slice(top.length + 1).split('/').length - 1;
  const reason = escapingLink(depth, target.toString('utf8'));
  return reason === null
    ? { kind: 'link', path, target: target.toString('utf8') }
    : { kind: 'skipped', path, reason: `a link: ${reason}` };
}

function specialKind(entry: {
  isFIFO(): boolean;
  isSocket(): boolean;
  isBlockDevice(): boolean;
  isCharacterDevice(): boolean;
}): string {
  if (entry.isFIFO()) return 'a named pipe, which has no content to keep';
  if (entry.isSocket()) return 'a socket, which has no content to keep';
  if (entry.isBlockDevice() || entry.isCharacterDevice()) return 'a device';
  return 'of a kind that the system does not name';
}
