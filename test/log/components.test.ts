/** Every module logs as the component that docs/LOGGING_SYSTEM.md says. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { COMPONENTS } from '../../src/schema/index.ts';

const root = join(import.meta.dirname, '..', '..');

/** Calls of getLogger in the sources, outside of the log core: module → component. */
function loggersInSources(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of globSync('src/**/*.ts', { cwd: root })) {
    if (file.startsWith(join('src', 'log'))) continue;
    const text = readFileSync(join(root, file), 'utf8');
    const calls = text.matchAll(/getLogger\(\s*(['"`])(.+?)\1\s*(?:,\s*\{\s*component:\s*'(\w+)'\s*,?\s*\})?\s*\)/g);
    let count = 0;
    for (const [, , module = '', component = 'run'] of calls) {
      found.set(module.replace(/\$\{.*?\}/, '<name>'), component);
      count += 1;
    }
    assert.equal(count, text.match(/\bgetLogger\(/g)?.length ?? 0, `a call of getLogger in ${file} could not be read`);
  }
  return found;
}

const sorted = (map: Map<string, string>): string[][] => [...map].sort(([a], [b]) => a.localeCompare(b));

test('the documented table of modules and components matches the sources', () => {
  const guide = readFileSync(join(root, 'docs', 'LOGGING_SYSTEM.md'), 'utf8');
  const table = guide.slice(guide.indexOf('| module | component |')).split('\n\n')[0] ?? '';
  const documented = new Map(
    [...table.matchAll(/^\| `([^`]+)`.*? \| (\w+) \|$/gm)].map(([, module = '', component = '']) => [module, component]),
  );
  assert.deepEqual(sorted(documented), sorted(loggersInSources()));
  for (const component of documented.values()) assert.ok((COMPONENTS as readonly string[]).includes(component));
});
