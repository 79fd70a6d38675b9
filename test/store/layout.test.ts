/** The names of files stand in one place. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as layout from '../../src/store/layout.ts';

const root = join(import.meta.dirname, '../..');
const names = new Set(
  Object.values(layout)
    .filter((value) => typeof value === 'string')
    .flatMap((path) => path.split('/'))
    .filter((name) => name.includes('.')),
);

/** Where a text is nothing but such a name, or a path that ends in one. Sentences may name a file. */
function namesIn(code: string): string[] {
  const strings = [...code.matchAll(/'[^'\n]*'|`[^`\n]*`|"[^"\n]*"/g)].map(([text]) => text.slice(1, -1));
  return strings.filter((text) => !text.includes(' ') && text.split('/').some((part) => names.has(part)));
}

test('no other file of src spells the name of a file that the layout knows', () => {
  assert.ok(names.has('run.log') && names.has('runs_manifest.json') && names.has('setup.log'), [...names].join());
  const found = globSync('src/**/*.ts', { cwd: root })
    .filter((file) => file !== 'src/store/layout.ts')
    .flatMap((file) => {
      const lines = readFileSync(join(root, file), 'utf8').split('\n');
      // The titles of published schemas are for people; the schema stands below the layout.
      const code = lines.filter((line) => !/^\s*(\/\/|\/?\*)/.test(line) && !line.includes(' title: '));
      return code.flatMap(namesIn).map((name) => `${file}: ${name}`);
    });
  assert.deepEqual(found, []);
});
