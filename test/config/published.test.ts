/** Files that ship: the generated schemas and the default experiment. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters } from '../../src/frameworks.ts';
import { loadConfig } from '../../src/config.ts';
import type { PublishedSchema } from '../../src/schema.ts';
import { FrameworkSettings, jsonSchemaText, PUBLISHED_SCHEMAS } from '../../src/schema.ts';

const root = join(import.meta.dirname, '../..');
const schemas = join(root, 'schemas');
const names = Object.keys(PUBLISHED_SCHEMAS) as PublishedSchema[];

for (const name of names) {
  test(`schemas/${name}.schema.json is current (else: node scripts/generate-schema.ts)`, () => {
    assert.ok(readFileSync(join(schemas, `${name}.schema.json`), 'utf8') === jsonSchemaText(name), 'the file differs');
  });
}

test('schemas/ holds nothing else', () => {
  assert.deepEqual(readdirSync(schemas).sort(), names.map((name) => `${name}.schema.json`).sort());
});

test('every key of experiment.yaml that a person sets is described', () => {
  const bare: string[] = [];
  const visit = (node: unknown, path: string): void => {
    if (typeof node !== 'object' || node === null) return;
    const { properties, ...rest } = node as { properties?: Record<string, object> };
    for (const [key, child] of Object.entries(properties ?? {})) {
      if (!('description' in child)) bare.push(`${path}${key}`);
      visit(child, `${path}${key}.`);
    }
    for (const child of Object.values(rest)) visit(child, path);
  };
  visit(JSON.parse(jsonSchemaText('experiment')), '');
  assert.deepEqual(bare, []);
});

test('the default experiment begins by naming its schema, and is accepted', () => {
  const file = join(root, 'config/experiment.yaml');
  assert.match(readFileSync(file, 'utf8'), /^# yaml-language-server: \$schema=\.\.\/schemas\/experiment\.schema\.json\n/);
  const resolved = loadConfig({ file, env: {}, cwd: root });
  assert.equal(resolved.rehearsal, true);
  assert.deepEqual(
    resolved.steps.map((step) => step.step),
    [1, 2, 3, 4, 5, 6],
  );
  assert.notEqual(resolved.hitl, null);
  assert.notEqual(resolved.config.validation.app, undefined);
  assert.deepEqual(resolved.warnings, []);
});

test('the description of `adapter` names every adapter', () => {
  const described = FrameworkSettings.shape.adapter.description ?? '';
  for (const name of Object.keys(adapters)) assert.ok(described.includes(`\`${name}\``), name);
});
