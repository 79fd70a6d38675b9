/** The real BAEs, where a clone of it is at hand. Its packages come from PyPI. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { recipes } from '../../src/frameworks/index.ts';
import { setUp } from '../../src/setup/index.ts';
import { runExperiment } from '../../src/index.ts';
import { cannotAttach, outsideOf, watchedHere, writesIn } from '../../src/testing/index.ts';

const clone = process.env['STEPWELL_TEST_BAES'] ?? '';
const skip = clone === '' ? 'STEPWELL_TEST_BAES names no clone of gesad-lab/baes_demo' : false;

test(
  'BAEs builds in six steps an application that creates and reads students, courses, enrolments and teachers',
  { skip },
  async (t) => {
    const root = mkdtempSync(join(tmpdir(), 'stepwell-baes-'));
    try {
      const prompts = resolve(import.meta.dirname, '../../config/prompts');
      const written = readFileSync(join(import.meta.dirname, 'real/baes.yaml'), 'utf8');
      const config = join(root, 'config/experiment.yaml');
      mkdirSync(join(root, 'config'));
      writeFileSync(
        config,
        written
          .replaceAll('../../../config/prompts', prompts)
          .replace('REPOSITORY', `${JSON.stringify(resolve(clone))}, install_dir: ../frameworks`),
      );
      const settings = { enabled: true, env: {}, install_dir: join(root, 'frameworks'), repo_url: resolve(clone) };
      assert.equal((await setUp(recipes['baes']!, { settings })).action, 'made');
      const [calls, runsDir] = [join(root, 'calls.log'), join(root, 'runs')];
      const work = async () => await runExperiment({ config, frameworks: ['baes'], runsDir });
      const { exitCode, runs } = await (cannotAttach() === false ? watchedHere(calls, work) : work());
      assert.equal(exitCode, 0);
      await t.test('nothing was written outside the runs directory', { skip: cannotAttach() }, () => {
        const writes = writesIn(calls);
        assert.ok(writes.some(({ path }) => path.startsWith(join(runs[0]!.runDir, 'workspace/'))));
        assert.deepEqual(outsideOf(writes, [runsDir]), []);
      });
      const metrics = JSON.parse(readFileSync(join(runs[0]!.runDir, 'metrics.json'), 'utf8'));
      assert.equal(metrics.aggregate_metrics.API_CALLS, 18);
      assert.equal(metrics.aggregate_metrics.ESR, 1);
      assert.equal(metrics.aggregate_metrics.CRUDe, 11);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  },
);
