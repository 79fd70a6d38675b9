/** docs/configuration.md names every key, variable and default, and its examples are right. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { SETTING_VARIABLES } from '../../src/config/settings.ts';
import { experimentSchemaText } from '../../src/config/index.ts';
import { experimentSchema } from '../../src/config/frameworks.ts';
import { adapters } from '../../src/frameworks/index.ts';
import { IGNORED_DIRECTORIES } from '../../src/store/index.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8');

interface Key {
  readonly key: string;
  readonly preset: unknown;
}

/** Keys that hold no further keys, as the tables write them. */
function keysOf(node: any, path: string): Key[] {
  return Object.entries<any>(node.properties ?? {}).flatMap(([name, child]) => {
    const key = path === '' ? name : `${path}.${name}`;
    // Frameworks have theirs by adapter, below `$defs`.
    if (key === 'frameworks') return [];
    if (child.type === 'object' && child.properties !== undefined) return keysOf(child, key);
    if (child.items?.properties !== undefined) return keysOf(child.items, `${key}[]`);
    if (child.additionalProperties?.properties !== undefined) return keysOf(child.additionalProperties, `${key}.<name>`);
    return [{ key, preset: child.default }];
  });
}

const { $defs, ...root } = JSON.parse(experimentSchemaText(adapters));
const ofFrameworks = Object.values($defs).flatMap((shape) => keysOf(shape, 'frameworks.<name>'));
const keys = new Map([...keysOf(root, ''), ...ofFrameworks].map((each) => [each.key, each]));

for (const { key, preset } of keys.values()) {
  test(`docs/configuration.md has ${key} with its default`, () => {
    const short = key
      .replace('pricing.models.<name>.', '')
      .replace('frameworks.<name>.endpoint.', 'endpoint.')
      .replace('frameworks.<name>.validation.', 'validation.')
      .replace('validation.http[].', '');
    const row = text
      .split('\n')
      .find((line) => line.startsWith('|') && !line.startsWith('| `--') && line.includes(`\`${short}\``));
    assert.ok(row, `no row with \`${short}\``);
    if (typeof preset === 'number' || (typeof preset === 'string' && preset !== '')) assert.ok(row.includes(String(preset)), row);
  });
}

test('docs/configuration.md lists every variable and every ignored directory', () => {
  for (const name of [...SETTING_VARIABLES, ...IGNORED_DIRECTORIES]) assert.ok(text.includes(`\`${name}\``), name);
});

test('the examples of docs/configuration.md are accepted', () => {
  const blocks = [...text.matchAll(/```yaml\n(.*?)```/gs)].map((match) => match[1]!);
  assert.ok(blocks.length >= 3);
  for (const block of blocks) {
    const needed = { frameworks: { baseline: {} }, steps: [{ id: 1, name: 'a', prompt_file: 'a.txt' }] };
    const written = { ...needed, ...parse(block) };
    const result = experimentSchema(written, adapters).safeParse(written);
    assert.ok(result.success, `${block}\n${result.error?.message}`);
  }
});
