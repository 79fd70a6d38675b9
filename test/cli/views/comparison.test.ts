/** `stepwell compare`, and the comparison at the end of a run of several frameworks. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { ComparedGroup, Spread } from '../../../src/catalog/index.ts';
import { comparisonMarkdown, comparisonText } from '../../../src/cli/views/comparison.ts';
import { widthOf } from '../../../src/terminal/index.ts';
import { newCliDirectory } from '../child.ts';
import { writeExperiment } from '../experiment.ts';

const place = newCliDirectory();
after(() => place.remove());

const spread = (median: number, min = median, max = median, runs = 5): Spread => ({ runs, median, min, max });

const group = (framework: string, changes: Partial<ComparedGroup> = {}): ComparedGroup => ({
  framework,
  kind: 'real',
  model: 'gpt-4o-mini',
  runs: 5,
  succeeded: 4,
  left_out: 0,
  checks: ['01234567'],
  figures: {
    steps_succeeded: spread(6, 4, 6),
    steps_total: spread(6),
    api_calls: spread(18, 18, 20),
    tokens_in: spread(123_456, 120_000, 1_234_567),
    tokens_out: null,
    cost_usd: spread(0.1234, 0.1, 2.5, 3),
    duration_seconds: spread(65, 59.4, 7200),
    downtime_seconds: spread(0),
    crud_score: spread(0.75, 0.3333, 1),
  },
  ...changes,
});

test('the table has a column for each framework and prints unknown figures as unknown', () => {
  assert.deepEqual(comparisonText([group('baes', { left_out: 2 }), group('ghspec', { runs: 1, succeeded: 1 })], 80), [
    '             baes                         ghspec',
    'model        gpt-4o-mini                  gpt-4o-mini',
    'runs         5                            1',
    'succeeded    4 of 5 (80%)                 1 of 1',
    'steps done   6 (4–6)                      6 (4–6) n=5',
    'steps total  6                            6 n=5',
    'calls        18 (18–20)                   18 (18–20) n=5',
    'tokens in    123k (120k–1.2M)             123k (120k–1.2M) n=5',
    'tokens out   unknown                      unknown',
    'cost         $0.1234 ($0.1000–$2.50) n=3  $0.1234 ($0.1000–$2.50) n=3',
    'duration     1m 5s (59s–2h 0m)            1m 5s (59s–2h 0m) n=5',
    'downtime     0s                           0s n=5',
    'CRUD score   75% (33.3%–100%)             75% (33.3%–100%) n=5',
    '',
    'Median (min–max) of the runs; n: number of runs that have the figure.',
    'Left out: 2 runs without a result (still running, interrupted or crashed).',
  ]);
});

test('no line is wider than the terminal, whatever the number of frameworks', () => {
  const groups = Array.from({ length: 7 }, (_, index) => group(`framework-with-a-long-name-${index}`));
  for (const columns of [80, 120]) {
    const lines = comparisonText(groups, columns);
    assert.ok(lines.every((line) => widthOf(line) <= columns));
    assert.equal(lines.filter((line) => line.startsWith('calls')).length, columns === 80 ? 4 : 3);
  }
});

test('kinds of runs are named when one of them is not real', () => {
  const lines = comparisonText([group('baes'), group('baes', { kind: 'rehearsal' })], 80);
  assert.ok(lines.some((line) => /^kind +real +rehearsal$/.test(line)));
  assert.match(lines.at(-1)!, /A rehearsal or a replay calls no model/);
});

test('different checks are shown in a row and explained below, between frameworks and within one', () => {
  const alike = comparisonText([group('baes'), group('ghspec')], 80);
  assert.ok(alike.every((line) => !line.includes('checks')));

  const own = group('baes', { checks: ['ba987654'] });
  const apart = comparisonText([own, group('ghspec')], 80);
  assert.ok(apart.some((line) => /^checks +ba987654 +01234567$/.test(line)));
  assert.equal(apart.at(-1), 'Measured by different checks: success, downtime and CRUD score are not comparable.');
  const markdown = comparisonMarkdown([own, group('ghspec')]);
  assert.ok(markdown.includes('| checks | ba987654 | 01234567 |'));
  assert.match(markdown.at(-1)!, /^Measured by different checks/);

  const mixed = comparisonText([group('baes', { checks: ['ba987654', null] })], 80);
  assert.ok(mixed.some((line) => /^checks +2 sets$/.test(line)));
  assert.equal(mixed.at(-1), 'The runs of baes were not all measured by the same checks; its medians mix them.');

  // A framework without a run that came to its end was measured by none.
  const none = comparisonText([group('baes', { runs: 0, checks: [] }), group('ghspec')], 80);
  assert.ok(none.every((line) => !line.includes('checks')));
});

test('the cost of a rehearsal is none, not unknown; that of a real run without a price is unknown', () => {
  const figures = { ...group('a').figures, cost_usd: null };
  const lines = comparisonText([group('a', { kind: 'rehearsal', figures }), group('b', { figures })], 80);
  assert.match(lines.find((line) => line.startsWith('cost')) ?? '', /^cost +none +unknown$/);
});

test('a framework’s name cannot break the table or steer the terminal', () => {
  const [heads = ''] = comparisonText([group('a\u001b[31m\n')], 80);
  assert.match(heads, /^ +a\\x1b\[31m\\n$/);
  const [head = '', rule = ''] = comparisonMarkdown([group('a|b\n')]);
  assert.equal(head, '|  | a\\|b\\\\n |');
  assert.equal(rule, '|---|---:|');
});

test('run ends with a comparison of its frameworks, and `compare` prints the same afterwards', async () => {
  writeExperiment(place.dir, 'echo x > made-$1', { steps: 1 });
  const file = join(place.dir, 'config/experiment.yaml');
  const other = '  other:\n    adapter: command\n    command: [sh, -c, "exit 3"]\nsteps:\n';
  writeFileSync(file, readFileSync(file, 'utf8').replace('steps:\n', other));
  const done = await place.stepwell(['run', 'all']);
  assert.equal(done.code, 4, done.stderr);
  assert.match(done.stdout, /\n +other +tool\n[^]*\nsucceeded +0 of 1 +1 of 1\n/);
  assert.match(done.stdout, /\nkind +rehearsal +rehearsal\n[^]*\ntokens in +0 +0\n[^]*\nCRUD score +unknown +unknown\n/);

  const one = await place.stepwell(['run', 'tool']);
  assert.doesNotMatch(one.stdout, /Median/);

  const all = await place.stepwell(['compare']);
  assert.match(all.stdout, /^ +other +tool\n(.*\n)*runs +1 +2\n/);
  const markdown = await place.stepwell(['compare', 'tool', '--markdown']);
  assert.match(markdown.stdout, /^\| +\| tool \|\n\|---\|---:\|\n(.*\n)*\| succeeded \| 2 of 2 \(100%\) \|\n/);
  const json = (await place.stepwell(['compare', '--json'])).stdout.trim().split('\n');
  const groups = json.map((line) => JSON.parse(line) as ComparedGroup);
  assert.deepEqual(
    groups.map(({ framework, runs, succeeded }) => [framework, runs, succeeded]),
    [
      ['other', 1, 0],
      ['tool', 2, 2],
    ],
  );
  assert.equal(groups[1]?.figures.crud_score, null);

  const unknown = await place.stepwell(['compare', 'tool', 'tol']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /tol[^]*fix: Frameworks with runs: other, tool\./);
});
