/** Runs at the same time: two in one process, a hundred tasks each, in any order; and two processes beside each other. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { getLogger, withRun, withStep } from '../../../src/log/index.ts';
import { RunsManifest } from '../../../src/schema/index.ts';
import { logFileOf, openRunDirectory, readRecords } from '../../../src/store/index.ts';
import { STEPWELL_PROCESS, differences, recordsOf, createShellExperiment } from '../shell-experiment.ts';

const TASKS = 100;
const COMPONENTS = ['orchestrator', 'adapter', 'metrics', 'validator'] as const;

interface Task {
  readonly run: number;
  readonly step: number;
  readonly component: number;
  /** How often it gives way before and between its lines. */
  readonly turns: readonly number[];
}

const tasks = (run: number): fc.Arbitrary<Task[]> =>
  fc.array(
    fc.record({
      run: fc.constant(run),
      step: fc.integer({ min: 0, max: 5 }),
      component: fc.nat({ max: COMPONENTS.length - 1 }),
      turns: fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }),
    }),
    { minLength: TASKS, maxLength: TASKS },
  );

async function turn(times: number): Promise<void> {
  for (let i = 0; i < times; i++)
    await new Promise((resolve) => (i % 2 === 0 ? setImmediate(resolve) : process.nextTick(resolve)));
}

async function perform(task: Task, id: number): Promise<void> {
  const logger = getLogger('test', { component: COMPONENTS[task.component]! });
  const work = async (): Promise<void> => {
    for (const [line, turns] of task.turns.entries()) {
      await turn(turns);
      logger.info(`${task.run} ${task.step} ${id} ${line}`);
    }
  };
  // Step 0 stands for work outside of steps.
  await (task.step === 0 ? work() : withStep(task.step, work));
}

test('two interleaved runs of 100 tasks lose no line, mix no files and keep the order of each task', async () => {
  await fc.assert(
    fc.asyncProperty(tasks(0), tasks(1), async (first, second) => {
      const dir = await mkdtemp(join(tmpdir(), 'stepwell-interleaved-'));
      try {
        await Promise.all(
          [first, second].map((own, run) =>
            withRun({ runId: `run-${run}`, framework: `f${run}`, logsDir: join(dir, String(run), 'logs') }, async () => {
              await Promise.all(own.map((task, id) => perform(task, id)));
            }),
          ),
        );
        for (const [run, own] of [first, second].entries()) {
          const expected = own.flatMap((task, id) => task.turns.map((_, line) => `${run} ${task.step} ${id} ${line}`));
          const lines = new Map<string, number>();
          const seen: string[] = [];
          await using source = await openRunDirectory(join(dir, String(run)), { sealed: null });
          for await (const item of readRecords(source)) {
            assert.ok('record' in item);
            const { record, file } = item;
            const [, step = '', id = '', line = ''] = record.message.split(' ');
            assert.deepEqual([record.run_id, record.framework], [`run-${run}`, `f${run}`]);
            assert.equal(record.step, Number(step) === 0 ? null : Number(step));
            assert.equal(file, `logs/${logFileOf(record.component, record.step)}`);
            assert.equal(Number(line), lines.get(id) ?? 0);
            lines.set(id, Number(line) + 1);
            seen.push(record.message);
          }
          assert.deepEqual(seen.sort(), expected.sort());
        }
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    }),
    { numRuns: 8 },
  );
});

test('two stepwell processes sharing a runs directory keep their runs apart and index all of them', async () => {
  await using experiment = await createShellExperiment({ one: 'echo x >> file', two: 'echo x >> file' }, { steps: 2 });
  const codes = await Promise.all(
    [1, 2].map(async () => {
      const child = spawn(process.execPath, [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'one', 'two'], {
        stdio: 'ignore',
      });
      return (await once(child, 'exit'))[0] as number;
    }),
  );
  assert.deepEqual(codes, [0, 0]);
  const { runs } = RunsManifest.parse(JSON.parse(await readFile(join(experiment.runsDir, 'runs_manifest.json'), 'utf8')));
  assert.equal(new Set(runs.map(({ run_id }) => run_id)).size, 4);
  for (const { framework, run_id } of runs) {
    const runDir = join(experiment.runsDir, framework, run_id);
    const records = await recordsOf(runDir);
    assert.deepEqual([...new Set(records.map((record) => record.run_id))], [run_id]);
    assert.equal(new Set(records.map(({ writer }) => writer)).size, 1);
    assert.deepEqual(await differences(runDir), []);
  }
});
