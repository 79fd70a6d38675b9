/** Exits with 0 when node_modules holds what package-lock.json asks for, whoever installed it. Runs on Node 20. */
import { existsSync, readFileSync } from 'node:fs';

function packagesOf(file) {
  try {
    const { '': _project, ...packages } = JSON.parse(readFileSync(file, 'utf8')).packages;
    return packages;
  } catch {
    return null;
  }
}

const locked = packagesOf('package-lock.json');
// npm's own note of what it has put there.
const installed = packagesOf('node_modules/.package-lock.json');

function isThere([path, { version, integrity, optional }]) {
  const found = installed[path];
  // A package for another platform is left out.
  if (found === undefined) return optional === true;
  return found.version === version && found.integrity === integrity && existsSync(path);
}

const complete =
  locked !== null &&
  installed !== null &&
  Object.entries(locked).every(isThere) &&
  Object.keys(installed).every((path) => Object.hasOwn(locked, path));
process.exitCode = complete ? 0 : 1;
