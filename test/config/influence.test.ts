/** Every setting is in one of the two lists, and every row is a setting. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { z } from 'zod';
import { INFLUENTIAL, NOT_INFLUENTIAL } from '../../src/config/influence.ts';
import { SETTINGS } from '../../src/config/settings.ts';
import { adapters } from '../../src/frameworks/index.ts';
import { ExperimentConfig } from '../../src/schema/index.ts';

type Schema = z.core.JSONSchema.JSONSchema;

/** Key paths without keys below them; of a choice of shapes, those of each. */
function leavesOf(schema: Schema, path = ''): string[] {
  const found = [schema, ...(schema.anyOf ?? [])].flatMap((one) => {
    const below = (child: unknown, at: string) =>
      typeof child === 'object' && child !== null && ('properties' in child || 'anyOf' in child)
        ? leavesOf(child as Schema, at).filter((leaf) => leaf !== at)
        : [];
    return [
      ...Object.entries(one.properties ?? {}).flatMap(([key, child]) =>
        leavesOf(child as Schema, path === '' ? key : `${path}.${key}`),
      ),
      ...below(one.items, `${path}[]`),
      ...below(one.additionalProperties, `${path}.<name>`),
    ];
  });
  return found.length > 0 ? found : [path];
}

test('every setting is classified by its influence on results, and no unknown setting is listed', () => {
  const root = z.toJSONSchema(ExperimentConfig, { io: 'input' });
  const ofAdapters = Object.values(adapters).flatMap(({ settings }) => Object.keys(settings?.keys ?? {}));
  const keys = [...leavesOf(root), ...ofAdapters.map((key) => `frameworks.<name>.${key}`)];
  assert.ok(keys.length > 90, String(keys.length));
  // The model is both a key and a setting outside the file.
  const settings = new Set([...keys, ...Object.keys(SETTINGS)]);
  const rows = [...INFLUENTIAL, ...NOT_INFLUENTIAL];
  assert.deepEqual(
    [...settings].filter((name) => !rows.includes(name)),
    [],
    'in neither list of src/config/influence.ts',
  );
  assert.deepEqual(
    rows.filter((row) => !settings.has(row)),
    [],
    'no such setting',
  );
  assert.deepEqual(
    rows.filter((row, index) => rows.indexOf(row) !== index),
    [],
    'named twice',
  );
});
