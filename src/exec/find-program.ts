import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** Where a program is, or why it cannot be started. */
export type FoundProgram =
  | { readonly status: 'found'; readonly path: string }
  | { readonly status: 'missing' }
  | { readonly status: 'not_executable'; readonly path: string };

/** Looks a program up as the system will: a path as it is (the configuration made it absolute), a bare name along `path` (the value of PATH). */
export function findProgram(name: string, path: string): FoundProgram {
  const candidates = name.includes('/') ? [name] : absoluteEntries(path).map((directory) => join(directory, name));
  const files = candidates.filter(isFile);
  const executable = files.find(isExecutable);
  if (executable !== undefined) return { status: 'found', path: executable };
  return files[0] === undefined ? { status: 'missing' } : { status: 'not_executable', path: files[0] };
}

/** A relative entry of PATH leads into the workspace, where a framework's own output must not become the framework. */
function absoluteEntries(path: string): string[] {
  return path.split(delimiter).filter((directory) => isAbsolute(directory));
}

/** A PATH directory that we cannot read offers no program. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
