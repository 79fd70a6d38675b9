import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { ReconciliationSummary, RunMetrics, RunSummary, type ReconciliationAttempt } from '../../src/schema/index.ts';
import { parseRecord, type ReadItem } from '../../src/store/index.ts';
import {
  computeMetrics,
  foldRecords,
  foldReconciliation,
  LogSummarizer,
  readReconciliation,
  renderJson,
  renderMarkdown,
  renderText,
} from '../../src/summary/index.ts';
import { fileWidthOf } from '../../src/terminal/wrap.ts';
import { GOLDEN } from './generate.ts';
import { attempt, attemptLine, comparison, figures, MEASURED, reading, STEPS, verified } from './reconciliation-attempts.ts';
import { Recording, RUN_ID } from './recording.ts';

const UPDATE = process.env['STEPWELL_UPDATE_GOLDENS'] === '1';
const root = mkdtempSync(join(tmpdir(), 'stepwell-reconciliation-'));
after(() => rmSync(root, { recursive: true, force: true }));

function items(...lines: string[]): ReadItem[] {
  return lines.map((line, index) => {
    const parsed = parseRecord(line.trimEnd());
    const place = { file: 'logs/reconciliation.log', line: index + 1 };
    return parsed.ok
      ? { record: parsed.record, ...place }
      : { damaged: { ...place, bytes: line.length, reason: parsed.reason, torn: false } };
  });
}

const at = (hour: number, minute = 0): string => new Date(Date.UTC(2026, 10, 22, hour, minute)).toISOString();

/** An attempt at which the provider could not be asked. */
const refused = (number: number): ReconciliationAttempt =>
  attempt({
    attempt: number,
    state: 'unavailable',
    reason: 'The provider answered 403: the key lacks the scope api.usage.read',
    window: null,
    reading: null,
    comparison: null,
    steps: [],
    equal_readings: 1,
  });

describe('the fold', () => {
  test('records without attempts fold to null', async () => {
    assert.equal(await foldReconciliation([]), null);
    const other = '{"level":"info","timestamp":"2026-11-22T15:00:00.000Z","message":"noted","component":"reconciliation"}';
    assert.equal(await foldReconciliation(items(other)), null);
  });

  test('every attempt is listed, and the last one determines the state', async () => {
    const folded = await foldReconciliation(
      items(
        attemptLine(attempt(), at(15)),
        attemptLine(refused(2), at(15, 30)),
        attemptLine(verified({ attempt: 3 }), at(16, 1)),
      ),
    );
    assert.deepEqual(ReconciliationSummary.parse(folded), folded);
    assert.deepEqual(
      folded?.attempts.map((one) => [one.attempt, one.timestamp, one.status, one.total_tokens_in, one.total_api_calls]),
      [
        [1, at(15), 'provisional', 9000, 9],
        [2, at(15, 30), 'unavailable', null, null],
        [3, at(16, 1), 'verified', 9000, 9],
      ],
    );
    assert.equal(folded.verification_status, 'verified');
    assert.equal(folded.last_attempt_at, at(16, 1));
  });

  test('an attempt without an answer keeps the newest known figures', async () => {
    const folded = await foldReconciliation(items(attemptLine(attempt(), at(15)), attemptLine(refused(2), at(16))));
    assert.equal(folded?.verification_status, 'unavailable');
    assert.match(folded.verification_message, /403/);
    assert.deepEqual(folded.last_reading, attempt().reading);
    assert.deepEqual(folded.comparison, attempt().comparison);
    assert.deepEqual(folded.window, attempt().window);
    assert.deepEqual(folded.steps, STEPS);
  });

  test('raw responses, torn lines and attempts of another shape are skipped', async () => {
    const broken = attemptLine(attempt(), at(15)).replace('"state":"provisional"', '"state":"certain"');
    const folded = await foldReconciliation(
      items(attemptLine(attempt(), at(15)), broken, attemptLine(verified(), at(16)).slice(0, 300)),
    );
    assert.deepEqual(
      folded?.attempts.map((one) => one.attempt),
      [1],
    );
  });
});

