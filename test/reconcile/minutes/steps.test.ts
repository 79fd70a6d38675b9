/** What minutes can say of steps, and what they cannot. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { attemptsOf, HOUR, MINUTE, createFixture } from '../sealed-runs.ts';

test('a step without a minute boundary is not resolvable, where the original system read 0', async () => {
  await using here = await createFixture();
  const runDir = await here.make({
    id: 'one',
    steps: 5,
    calls: [
      // Within one minute, between two boundaries: the original read 0 for it.
      { step: 1, at: 10_000, input: 1234 },
      { step: 1, at: 40_000, input: 66 },
      // Shorter than a minute over a boundary: it would have read its neighbors' use as its own.
      { step: 2, at: 50_000, lasts: 20_000, input: 500 },
      // Longer than a minute, and its last minute is step 4's as well.
      { step: 3, at: 3 * MINUTE, lasts: 90_000, input: 300 },
      { step: 4, at: 4 * MINUTE + 40_000, lasts: 2 * MINUTE, input: 200 },
    ],
  });
  await here.at(HOUR);
  const { steps } = (await attemptsOf(runDir)).at(-1)!;
  assert.deepEqual(
    steps.map(({ step, resolution, seconds, ledger, at_least, at_most }) => [
      step,
      resolution,
      seconds,
      ledger.input_tokens,
      at_least?.input_tokens ?? null,
      at_most?.input_tokens ?? null,
    ]),
    [
      [1, 'not_resolvable', 31, 1300, null, null],
      [2, 'not_resolvable', 20, 500, null, null],
      [3, 'bound', 90, 300, 0, 300],
      [4, 'bound', 120, 200, 200, 500],
      [5, 'no_calls', null, 0, null, null],
    ],
  );
});

test('a step with its own minutes is resolved as whole until another run shares them', async () => {
  await using here = await createFixture();
  const calls = [{ step: 1, at: 0, lasts: 2 * MINUTE, input: 900 }];
  const alone = await here.make({ id: 'alone', calls });
  await here.at(HOUR);
  assert.deepEqual((await attemptsOf(alone)).at(-1)!.steps[0]?.resolution, 'whole');
  const later = await here.make({ id: 'later', calls: [{ step: 1, at: MINUTE, input: 100 }] });
  await here.at(2 * HOUR);
  const [step] = (await attemptsOf(alone)).at(-1)!.steps;
  assert.deepEqual([step?.resolution, step?.at_least?.input_tokens, step?.at_most?.input_tokens], ['bound', 900, 1000]);
  assert.equal((await attemptsOf(later)).at(-1)!.steps[0]?.resolution, 'not_resolvable');
});

test('steps are kept only from readings that have figures and count', async () => {
  await using here = await createFixture({ delayMs: 90 * MINUTE });
  const runDir = await here.make({ id: 'one', calls: [{ at: 0, lasts: 2 * MINUTE, input: 900 }] });
  const summaries = [];
  for (const at of [HOUR, 2 * HOUR, 2 * HOUR + MINUTE]) summaries.push((await here.at(at))[0]!.summary!);
  assert.deepEqual(
    (await attemptsOf(runDir)).map(({ state, steps }) => [state, steps.length]),
    [
      ['pending', 0],
      ['provisional', 1],
      ['provisional', 0],
    ],
  );
  assert.deepEqual(summaries[2]?.steps, summaries[1]?.steps, 'those of the reading that counts stand');
});
