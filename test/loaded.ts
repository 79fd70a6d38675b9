/** Which files a program loads: what an import costs is decided by them. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';

/** File URLs that are loaded while `code` runs, a module's text in which `await import(…)` can stand. */
export function loadedBy(code: string, env: NodeJS.ProcessEnv = process.env): string[] {
  const script = `import { registerHooks } from 'node:module';
    const seen = [];
    registerHooks({ load(url, context, next) { seen.push(url); return next(url, context); } });
    ${code}
    console.error(JSON.stringify(seen.filter((url) => url.startsWith('file:'))));`;
  const done = spawnSync(process.execPath, ['--input-type=module', '-e', script], { env });
  assert.equal(done.status, 0, done.stderr.toString());
  return JSON.parse(done.stderr.toString()) as string[];
}

/** The packages among them, each once, sorted. */
export function packagesIn(urls: readonly string[]): string[] {
  const names = urls.flatMap((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []);
  return [...new Set(names)].toSorted();
}

/** The areas of `src/` among them, each once, sorted. */
export function areasIn(urls: readonly string[]): string[] {
  return [...new Set(urls.flatMap((url) => /\/src\/([^/]+)\//.exec(url)?.[1] ?? []))].toSorted();
}