describe('reading reconciliation from a run', () => {
  function runDir(name: string, log: string | null, bytes: number | null): string {
    const dir = join(root, name);
    mkdirSync(join(dir, 'logs'), { recursive: true });
    if (log !== null) writeFileSync(join(dir, 'logs/reconciliation.log'), log);
    const reconciliation =
      bytes === null
        ? null
        : { verification_status: 'pending', attempts: 1, last_attempt_at: at(15), log_bytes: bytes, log_sha256: 'x' };
    writeFileSync(join(dir, 'metadata.json'), JSON.stringify({ reconciliation }));
    return dir;
  }
  const first = attemptLine(attempt(), at(15));
  const both = first + attemptLine(verified(), at(16));
  const attempts = async (dir: string, all = false): Promise<number> =>
    (await readReconciliation(dir, { all }))?.attempts.length ?? 0;

  test('the log is read up to the size in metadata.json, or whole without one', async () => {
    const dir = runDir('confirmed', both, first.length);
    assert.deepEqual([await attempts(dir), await attempts(dir, true)], [1, 2]);
  });

  test('there is none before the first confirmed attempt', async () => {
    const dir = runDir('unconfirmed', first, null);
    assert.deepEqual([await attempts(dir), await attempts(dir, true)], [0, 1]);
  });

  test('there is none without a log or with invalid metadata.json', async () => {
    assert.deepEqual([await attempts(runDir('no-log', null, 10)), await attempts(runDir('none', null, null), true)], [0, 0]);
    const dir = runDir('broken', first, null);
    writeFileSync(join(dir, 'metadata.json'), '{');
    assert.equal(await attempts(dir), 0);
    assert.equal(await attempts(join(root, 'nowhere'), true), 0);
  });

  test('a clone without logs reads it from metrics.json', async () => {
    const dir = runDir('clone', first, first.length);
    const folded = await readReconciliation(dir);
    rmSync(join(dir, 'logs'), { recursive: true });
    assert.equal(await readReconciliation(dir), null);
    writeFileSync(join(dir, 'metrics.json'), JSON.stringify({ usage_api_reconciliation: folded }));
    assert.deepEqual(await readReconciliation(dir), folded);
  });

  test('the summarizer adds the section to the text of the sealed logs', async () => {
    const dir = join(root, 'summarized');
    new Recording().start(1).goodStep(1, 1).end().write(dir);
    const summarizer = new LogSummarizer(RUN_ID, 'baseline', dir);
    assert.doesNotMatch(await summarizer.generateSummary(), /RECONCILIATION/);
    const log = attemptLine(attempt(), at(15));
    writeFileSync(join(dir, 'logs/reconciliation.log'), log);
    const sealed = { files: { 'logs/run.log': readFileSync(join(dir, 'logs/run.log')).length }, logged_after: [] };
    const confirmed = { verification_status: 'provisional', attempts: 1, last_attempt_at: at(15), log_sha256: 'x' };
    const reconciliation = { ...confirmed, log_bytes: log.length };
    writeFileSync(join(dir, 'metadata.json'), JSON.stringify({ archive: null, sealed, reconciliation }));
    const text = await summarizer.generateSummary();
    assert.match(text, /RECONCILIATION SUMMARY\n=+\nStatus: PROVISIONAL\n/);
    assert.match(text, /^Log Lines: 2 .* in 1 file$/m, 'the log of the reconciliation is none of the sealed ones');
  });
});

/** Three steps with nine calls; what the fold of its logs says. */
async function run(): Promise<RunSummary> {
  const recording = new Recording().start(3).prepare().phaseStart('steps');
  recording.goodStep(1, 2, []).goodStep(2, 3, []).goodStep(3, 4, []);
  recording.phaseEnd('steps', 33.3).stop().end();
  return await foldRecords(recording.items());
}

