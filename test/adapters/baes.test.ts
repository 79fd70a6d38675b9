import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters, recipes } from '../../src/adapters.ts';
import { withRun, withStep } from '../../src/log.ts';
import type { FrameworkClaim } from '../../src/run.ts';
import type { FrameworkSettings } from '../../src/schema.ts';
import { adapterContract } from './contract.ts';
import { fakeSetup, PYTHON } from './set-up.ts';
import { makeStage, type Stage } from './stage.ts';

const baes = adapters['baes']!;
const recipe = recipes['baes']!;
const skip = PYTHON === null ? 'python3 is not on PATH' : false;

function settingsOf(stage: Stage, behaviour: string): FrameworkSettings {
  const install_dir = fakeSetup(stage.outside, recipe, ['bae_noninteractive.py']);
  return { enabled: true, env: { FAKE: behaviour }, install_dir };
}

if (skip === false) {
  adapterContract({
    name: 'baes',
    adapter: baes,
    // What it prints is followed by its answer, and it works in a directory of its own.
    impossible: ['floods', 'prints_invalid_utf8', 'reports'],
    // One argument of the command line.
    longestPrompt: 100_000,
    async cast(behaviour, stage) {
      return {
        settings: settingsOf(stage, behaviour),
        begun: () => existsSync(join(stage.workspace, 'begun')),
        receivedPrompt: () => readFileSync(join(stage.workspace, 'prompt.seen'), 'utf8'),
        async [Symbol.asyncDispose]() {},
      };
    },
  });
}

async function claimOf(stage: Stage, behaviour: string, attempts: readonly number[] = [1]): Promise<FrameworkClaim> {
  const settings = settingsOf(stage, behaviour);
  let claim: FrameworkClaim | null = null;
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: stage.logsDir }, async () => {
    await baes.prepare(stage.step({ settings }));
    for (const attempt of attempts) {
      const step = stage.step({ settings, attempt });
      claim = await withStep(1, { attempt }, async () => await baes.runStep(step));
      await baes.stop(step);
    }
  });
  return claim!;
}

for (const [behaviour, message] of [
  ['refuses', /^it answered: ENTITY_NOT_SUPPORTED: no such entity$/],
  ['refuses with exit code 0', /^it answered: ENTITY_NOT_SUPPORTED$/],
  ['accepts by force', /accepted its own rejected work: result\.execution_results\.0\.force_accepted/],
  ['hides a failed part', /a part of its work that it failed: result\.execution_results\.0\.success/],
  ['writes no Python', /claims success, but wrote app\/routes\/student_routes\.py:2: /],
  ['says nothing', /exit code 0, but without its JSON answer/],
] as const) {
  test(`BAEs that ${behaviour} has failed`, { skip }, async () => {
    using stage = makeStage();
    const claim = await claimOf(stage, behaviour);
    assert.equal(claim.status, 'failure');
    assert.match(claim.status === 'failure' ? claim.message : '', message);
  });
}

test('a second attempt begins from the context store as the first found it', { skip }, async () => {
  using stage = makeStage();
  await claimOf(stage, 'succeeds', [1, 2, 3]);
  const store = readFileSync(join(stage.scratch, 'baes/cwd/state/context.json'), 'utf8');
  assert.equal(JSON.parse(store).requests, 1);
});

test(
  'BAEs works in the run directory, with no secret of the parent and no absolute path among its arguments',
  { skip },
  async () => {
    using stage = makeStage();
    process.env['BAES_TEST_API_KEY'] = 'baes-secret-value';
    try {
      await claimOf(stage, 'reports');
    } finally {
      delete process.env['BAES_TEST_API_KEY'];
    }
    const { cwd, env, argv } = JSON.parse(readFileSync(join(stage.workspace, 'report.json'), 'utf8'));
    assert.ok(cwd.startsWith(stage.runDir), cwd);
    assert.ok(!JSON.stringify(env).includes('baes-secret-value'));
    assert.equal(env.MANAGED_SYSTEM_PATH, stage.workspace);
    assert.equal(env.OPENAI_API_KEY, 'worth-nothing');
    assert.ok(env.HOME.startsWith(stage.runDir) && env.TMPDIR.startsWith(stage.runDir));
    assert.deepEqual(
      argv.filter((argument: string) => argument.startsWith('/')),
      [],
    );
  },
);

test('the program that starts the application is there before the first step', { skip }, async () => {
  using stage = makeStage();
  const settings = settingsOf(stage, 'succeeds');
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: stage.logsDir }, async () => {
    assert.deepEqual(await baes.prepare(stage.step({ settings })), { commit: recipe.commit });
  });
  assert.match(readFileSync(join(stage.workspace, 'start.sh'), 'utf8'), /uvicorn app\.main:app/);
  assert.equal(readFileSync(join(stage.workspace, '.env'), 'utf8'), '');
});

test('BAEs that is not set up says what to type, and what is there but not finished is not set up', async () => {
  using stage = makeStage();
  const settings: FrameworkSettings = { enabled: true, env: {}, install_dir: join(stage.outside, 'frameworks') };
  const [finding] = await baes.check(settings);
  assert.match(finding?.what ?? '', /baes is not set up: .*baes@1285967748549b62c2e3af7993fa8e81f79eae45 is not there/);
  assert.match(finding?.fix ?? '', /stepwell setup baes/);
  await assert.rejects(baes.prepare(stage.step({ settings })), { code: 'FRAMEWORK_NOT_SET_UP' });
});
