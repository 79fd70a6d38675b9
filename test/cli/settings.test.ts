/** Settings on the command line and in the library: the same refusal wherever they come from. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { COMMANDS, type CommandName } from '../../src/cli/program.ts';
import { findRun, listRuns, planExperiment, recoverAll, runExperiment } from '../../src/index.ts';
import { listReconciliations, reconcileRuns } from '../../src/reconcile/index.ts';

const CLI = join(import.meta.dirname, '../../src/cli/index.ts');
const here = mkdtempSync(join(tmpdir(), 'stepwell-settings-'));
after(() => rmSync(here, { recursive: true }));

function stepwell(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [CLI, ...args], { cwd: here, env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' });
}

const ARGUMENTS: Partial<Record<CommandName, string[]>> = {
  run: ['baseline'],
  show: ['latest'],
  logs: ['latest'],
  summary: ['latest'],
  verify: ['latest'],
  recover: ['--all'],
  setup: ['all'],
  init: ['new'],
  completion: ['bash'],
};

for (const command of COMMANDS) {
  test(`${command} refuses an empty --runs-dir and an empty --config, and writes nothing`, () => {
    for (const [flag, says] of [
      ['--runs-dir', /^error\[CONFIG_INVALID\]: --runs-dir: the directory of runs is empty\.\nfix: /],
      ['--config', /^error\[CONFIG_INVALID\]: --config: the configuration file is empty\.\nfix: /],
    ] as const) {
      const { status, stdout, stderr } = stepwell([command, ...(ARGUMENTS[command] ?? []), flag, '']);
      assert.deepEqual([status, stdout], [2, ''], stderr);
      assert.match(stderr, says);
    }
    assert.deepEqual(readdirSync(here), []);
  });
}

const CONFIG = join(import.meta.dirname, '../../config/experiment.yaml');
const RUN = ['run', 'baseline', '--dry-run', '--config', CONFIG];
for (const args of [RUN, ['list'], ['compare'], ['show', 'latest'], ['recover', '--all'], ['reconcile'], ['doctor']]) {
  test(`${args[0]} refuses white space in STEPWELL_RUNS_DIR`, () => {
    const { status, stderr } = stepwell(args, { STEPWELL_RUNS_DIR: ' ' });
    assert.equal(status, 2, stderr);
    assert.match(stderr, /^error\[CONFIG_INVALID\]: STEPWELL_RUNS_DIR: the directory of runs is empty/);
  });
}

for (const [args, env, says] of [
  [['run', 'baseline', '--jobs', '1001'], {}, /--jobs: .* is "1001", but must be a whole number from 1 to 1000/],
  [['run', 'baseline', '--jobs', '1e3'], {}, /--jobs: .* is "1e3"/],
  [['run', 'baseline', '--jobs='], {}, /--jobs: .* is empty/],
  [['run', 'baseline', '10001'], {}, /rounds: .* is "10001", but must be a whole number from 1 to 10000/],
  [['run', 'baseline', '2.5'], {}, /rounds: .* is "2\.5"/],
  [['run', 'baseline', '--model', ' '], {}, /--model: the model’s name is empty/],
  [['run', 'baseline', '--replay', ''], {}, /--replay: the run to replay is empty/],
  [['list', '--config', ''], { STEPWELL_CONFIG: 'somewhere.yaml' }, /--config: the configuration file is empty/],
  [['reconcile', '--min-age', '1e3'], {}, /--min-age: .* is "1e3", but must be a number from 0 to 5256000/],
  [['reconcile', '--api-key-id', ''], {}, /--api-key-id: the id of a key is empty/],
  [['reconcile'], { RECONCILIATION_MIN_STABLE_VERIFICATIONS: ' ' }, /RECONCILIATION_MIN_STABLE_VERIFICATIONS: .* is empty/],
] as const) {
  test(`${args.join(' ')} ${JSON.stringify(env)} ends with exit code 2`, () => {
    const { status, stdout, stderr } = stepwell(args, env);
    assert.deepEqual([status, stdout], [2, ''], stderr);
    assert.match(stderr, says);
  });
}

test('functions of the library refuse what the command line refuses', async () => {
  const env = {};
  const options = { config: 'no-such-file.yaml', frameworks: ['baseline'], env };
  for (const [work, says] of [
    [() => listRuns(''), /^runsDir: the directory of runs is empty/],
    [() => findRun(' ', 'latest'), /^runsDir: the directory of runs is empty/],
    [() => recoverAll(''), /^runsDir: the directory of runs is empty/],
    [() => reconcileRuns({ runsDir: '', env }), /^runsDir: the directory of runs is empty/],
    [() => listReconciliations({ runsDir: '', all: true, env }), /^runsDir: the directory of runs is empty/],
    [() => reconcileRuns({ runsDir: 'x', minAgeMinutes: Number.NaN, env }), /^minAgeMinutes: .* is NaN/],
    [() => reconcileRuns({ runsDir: 'x', apiKeyId: '', env }), /^apiKeyId: the id of a key is empty/],
    [() => planExperiment({ ...options, config: '' }), /^config: the configuration file is empty/],
    [() => planExperiment({ ...options, rounds: 10_001 }), /^rounds: the number of rounds is 10001/],
    [() => runExperiment({ ...options, replay: '' }), /^replay: the run to replay is empty/],
    [() => runExperiment({ ...options, console: 'loud' as 'info' }), /^console: .* is "loud", but must be one of debug, info/],
  ] as const)
    await assert.rejects(work, (error: Error & { code?: string; exitCode?: number }) => {
      assert.match(error.message, says);
      assert.deepEqual([error.code, error.exitCode], ['CONFIG_INVALID', 2]);
      return true;
    });
});

test('functions of the library without runsDir use STEPWELL_RUNS_DIR, else runs', () => {
  mkdirSync(join(here, 'elsewhere/tool/20261122-141503-k3f9/logs'), { recursive: true });
  const script = `
    const { findRun, listRuns, recoverAll } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/index.ts'))});
    const { runs } = await listRuns();
    const found = await findRun(undefined, 'latest').catch((error) => error.message);
    console.log(JSON.stringify([runs.map(({ dir }) => dir), found.dir ?? found, (await recoverAll()).length]));`;
  for (const [env, expected] of [
    [{ STEPWELL_RUNS_DIR: 'elsewhere' }, ['elsewhere/tool/20261122-141503-k3f9']],
    [{}, []],
  ] as const) {
    const options = { cwd: here, env: { PATH: process.env['PATH'], ...env }, encoding: 'utf8' } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], options);
    const [dirs, found] = JSON.parse(stdout || 'null') as [string[], string];
    assert.deepEqual(dirs, expected, stderr);
    if (expected.length === 0) assert.match(found, /no runs in runs/);
    else assert.equal(found, expected[0]);
  }
});

test('errors about settings name the options of the function, or the flags of the command line', async () => {
  const asked = { config: CONFIG, frameworks: ['baseline'], env: {} };
  for (const [change, option, flag] of [
    [
      { steps: '99' },
      /^steps: there is no step 99\. fix: .* as in steps 1/,
      /^--steps: there is no step 99\. fix: .* as in --steps 1/,
    ],
    [{ rehearse: true, model: 'm' }, /^rehearse: it excludes model "m"/, /^--rehearse: it excludes --model "m"/],
  ] as const) {
    for (const [source, says] of [
      ['options', option],
      ['flags', flag],
    ] as const) {
      await assert.rejects(planExperiment({ ...asked, ...change }, source), (error: Error & { fix?: string }) => {
        assert.match(`${error.message.replace(`${here}/`, '')} fix: ${error.fix}`, says);
        return true;
      });
    }
    await assert.rejects(planExperiment({ ...asked, ...change }), (error: Error) =>
      option.test(`${error.message} fix: ${(error as Error & { fix?: string }).fix}`),
    );
  }
});
