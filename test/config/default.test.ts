/** The configuration that comes with stepwell. */
import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import { adapters } from '../../src/frameworks/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import type { ValidationConfig } from '../../src/schema/index.ts';

const file = resolve(import.meta.dirname, '../../config/experiment.yaml');

test('the default experiment is valid, and each of its frameworks can be selected on the command line', () => {
  const all = loadConfig({ adapters, file, env: {} });
  assert.deepEqual(
    all.frameworks.map(({ name }) => name),
    ['baseline'],
  );
  assert.ok(all.leftOut.includes('baes') && all.leftOut.includes('pi'), String(all.leftOut));
  const named = loadConfig({ adapters, file, env: {}, flags: { frameworks: Object.keys(all.config.frameworks) } });
  assert.deepEqual(named.leftOut, []);
  assert.deepEqual(named.warnings, []);
});

test('BAEs gets checks for the same operations and entities as all other frameworks, at each step', () => {
  const { frameworks, steps } = loadConfig({ adapters, file, env: {}, flags: { frameworks: ['baseline', 'baes'] } });
  const [common, own] = frameworks.map(({ validation }) => validation);
  for (const { step } of steps) assert.deepEqual(gridOf(own!, step), gridOf(common!, step), `step ${step}`);
  assert.equal(gridOf(common!, 6).length, 20);
});

/** Entity and operation of what counts in the CRUD metrics of a step. */
function gridOf({ http }: ValidationConfig, step: number): string[] {
  const applying = http.filter((check) => check.from_step <= step && step <= (check.until_step ?? step));
  const pairs = applying
    .filter(({ operation }) => operation !== 'other')
    .map(({ entity, operation }) => `${entity} ${operation}`);
  return [...new Set(pairs)].toSorted();
}