const CASES: Record<string, ReconciliationAttempt[]> = {
  verified: [attempt(), verified()],
  mismatch: [
    attempt({ reading: reading(at(15), figures(9900, 2400, 3600, 11)), comparison: comparison(figures(9900, 2400, 3600, 11)) }),
    verified({
      state: 'mismatch',
      reason:
        '2 equal readings, 61 minutes apart, outside 1% of the ledger: the provider counts 900 input and 150 output tokens more',
      verified_at: null,
      reading: reading(at(16, 1), figures(9900, 2400, 3600, 11)),
      comparison: comparison(figures(9900, 2400, 3600, 11), {
        claim: figures(8000, 2000, null, null),
        explanations: [
          'Other use of the key: the answer has 2 API keys, so another program may have used the same project at that time.',
          'Retries outside the proxy: a client that goes to the provider directly is billed and not measured.',
        ],
      }),
    }),
  ],
  shared: [
    attempt({
      reading: reading(at(15), figures(21_000, 5000, 8000, 20), {
        own: figures(1000, 250, 400, 1),
        shared_minutes: 2,
        shared_with: [
          { framework: 'chatdev', run_id: '20261122-141510-aaaa' },
          { framework: 'a-framework-of-a-long-name-indeed-which-goes-on-and-on', run_id: '20261122-141510-bbbb' },
        ],
        cost: { usd: 1.234, start: '2026-11-22T00:00:00.000Z', end: '2026-11-23T00:00:00.000Z' },
      }),
      comparison: comparison(figures(21_000, 5000, 8000, 20), { joint_ledger: figures(21_000, 5000, 8000, 20) }),
    }),
  ],
  unavailable: [refused(1)],
  'no-calls': [
    verified({
      attempt: 1,
      reading: reading(at(15), figures(0, 0, 0, 0), { minutes_with_usage: 0 }),
      comparison: comparison(figures(0, 0, 0, 0), { ledger: figures(0, 0, 0, 0), difference_percent: null }),
      steps: [1, 2, 3].map((step) => ({
        step,
        resolution: 'no_calls' as const,
        seconds: null,
        ledger: figures(0, 0, 0, 0),
        at_least: null,
        at_most: null,
      })),
    }),
  ],
  // Anthropic: no number of calls; many steps, attempts and explanations; huge figures; text that would harm a terminal.
  large: Array.from({ length: 40 }, (_, index) =>
    attempt({
      attempt: index + 1,
      provider: 'anthropic',
      filter: { api_key_id: `apikey_${'x'.repeat(60)}`, project_id: null, workspace_id: 'wrkspc_\u001b[31mred' },
      reason: `${'a long reason that goes on '.repeat(12)}\u202e`,
      state: index === 39 ? 'mismatch' : 'pending',
      waiting_ended: index === 39,
      comparison: comparison(figures(123_456_789_012, 98_765_432_109, null, null), {
        joint_ledger: figures(111_111_111_111, 99_999_999_999, 1, 1_000_000),
        ledger: figures(100_000_000_000, 90_000_000_000, 1, 900_000),
        explanations: Array.from(
          { length: 12 },
          (_, number) => `Explanation ${number}: ${'because of this and that '.repeat(20)}`,
        ),
      }),
      steps: Array.from({ length: 300 }, (_, step) => ({ ...(STEPS[step % 3] as (typeof STEPS)[number]), step: step + 1 })),
    }),
  ),
};

function assertGolden(name: string, actual: string): void {
  const path = join(GOLDEN, name);
  if (UPDATE) writeFileSync(path, actual);
  assert.equal(actual, existsSync(path) ? readFileSync(path, 'utf8') : '(there is no golden of that name)');
}

