/** docs/metrics.md defines every metric and names every field of metrics.json. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import { AggregateMetrics, RunMetrics } from '../../src/schema/index.ts';

const text = readFileSync(join(import.meta.dirname, '../../docs/metrics.md'), 'utf8');

test('docs/metrics.md has a row with a definition for each metric', () => {
  for (const name of Object.keys(AggregateMetrics.shape)) {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
    assert.ok(row, `no row for ${name}`);
    assert.equal(row.split(' | ').length, 4, `${name}: unit, definition, null when`);
  }
});

test('docs/metrics.md names every field of metrics.json', () => {
  const names = new Set<string>();
  JSON.stringify(z.toJSONSchema(RunMetrics), (key, value: unknown) => {
    if (key === 'properties') Object.keys(value as object).forEach((name) => names.add(name));
    return value;
  });
  assert.ok(names.size > 60);
  assert.deepEqual(
    [...names].filter((name) => !text.includes(`\`${name}\``)),
    [],
  );
});
