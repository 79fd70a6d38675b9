/** Files that ship: the generated schemas and the default experiment. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters } from '../../../src/frameworks/index.ts';
import { experimentSchemaText, loadConfig } from '../../../src/config/index.ts';
import type { PublishedSchema } from '../../../src/schema/index.ts';
import { jsonSchemaText, PUBLISHED_SCHEMAS } from '../../../src/schema/index.ts';

const root = join(import.meta.dirname, '../../..');
const schemas = join(root, 'schemas');
const schemaText = (name: PublishedSchema): string =>
  name === 'experiment' ? experimentSchemaText(adapters) : jsonSchemaText(name);
const names = Object.keys(PUBLISHED_SCHEMAS) as PublishedSchema[];

for (const name of names) {
  test(`schemas/${name}.schema.json is current (else: node scripts/generate-schema.ts)`, () => {
    assert.ok(readFileSync(join(schemas, `${name}.schema.json`), 'utf8') === schemaText(name), 'the file differs');
  });
}

test('schemas/ contains only generated schemas', () => {
  assert.deepEqual(readdirSync(schemas).sort(), names.map((name) => `${name}.schema.json`).sort());
});

test('every key of experiment.yaml has a description in the schema', () => {
  const bare: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    // A condition names keys that are described elsewhere.
    const { properties, if: _, ...rest } = node as { properties?: Record<string, object>; if?: unknown };
    for (const [key, child] of Object.entries(properties ?? {})) {
      if (!('description' in child)) bare.push(`${path}${key}`);
      visit(child, `${path}${key}.`);
    }
    for (const child of Object.values(rest)) visit(child, path);
  };
  visit(JSON.parse(schemaText('experiment')), '');
  assert.deepEqual(bare, []);
});

test('the default experiment begins by naming its schema, and is accepted', () => {
  const file = join(root, 'config/experiment.yaml');
  assert.match(readFileSync(file, 'utf8'), /^# yaml-language-server: \$schema=\.\.\/schemas\/experiment\.schema\.json\n/);
  const resolved = loadConfig({ adapters, file, env: {}, cwd: root });
  assert.equal(resolved.rehearsal, true);
  assert.deepEqual(
    resolved.steps.map((step) => step.step),
    [1, 2, 3, 4, 5, 6],
  );
  assert.notEqual(resolved.hitl, null);
  assert.notEqual(resolved.config.validation.app, undefined);
  assert.deepEqual(resolved.warnings, []);
});

test('the schema lists every adapter for completion', () => {
  const { $defs } = JSON.parse(schemaText('experiment'));
  assert.deepEqual($defs.every_framework.properties.adapter.examples, Object.keys(adapters));
});

test('the schema offers for a framework the keys of its adapter, and no others', () => {
  const { properties, $defs } = JSON.parse(schemaText('experiment'));
  const at = (ref: string): any => $defs[ref.replace('#/$defs/', '')];
  const keysOf = (name: string): string[] => Object.keys(at(properties.frameworks.properties[name].else.$ref).properties);
  const common = ['adapter', 'enabled', 'model', 'endpoint', 'validation', 'env'];
  const own = Object.keys(adapters).map((name) => [name, keysOf(name).filter((key) => !common.includes(key))]);
  const source = ['repo_url', 'commit_hash', 'python', 'install_dir'];
  const agent = (name: string): [string, string[]] => [name, ['command']];
  assert.deepEqual(Object.fromEntries(own), {
    ...Object.fromEntries(['pi', 'codex', 'opencode', 'mini-swe-agent', 'claude', 'gemini', 'qwen', 'copilot'].map(agent)),
    baes: source,
    baseline: [],
    chatdev: source,
    command: ['command'],
    ghspec: ['command', 'agent', 'python', 'install_dir'],
  });
  for (const name of Object.keys(adapters)) {
    assert.equal(at(`#/$defs/framework_${name}`).additionalProperties, false);
    const named = $defs.framework.allOf.find((each: any) => each.if.properties?.adapter.const === name);
    assert.equal(named.then.$ref, `#/$defs/framework_${name}`, 'also where the framework has another name');
  }
});
