/** Every field of every file that stepwell writes is explained in docs/format.md, and nothing there names an event that does not exist. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { z } from 'zod';
import * as log from '../../src/log/index.ts';
import * as schema from '../../src/schema/index.ts';
import { root } from '../checkout.ts';

const text = readFileSync(join(root, 'docs/format.md'), 'utf8');

/** All property names of a schema, nested ones included, from its JSON Schema. */
function fieldsOf(type: z.ZodType): Set<string> {
  const names = new Set<string>();
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'properties') Object.keys(value as object).forEach((name) => names.add(name));
      visit(value);
    }
  };
  visit(z.toJSONSchema(type, { unrepresentable: 'any' }));
  return names;
}

const files = {
  'a log record': schema.LogRecord,
  'hitl_events.jsonl': schema.HitlEvent,
  'cassette.jsonl': schema.CassetteExchange,
  'metadata.json': schema.RunMetadata,
  'metrics.json': schema.RunMetrics,
  'runs_manifest.json': schema.RunsManifest,
};
for (const [name, type] of Object.entries(files)) {
  test(`docs/format.md names every field of ${name}`, () => {
    const missing = [...fieldsOf(type)].filter((field) => !text.includes(`\`${field}\``));
    assert.deepEqual(missing, []);
  });
}

for (const [event, type] of Object.entries(schema.EVENT_METADATA)) {
  test(`docs/format.md explains the event ${event} and its fields`, () => {
    const row = text.split('\n').find((line) => line.startsWith(`| \`${event}\` |`));
    assert.ok(row, `no row for ${event}`);
    const missing = [...fieldsOf(type)].filter((field) => !row.includes(`\`${field}\``));
    assert.deepEqual(missing, []);
  });
}

test('docs/format.md names no event that does not exist', () => {
  const named = [...text.matchAll(/^\| `([a-z_.]+)` \| (?:run|orchestrator|adapter|metrics|validator|reconciliation|any)/gm)].map(
    (match) => match[1]!,
  );
  assert.deepEqual(
    named.filter((event) => !(event in schema.EVENT_METADATA)),
    [],
  );
});

test('every event that stepwell records is in the table', () => {
  const unknown: string[] = [];
  let found = 0;
  for (const path of globSync('src/**/*.ts', { cwd: root })) {
    const text = readFileSync(join(root, path), 'utf8');
    // A property `event`, its value a literal or a choice between two; a parameter of that name is none.
    for (const [, ...events] of text.matchAll(/(?:[{,]\s*|^\s*)event: (?:[^,\n?]*\? )?'([\w.]+)'(?: : '([\w.]+)')?/gm)) {
      for (const event of events.filter((each) => each !== undefined)) {
        found++;
        if (!(event in schema.EVENT_METADATA)) unknown.push(`${path}: ${event}`);
      }
    }
  }
  assert.deepEqual(unknown, []);
  assert.ok(found > 40, `only ${found} events were found: this test looks in the wrong place`);
});

test('docs/LOGGING_SYSTEM.md names everything that stepwell/log exports', () => {
  const guide = readFileSync(join(root, 'docs/LOGGING_SYSTEM.md'), 'utf8');
  assert.deepEqual(
    Object.keys(log).filter((name) => !guide.includes(name)),
    [],
  );
});
