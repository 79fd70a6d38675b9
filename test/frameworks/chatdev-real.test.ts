/** The real ChatDev 1.x, where a clone of it is at hand. Its packages come from PyPI. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { recipes } from '../../src/frameworks/index.ts';
import { setUp } from '../../src/setup/index.ts';
import { type ExperimentResult, runExperiment } from '../../src/index.ts';
import { startAnnotating, writeExperiment } from './chatdev-experiment.ts';
import { cannotAttach, outsideOf, watchedHere, writesIn } from '../../src/testing/index.ts';

const clone = process.env['STEPWELL_TEST_CHATDEV'] ?? '';
const skip = clone === '' ? 'STEPWELL_TEST_CHATDEV names no clone of OpenBMB/ChatDev' : false;

/** The last total of that name that ChatDev printed in the step. */
function printedTotal(runDir: string, step: number, name: string): number {
  const log = readFileSync(join(runDir, `logs/step_00${step}/adapter.log`), 'utf8');
  return Number([...log.matchAll(new RegExp(`\\*\\*num_${name}_tokens\\*\\*=(\\d+)`, 'g'))].at(-1)?.[1]);
}

test(
  'ChatDev builds an application in one step and extends it in two; its printed totals equal those of the proxy',
  { skip },
  async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'stepwell-chatdev-'));
    try {
      const place = { install_dir: join(root, 'frameworks'), repo_url: resolve(clone) };
      assert.equal((await setUp(recipes['chatdev']!, { settings: { enabled: true, env: {}, ...place } })).action, 'made');
      await using model = await startAnnotating();
      const config = writeExperiment(root, model.baseUrl, place);
      const options = { config, frameworks: ['chatdev'], runsDir: join(root, 'runs'), steps: '1-3' };
      const calls = join(root, 'calls.log');
      const results: ExperimentResult[] = [];
      const run = async (): Promise<void> => void results.push(await runExperiment(options));
      await (cannotAttach() === false ? watchedHere(calls, run) : run());
      const { exitCode, runs } = results[0]!;
      assert.equal(exitCode, 0);
      const { runDir } = runs[0]!;
      await t.test('nothing was written outside the runs directory', { skip: cannotAttach() }, () => {
        const writes = writesIn(calls);
        assert.ok(writes.some(({ path }) => path === join(runDir, 'workspace/main.py')));
        assert.deepEqual(outsideOf(writes, [options.runsDir]), []);
      });
      const metrics = JSON.parse(readFileSync(join(runDir, 'metrics.json'), 'utf8'));
      assert.equal(metrics.aggregate_metrics.API_CALLS, 12 + 11 + 11);
      assert.equal(metrics.aggregate_metrics.ESR, 1);
      for (const step of metrics.steps) {
        const measured = [step.tokens_in, step.tokens_out];
        assert.ok(step.tokens_in > 0);
        assert.deepEqual([step.claimed_usage.input_tokens, step.claimed_usage.output_tokens], measured);
        const printed = ['prompt', 'completion'].map((name) => printedTotal(runDir, step.step_number, name));
        assert.deepEqual(printed, measured);
        assert.equal(step.validation.checks_passed, step.validation.checks_total);
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
);