describe('renderings', () => {
  for (const [name, attempts] of Object.entries(CASES)) {
    test(name, async () => {
      const before = await run();
      const reconciliation = await foldReconciliation(
        items(...attempts.map((one, index) => attemptLine(one, at(15 + Math.floor(index / 60), index % 60)))),
      );
      const summary = { ...before, reconciliation };
      assert.deepEqual(RunSummary.parse(JSON.parse(JSON.stringify(summary))), summary);
      const text = renderText(summary, null);
      for (const line of text.split('\n')) assert.ok(fileWidthOf(line) <= 80, `${fileWidthOf(line)} columns: ${line}`);
      assert.ok(Buffer.byteLength(text) <= 10_240, `${Buffer.byteLength(text)} bytes`);
      // eslint-disable-next-line no-control-regex
      assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
      assertGolden(`reconciliation-${name}.txt`, `${sectionOf(text)}\n`);
      assertGolden(`reconciliation-${name}.md`, `${blockOf(renderMarkdown(summary, null))}\n`);
      assert.deepEqual(JSON.parse(renderJson(summary, null)).reconciliation, reconciliation);

      const [metrics, measured] = [computeMetrics(summary), computeMetrics(before)];
      assert.deepEqual(RunMetrics.parse(JSON.parse(JSON.stringify(metrics))), metrics);
      assert.equal(metrics.verification_status, attempts.at(-1)?.state);
      assert.deepEqual(metrics.usage_api_reconciliation, reconciliation);
      assert.deepEqual(
        { ...metrics, verification_status: 'pending', usage_api_reconciliation: null },
        measured,
        'measured values stand as they were',
      );
      assert.equal(text.replace(`${sectionOf(text)}\n\n`, ''), renderText(before, null), 'nor does anything else change');
    });
  }
});

describe('before the first attempt', () => {
  const status = async (start: Parameters<Recording['start']>[1], calls: number): Promise<string> =>
    computeMetrics(await foldRecords(new Recording().start(1, start).goodStep(1, calls, []).end().items())).verification_status;
  const openai = { provider: 'openai' as const, api_key_id: null, project_id: null, workspace_id: null };

  test('a run with a provider is pending, with or without calls', async () => {
    assert.equal(await status({ usage_api: openai }, 2), 'pending');
    assert.equal(await status({ usage_api: openai }, 0), 'pending');
  });

  test('rehearsals and unbilled runs are not applicable', async () => {
    assert.equal(await status({ usage_api: null }, 2), 'not_applicable');
    assert.equal(await status({ usage_api: null, rehearsal: true }, 2), 'not_applicable');
    assert.equal(await status({ usage_api: openai, rehearsal: true }, 2), 'not_applicable');
    assert.equal(await status({ usage_api: openai, replay_of: RUN_ID }, 2), 'not_applicable');
  });

  test('a run of an older format with calls is pending', async () => {
    const old = new Recording().start(1).goodStep(1, 2, []).end();
    const without = [...old.items()].map((item) => {
      if ('record' in item) delete item.record.metadata['usage_api'];
      return item;
    });
    const summary = await foldRecords(without);
    assert.equal(summary.usage_provider, 'unknown');
    assert.equal(computeMetrics(summary).verification_status, 'pending');
  });
});

test('a difference just above the threshold is never rounded to the threshold', async () => {
  const compared = comparison(MEASURED, { difference_percent: 1.00001, within_threshold: false });
  const reconciliation = await foldReconciliation(items(attemptLine(attempt({ comparison: compared }), at(15))));
  assert.match(renderText({ ...(await run()), reconciliation }, null), /^ {2}Largest Difference: 1\.00001% \(threshold 1%\)$/m);
});

function sectionOf(text: string): string {
  const start = text.indexOf('RECONCILIATION SUMMARY');
  return start === -1 ? '' : text.slice(start - 81, text.indexOf(`\n\n${'='.repeat(80)}`, start));
}

function blockOf(markdown: string): string {
  return markdown.slice(markdown.indexOf('## Reconciliation'), markdown.indexOf('\n\n## Record'));
}
