/** The current directory, which what a message names is relative to; the root where the directory was removed. */
export function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}
