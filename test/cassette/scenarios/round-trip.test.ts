/** Random exchanges of one run, asked again by another: each gets what was answered, in its own words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startReplay } from '../../../src/cassette/index.ts';
import { createRedactor } from '../../../src/secrets/index.ts';
import { exchange, recorded, runPlace, type RunPlace } from '../exchanges.ts';

const SECRET = 'correct-horse-battery';

/** A text as a run would write it: parts of its own, of everybody, and a secret. */
type Part = (place: RunPlace) => string;
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.string({ maxLength: 8 }).map(
    (text): Part =>
      () =>
        text,
  ),
  fc.string({ unit: 'grapheme', maxLength: 5 }).map(
    (text): Part =>
      () =>
        text,
  ),
  fc.constantFrom<Part>(
    ({ runDir }) => `${runDir}/workspace/a.js`,
    ({ runId }) => runId,
    ({ runDir }) => encodeURIComponent(runDir),
    ({ runDir }) => `file://${encodeURI(runDir)}/x`,
    ({ runDir }) => JSON.stringify({ path: runDir }),
    () => '{{stepwell:run_dir}}',
    () => SECRET,
    () => '"\\\n',
  ),
);
const text: fc.Arbitrary<Part> = fc
  .array(part, { maxLength: 5 })
  .map((parts) => (place) => parts.map((each) => each(place)).join(' '));

interface Case {
  readonly ask: Part;
  readonly answer: Part;
  readonly status: number;
  /** Cut into so many pieces and streamed; 0: sent whole. */
  readonly pieces: number;
}
const one: fc.Arbitrary<Case> = fc.record({
  ask: text,
  answer: text,
  status: fc.constantFrom(200, 200, 400, 429, 500),
  pieces: fc.nat({ max: 6 }),
});

const requestOf = ({ ask }: Case, index: number, place: RunPlace): string =>
  JSON.stringify({ index, messages: [{ role: 'user', content: ask(place) }], seed: 12345678901 });

function answerOf({ answer, pieces }: Case, place: RunPlace): string {
  const said = answer(place);
  if (pieces === 0) return JSON.stringify({ choices: [{ message: { content: said } }], usage: null });
  const size = Math.max(1, Math.ceil(said.length / pieces));
  const deltas = Array.from({ length: Math.ceil(said.length / size) }, (_, at) => said.slice(at * size, (at + 1) * size));
  const events = deltas.map((content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`);
  return `${events.join('')}data: [DONE]\n\n`;
}

/** What the model said, and in how many events. */
function saidIn(body: string): { said: string; events: number } {
  if (body.startsWith('{')) {
    return {
      said: (JSON.parse(body) as { choices: { message: { content: string } }[] }).choices[0]?.message.content ?? '',
      events: 0,
    };
  }
  const events = body.split('\n\n').filter((event) => event.startsWith('data: {'));
  const deltas = events.map(
    (event) => (JSON.parse(event.slice(6)) as { choices: { delta: { content: string } }[] }).choices[0]?.delta.content ?? '',
  );
  return { said: deltas.join(''), events: events.length };
}

test('property: every recorded exchange is replayed, plain or streamed, in any order', async (t) => {
  const redactor = createRedactor({ values: [SECRET] });
  await fc.assert(
    fc.asyncProperty(fc.array(one, { maxLength: 6 }), fc.boolean(), async (cases, backwards) => {
      const [a, b] = [runPlace(t, undefined, 'my "é" place'), runPlace(t, '20261201-010203-zzzz')];
      const cassette = await recorded(
        a,
        cases.map((each, index) =>
          exchange(requestOf(each, index, a), answerOf(each, a), { status: each.status, streamed: each.pieces > 0 }),
        ),
        { redactor },
      );
      const kept = a.cassetteText();
      for (const own of [SECRET, a.runDir, a.runId]) assert.ok(!kept.includes(own), own);
      await b.inRun(async () => {
        await using replay = await startReplay({ strict: true });
        using upstream = replay.open({ cassette, ...b, redactor });
        const asked = [...cases.entries()];
        for (const [index, each] of backwards ? asked.reverse() : asked) {
          const response = await fetch(`${upstream.baseUrl}/chat/completions`, {
            method: 'POST',
            body: requestOf(each, index, b),
          });
          assert.equal(response.status, each.status);
          const [is, was] = [saidIn(await response.text()), saidIn(answerOf(each, b))];
          assert.deepEqual(is, { ...was, said: was.said.replaceAll(SECRET, '[redacted]') });
        }
      });
      const end = (await b.records()).find(({ event }) => event === 'replay_end');
      assert.deepEqual(end?.metadata, { exchanges: cases.length, used: cases.length, mismatches: 0 });
    }),
    { numRuns: 60 },
  );
});
