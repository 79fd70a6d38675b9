/** Every total anywhere is a fold over the ledger: generated log files, folded and added up again in the plainest way. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import * as fc from 'fast-check';
import { readManifest, rebuildManifest } from '../../src/catalog/index.ts';
import { claimOf } from '../../src/reconcile/verdict/comparison.ts';
import { readLedger, type LedgerCall } from '../../src/reconcile/ledger.ts';
import { metricsText, RunMetrics, RunSummary, type RunsManifest, type UsageSummary } from '../../src/schema/index.ts';
import { openRunDirectory, readRecords, type ReadItem } from '../../src/store/index.ts';
import { computeMetrics, foldRecords, foldRun, renderJson, renderMarkdown, renderText } from '../../src/summary/index.ts';
import { ledger, writeLedger, type Ledger } from './ledger-files.ts';
import { callsOf, linesOf, naiveClaims, naivePhases, naiveUsage, type Line } from './ledger-naive.ts';

const made = mkdtempSync(join(tmpdir(), 'stepwell-ledger-'));
after(() => rmSync(made, { recursive: true, force: true }));

const RUN_ID = '20261122-141503-k3f9';

async function foldFiles(runDir: string): Promise<RunSummary> {
  await using source = await openRunDirectory(runDir);
  return foldRun(source);
}

async function folded(
  written: Ledger,
  runDir = join(made, 'run'),
  runId = RUN_ID,
): Promise<{ summary: RunSummary; lines: Line[] }> {
  writeLedger(runDir, runId, written);
  return { summary: await foldFiles(runDir), lines: linesOf(runDir) };
}

function attemptLines(lines: readonly Line[], step: number, attempt: number): Line[] {
  return lines.filter((line) => line.step === step && line.attempt === attempt);
}

test('property: totals of run, steps, attempts, models and calls outside steps equal a plain sum over the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary, lines } = await folded(one);
      // As JSON, which is what others read.
      const read = RunSummary.parse(JSON.parse(renderJson(summary, null)));
      assert.deepEqual(read.usage, naiveUsage(lines));
      assert.deepEqual(read.usage_outside_steps, naiveUsage(lines.filter((line) => line.step === null)));
      for (const { step, usage, attempts } of read.steps) {
        assert.deepEqual(usage, naiveUsage(lines.filter((line) => line.step === step)));
        for (const { attempt, usage: own } of attempts)
          assert.deepEqual(own, naiveUsage(attemptLines(lines, step, attempt)), `step ${step} attempt ${attempt}`);
      }
      const calls = callsOf(lines);
      const nameOf = ({ any }: (typeof calls)[number]): string =>
        any.metadata['gen_ai.request.model'] ?? any.metadata['gen_ai.response.model'] ?? 'unknown';
      assert.deepEqual(new Set(read.models.map(({ model }) => model)), new Set(calls.map(nameOf)));
      for (const { model, answered_as: _, ...figures } of read.models) {
        const wanted = naiveUsage(
          [],
          calls.filter((call) => nameOf(call) === model),
        );
        assert.deepEqual(figures, Object.fromEntries(Object.keys(figures).map((name) => [name, wanted[name]])), model);
      }
    }),
    { numRuns: 120 },
  );
});

test('property: phases plus calls outside phases equal the whole, in the summary and in metrics.json', async () => {
  const SUMS = ['api_calls', 'llm_requests', 'failed_calls', 'open_calls', 'calls_without_usage', 'calls_without_price'] as const;
  const TOKENS = ['tokens_in', 'tokens_out', 'tokens_cached', 'tokens_cache_write', 'tokens_reasoning'] as const;
  const check = ({ phases, usage_outside_phases: outside, usage }: Phased, lines: readonly Line[]): void => {
    const wanted = naivePhases(lines);
    assert.deepEqual(outside, wanted.get(''));
    wanted.delete('');
    assert.deepEqual(new Map(phases.map((phase) => [phase.phase, phase])), wanted);
    if (outside === null) return;
    const parts = [...phases, outside];
    for (const name of [...SUMS, ...TOKENS])
      assert.equal(
        parts.reduce((sum, part) => sum + (part[name] ?? 0), 0),
        usage[name] ?? 0,
        name,
      );
    const milliseconds = (seconds: number | null): number => Math.round((seconds ?? 0) * 1000);
    assert.equal(
      parts.reduce((sum, part) => sum + milliseconds(part.llm_seconds), 0),
      milliseconds(usage.llm_seconds),
    );
    const costs = parts.map((part) => part.cost_nano_usd);
    if (usage.cost_nano_usd !== null)
      assert.equal(
        costs.reduce((sum: number, cost) => sum + (cost ?? 0), 0),
        usage.cost_nano_usd,
      );
  };
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary, lines } = await folded(one);
      const metrics = computeMetrics(summary);
      for (const [index, step] of summary.steps.entries()) {
        check(
          step,
          lines.filter((line) => line.step === step.step),
        );
        const { phases, usage_outside_phases, attempts } = metrics.steps[index] ?? assert.fail();
        assert.deepEqual([phases, usage_outside_phases], [step.phases, step.usage_outside_phases]);
        for (const [at, attempt] of step.attempts.entries()) {
          check(attempt, attemptLines(lines, step.step, attempt.attempt));
          assert.deepEqual(attempts[at]?.phases, attempt.phases);
          assert.deepEqual(attempts[at]?.usage_outside_phases, attempt.usage_outside_phases);
        }
      }
    }),
    { numRuns: 150 },
  );
});

type Phased = Pick<RunSummary['steps'][number], 'phases' | 'usage_outside_phases' | 'usage'>;

test('property: attempts add up to their step; steps and calls outside steps to the run; models to the run', async () => {
  const FIGURES = [
    'api_calls',
    'llm_requests',
    'failed_calls',
    'open_calls',
    'late_calls',
    'calls_without_usage',
    'calls_estimated',
    'calls_without_price',
    'budget_refused',
    'lookups',
    'unmetered_requests',
    'tokens_in',
    'tokens_out',
    'tokens_cached',
    'tokens_cache_write',
    'tokens_reasoning',
    'estimated_tokens_in',
    'estimated_tokens_out',
  ] as const;
  type Figures = Partial<Record<(typeof FIGURES)[number] | 'cost_nano_usd', number | null>>;
  const addsUp = (whole: Figures, parts: readonly Figures[]): void => {
    for (const name of FIGURES)
      if (parts.every((part) => name in part))
        assert.equal(
          parts.reduce((sum, part) => sum + (part[name] ?? 0), 0),
          whole[name] ?? 0,
          name,
        );
    const costs = parts.map((part) => part.cost_nano_usd ?? null);
    // Where a part's is unknown the whole's is too, unless that part had no call.
    if (costs.every((cost) => cost !== null))
      assert.equal(
        costs.reduce((sum, cost) => sum + cost, 0),
        whole.cost_nano_usd ?? 0,
      );
  };
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary } = await folded(one);
      addsUp(summary.usage, [...summary.steps.map((step) => step.usage), summary.usage_outside_steps]);
      for (const step of summary.steps)
        addsUp(
          step.usage,
          step.attempts.map((attempt) => attempt.usage),
        );
      if (summary.models.length > 0) addsUp(summary.usage, summary.models);
      const metrics = computeMetrics(summary);
      addsUp(
        { tokens_in: summary.usage.tokens_in, api_calls: summary.usage.api_calls },
        [...metrics.steps, { ...summary.usage_outside_steps }].map(({ tokens_in, api_calls }) => ({ tokens_in, api_calls })),
      );
    }),
    { numRuns: 60 },
  );
});

test('property: metrics.json, text and Markdown show the same figures', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary, lines } = await folded(one);
      const metrics = RunMetrics.parse(JSON.parse(metricsText(computeMetrics(summary))));
      const wanted = naiveUsage(lines);
      const { aggregate_metrics: totals } = metrics;
      assert.deepEqual(
        [
          totals.TOK_IN,
          totals.TOK_OUT,
          totals.API_CALLS,
          totals.CACHED_TOKENS,
          totals.CACHE_WRITE_TOKENS,
          totals.REASONING_TOKENS,
        ],
        ['tokens_in', 'tokens_out', 'api_calls', 'tokens_cached', 'tokens_cache_write', 'tokens_reasoning'].map(
          (name) => wanted[name],
        ),
      );
      const { cost_nano_usd: cost = null } = wanted;
      assert.equal(totals.COST_USD, cost === null ? null : cost / 1e9);
      assert.deepEqual(metrics.usage, wanted);
      assert.deepEqual(metrics.models, summary.models);
      const named = (own: Record<string, number | null>): object => ({
        tokens_in: own['tokens_in'],
        tokens_out: own['tokens_out'],
        cached_tokens: own['tokens_cached'],
        cache_write_tokens: own['tokens_cache_write'],
        reasoning_tokens: own['tokens_reasoning'],
        api_calls: own['api_calls'],
        cost_nano_usd: own['cost_nano_usd'],
      });
      for (const step of metrics.steps) {
        const own = naiveUsage(lines.filter((line) => line.step === step.step_number));
        assert.deepEqual(pick(step, named(own)), named(own));
        assert.equal(step.llm_requests, own['llm_requests']);
        for (const attempt of step.attempts) {
          const its = naiveUsage(attemptLines(lines, step.step_number, attempt.attempt));
          assert.deepEqual(pick(attempt, named(its)), named(its));
        }
      }
      const printed = (figure: number | null | undefined): string => (figure === null ? 'unknown' : String(figure));
      const text = renderText(summary, null);
      assert.equal(/^Total API Calls: (\w+)/m.exec(text)?.[1], printed(wanted['api_calls']));
      assert.equal(/^ {2}- Prompt: (\w+)/m.exec(text)?.[1], printed(wanted['tokens_in']));
      assert.equal(/^ {2}- Completion: (\w+)/m.exec(text)?.[1], printed(wanted['tokens_out']));
      const markdown = renderMarkdown(summary, null);
      assert.equal(/^\| `TOK_IN` \| (\w+) \|$/m.exec(markdown)?.[1], printed(wanted['tokens_in']));
      assert.equal(/^\| `API_CALLS` \| (\w+) \|$/m.exec(markdown)?.[1], printed(wanted['api_calls']));
    }),
    { numRuns: 60 },
  );
});

function pick(from: object, like: object): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => name in like));
}

test('property: reconciliation reads the same totals from the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary } = await folded(one);
      await using source = await openRunDirectory(join(made, 'run'));
      const { calls } = await readLedger(source);
      assert.equal(calls.length, callsOf(linesOf(join(made, 'run'))).length);
      const check = (of: readonly LedgerCall[], usage: UsageSummary): void => {
        const sum = (figure: 'inputTokens' | 'outputTokens' | 'cacheReadTokens'): number =>
          of.reduce((total, call) => total + (call[figure] ?? 0), 0);
        assert.deepEqual(
          [of.length, sum('inputTokens'), sum('outputTokens'), sum('cacheReadTokens')],
          [usage.api_calls ?? 0, usage.tokens_in ?? 0, usage.tokens_out ?? 0, usage.tokens_cached ?? 0],
        );
      };
      check(calls, summary.usage);
      for (const { step, usage } of summary.steps)
        check(
          calls.filter((call) => call.step === step),
          usage,
        );
      check(
        calls.filter((call) => call.step === null),
        summary.usage_outside_steps,
      );
      const claimed = claimOf(summary);
      const { claimed_usage: claims } = summary;
      assert.deepEqual(
        [claimed?.input_tokens, claimed?.output_tokens, claimed?.api_calls],
        [claims?.input_tokens, claims?.output_tokens, claims?.calls],
      );
    }),
    { numRuns: 60 },
  );
});

test('property: claims of attempts are summed separately and never added to measurements', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary, lines } = await folded(one);
      const figures = (claim: RunSummary['claimed_usage']): object | null => {
        if (claim === null) return null;
        const { input_tokens, output_tokens, calls } = claim;
        return { input_tokens, output_tokens, calls };
      };
      assert.deepEqual(figures(summary.claimed_usage), naiveClaims(lines));
      for (const step of summary.steps) {
        assert.deepEqual(figures(step.claimed_usage), naiveClaims(lines.filter((line) => line.step === step.step)));
        const complete = step.attempts.every(
          ({ claimed_usage: claim }) =>
            claim !== null &&
            (['input_tokens', 'output_tokens', 'calls'] as const).every(
              (name) => claim[name] !== null || step.claimed_usage?.[name] === null,
            ),
        );
        if (step.claimed_usage !== null) assert.equal(step.claimed_usage.partial, !complete);
      }
      assert.deepEqual(
        computeMetrics(summary).steps.map((step) => step.claimed_usage),
        summary.steps.map((step) => step.claimed_usage),
      );
    }),
    { numRuns: 60 },
  );
});

test('property: totals do not depend on the order of lines across files', async () => {
  await fc.assert(
    fc.asyncProperty(ledger, async (one) => {
      const { summary } = await folded(one);
      await using source = await openRunDirectory(join(made, 'run'));
      const items: ReadItem[] = [];
      for await (const item of readRecords(source)) items.push(item);
      const fileOf = (item: ReadItem): string => ('record' in item ? item.file : item.damaged.file);
      const again = await foldRecords(items.sort((a, b) => fileOf(b).localeCompare(fileOf(a), 'en')));
      const sums = (of: RunSummary): object => ({
        usage: of.usage,
        outside: of.usage_outside_steps,
        steps: of.steps.map(({ step, usage }) => ({ step, usage })).sort((a, b) => a.step - b.step),
        models: of.models.map((model) => ({ ...model, answered_as: [] })),
      });
      assert.deepEqual(sums(again), sums(summary));
    }),
    { numRuns: 60 },
  );
});

test('property: each manifest entry and each framework’s totals equal a plain sum over the ledger', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ledger, { minLength: 1, maxLength: 4 }), async (runs) => {
      const runsDir = join(made, 'runs');
      rmSync(runsDir, { recursive: true, force: true });
      const wanted = new Map<string, Record<string, number | null>>();
      for (const [index, run] of runs.entries()) {
        const path = `${run.framework}/${RUN_ID}${index}`;
        const dir = join(runsDir, path);
        mkdirSync(dir, { recursive: true });
        const { summary, lines } = await folded(run, dir, `${RUN_ID}${index}`);
        wanted.set(path, naiveUsage(lines));
        writeFileSync(join(dir, 'metrics.json'), metricsText(computeMetrics(summary)));
        const { framework, rehearsal } = run;
        writeFileSync(
          join(dir, 'metadata.json'),
          JSON.stringify({ run_id: `${RUN_ID}${index}`, framework, rehearsal, status: summary.status }),
        );
      }
      await rebuildManifest(runsDir);
      const found = await readManifest(runsDir);
      assert.equal(found.state, 'ok');
      const manifest: RunsManifest = found.manifest;
      assert.equal(manifest.runs.length, runs.length);
      for (const entry of manifest.runs) {
        const own = wanted.get(entry.path);
        assert.ok(own !== undefined);
        assert.deepEqual(
          [entry.total_api_calls, entry.total_tokens_in, entry.total_tokens_out],
          [own['api_calls'], own['tokens_in'], own['tokens_out']],
        );
      }
      for (const [framework, totals] of Object.entries(manifest.totals)) {
        const mine = runs.flatMap((run, index) =>
          run.framework === framework && !run.rehearsal ? [wanted.get(`${framework}/${RUN_ID}${index}`) ?? {}] : [],
        );
        const sum = (name: keyof UsageSummary): number | null => {
          const known = mine.map((own) => own[name] ?? null).filter((value) => value !== null);
          return known.length === 0 ? null : known.reduce((total, one) => total + one, 0);
        };
        const cost = sum('cost_nano_usd');
        assert.deepEqual(
          [totals.runs, totals.api_calls, totals.tokens_in, totals.tokens_out, totals.cost_usd],
          [mine.length, sum('api_calls'), sum('tokens_in'), sum('tokens_out'), cost === null ? null : cost / 1e9],
        );
        assert.equal(totals.runs + totals.rehearsals, manifest.frameworks[framework]);
      }
    }),
    { numRuns: 25 },
  );
});

test('property: any number of models adds up to the totals of the run', async () => {
  const lines = Array.from({ length: 120 }, (_, index) => [
    { kind: 'begin', writer: 'aaaaaa', place: null, model: `model-${index}`, byRunUrl: false, again: false, torn: false },
    {
      kind: 'end',
      which: 0,
      torn: 1,
      usage: {
        outcome: 'ok',
        status: 200,
        answered: null,
        input: index,
        output: 1,
        cached: null,
        cacheWrite: null,
        reasoning: null,
        cost: index,
        estimate: null,
        milliseconds: 5,
        late: false,
      },
    },
  ]).flat() as unknown as Ledger['lines'];
  const { summary } = await folded({ lines, framework: 'mytool', rehearsal: false, ended: true, cut: 0 });
  const sum = (of: (model: RunSummary['models'][number]) => number | null): number =>
    summary.models.reduce((total, model) => total + (of(model) ?? 0), 0);
  assert.equal(summary.models.length, 51);
  assert.equal(
    sum((model) => model.api_calls),
    120,
  );
  assert.equal(
    sum((model) => model.tokens_in),
    (119 * 120) / 2,
  );
  assert.equal(
    sum((model) => model.cost_nano_usd),
    summary.usage.cost_nano_usd,
  );
});

test('a sum too large for an exact number is null', async () => {
  const call = (input: number): unknown[] => [
    { kind: 'begin', writer: 'aaaaaa', place: null, model: 'm', byRunUrl: false, again: false, torn: false },
    { kind: 'end', which: 0, torn: 1, usage: { outcome: 'ok', status: 200, input, output: 1, cost: input, milliseconds: 1 } },
  ];
  const usage = { answered: null, cached: null, cacheWrite: null, reasoning: null, estimate: null, late: false };
  const lines = [...call(Number.MAX_SAFE_INTEGER), ...call(1)].map((line) => {
    const one = line as { usage?: object };
    return one.usage === undefined ? one : { ...one, usage: { ...usage, ...one.usage } };
  }) as unknown as Ledger['lines'];
  const { summary } = await folded({ lines, framework: 'mytool', rehearsal: false, ended: true, cut: 0 });
  assert.deepEqual([summary.usage.tokens_in, summary.usage.tokens_out, summary.usage.cost_nano_usd], [null, 2, null]);
  assert.equal(computeMetrics(summary).tokens_complete, false);
});
