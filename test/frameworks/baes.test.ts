import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { adapters, recipes } from '../../src/frameworks/index.ts';
import { findAnswer, createOutputTail, answerFailure } from '../../src/frameworks/baes/answer.ts';
import { placeLauncher } from '../../src/frameworks/baes/launcher.ts';
import { syntaxErrors } from '../../src/frameworks/python.ts';
import { runExperiment } from '../../src/index.ts';
import { withRun, withStep } from '../../src/log/index.ts';
import type { FrameworkClaim } from '../../src/run/index.ts';
import type { SetupSettings } from '../../src/setup/index.ts';
import { testContract } from './contract.ts';
import { fakeSetup, PYTHON } from './fake-setup.ts';
import { createTestRun, type TestRun } from '../../src/testing/index.ts';

const baes = adapters['baes']!;
const recipe = recipes['baes']!;
const skip = PYTHON === null ? 'python3 is not on PATH' : false;

function createFakeBaes(testRun: TestRun, behavior: string): SetupSettings {
  const install_dir = fakeSetup(testRun.outside, recipe, ['bae_noninteractive.py']);
  return { enabled: true, env: { FAKE: behavior }, install_dir };
}

if (skip === false) {
  testContract({
    name: 'baes',
    adapter: baes,
    // What it prints is followed by its answer, and it works in a directory of its own.
    impossible: ['floods', 'prints_invalid_utf8', 'reports'],
    // One argument of the command line.
    longestPrompt: 100_000,
    async simulate(behavior, testRun) {
      return {
        settings: createFakeBaes(testRun, behavior),
        hasBegun: () => existsSync(join(testRun.workspace, 'begun')),
        receivedPrompt: () => readFileSync(join(testRun.workspace, 'prompt.seen'), 'utf8'),
        async [Symbol.asyncDispose]() {},
      };
    },
  });
}

/** The claim of the last of `attempts`, each a step and the attempt at it. */
async function claimOf(
  testRun: TestRun,
  behavior: string,
  { attempts = [[1, 1]], env = {}, prompt = 'Build it.' }: Given = {},
): Promise<FrameworkClaim> {
  const fake = createFakeBaes(testRun, behavior);
  const settings = { ...fake, env: { ...fake.env, ...env } };
  let claim: FrameworkClaim | null = null;
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    await baes.prepare(testRun.step({ settings }));
    for (const [number, attempt] of attempts) {
      const step = testRun.step({ settings, step: number, attempt, prompt });
      claim = await withStep(number, { attempt }, async () => await baes.runStep(step));
      await baes.stop?.(step);
    }
  });
  return claim!;
}

interface Given {
  readonly attempts?: readonly (readonly [number, number])[];
  readonly env?: Record<string, string>;
  readonly prompt?: string;
}

/** How many requests the context store has seen. */
function requestsIn(testRun: TestRun): unknown {
  return JSON.parse(readFileSync(join(testRun.scratch, 'baes/cwd/state/context.json'), 'utf8')).requests;
}

for (const [behavior, message] of [
  ['refuses', /^it answered: ENTITY_NOT_SUPPORTED: no such entity$/],
  ['refuses with exit code 0', /^it answered: ENTITY_NOT_SUPPORTED$/],
  ['accepts by force', /accepted its own rejected work: result\.execution_results\.0\.force_accepted/],
  ['hides a failed part', /a part of its work that it failed: result\.execution_results\.0\.success/],
  ['writes no Python', /claims success, but wrote app\/routes\/student_routes\.py:2: /],
  ['says nothing', /exit code 0, but without its JSON answer/],
  ['succeeds with exit code 3', /exit code 3/],
] as const) {
  test(`BAEs that ${behavior} has failed`, { skip }, async () => {
    using testRun = createTestRun();
    const claim = await claimOf(testRun, behavior);
    assert.equal(claim.status, 'failure');
    assert.match(claim.status === 'failure' ? claim.message : '', message);
  });
}

test('BAEs that claims success but writes nothing has failed: files placed by stepwell do not count', { skip }, async () => {
  using testRun = createTestRun();
  const config = join(testRun.outside, 'experiment.yaml');
  writeFileSync(join(testRun.outside, 'prompt.txt'), 'Build it.');
  const experiment = {
    model: 'rehearsal',
    frameworks: { baes: createFakeBaes(testRun, 'writes nothing') },
    steps: [{ id: 1, name: 'first', prompt_file: 'prompt.txt' }],
    retries: { max_retries: 0 },
  };
  writeFileSync(config, JSON.stringify(experiment));
  const { runs } = await runExperiment({ config, frameworks: ['baes'], runsDir: join(testRun.outside, 'runs') });
  const { runDir } = runs[0]!;
  assert.ok(existsSync(join(runDir, 'workspace/start.sh')));
  const { steps } = JSON.parse(readFileSync(join(runDir, 'metrics.json'), 'utf8'));
  assert.equal(steps[0].attempts[0].reason, 'no_changes');
});

test('a step continues from the previous context store, a retry from the state at the start of the step', { skip }, async () => {
  using testRun = createTestRun();
  await claimOf(testRun, 'succeeds', {
    attempts: [
      [1, 1],
      [1, 2],
      [2, 1],
      [3, 1],
      [3, 2],
      [3, 3],
    ],
  });
  assert.equal(requestsIn(testRun), 3);
});

test('an answer on one very long line is read', { skip }, async () => {
  using testRun = createTestRun();
  assert.deepEqual(await claimOf(testRun, 'answers at length'), { status: 'success' });
});

test('BAEs works in the run directory and gets no secret of the parent and no absolute path as argument', { skip }, async () => {
  using testRun = createTestRun();
  process.env['BAES_TEST_API_KEY'] = 'baes-secret-value';
  try {
    await claimOf(testRun, 'reports', {
      env: { MANAGED_SYSTEM_PATH: testRun.outside, BAE_MAX_RETRIES: '1' },
      prompt: '--quiet',
    });
  } finally {
    delete process.env['BAES_TEST_API_KEY'];
  }
  const { cwd, env, argv } = JSON.parse(readFileSync(join(testRun.workspace, 'report.json'), 'utf8'));
  assert.ok(cwd.startsWith(testRun.runDir), cwd);
  assert.ok(!JSON.stringify(env).includes('baes-secret-value'));
  assert.equal(env.MANAGED_SYSTEM_PATH, testRun.workspace);
  assert.equal(env.OPENAI_API_KEY, 'worth-nothing');
  assert.equal(env.OPENAI_BASE_URL, 'http://127.0.0.1:9/v1');
  assert.equal(env.OPENAI_MODEL, 'some-model');
  assert.equal(env.BAE_MAX_RETRIES, '1');
  assert.equal(env.SKIP_SERVER_START, '1');
  // Else it would write beside its own source, which all runs share.
  assert.equal(env.PYTHONDONTWRITEBYTECODE, '1');
  assert.ok(argv.includes('--request=--quiet'));
  assert.ok(env.HOME.startsWith(testRun.runDir) && env.TMPDIR.startsWith(testRun.runDir));
  assert.deepEqual(
    argv.filter((argument: string) => argument.startsWith('/')),
    [],
  );
});

test('the launcher of the application exists before the first step', { skip }, async () => {
  using testRun = createTestRun();
  const settings = createFakeBaes(testRun, 'succeeds');
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    assert.deepEqual(await baes.prepare(testRun.step({ settings })), { commit: recipe.commit });
  });
  const { env } = testRun.step({ settings });
  const started = spawnSync(join(testRun.workspace, 'start.sh'), { env: { ...env, PORT: '1' }, encoding: 'utf8' });
  assert.match(started.stderr, /No module named uvicorn/);
  assert.equal(readFileSync(join(testRun.workspace, '.env'), 'utf8'), '');
});

test('a missing or unfinished set-up of BAEs is reported with the command that completes it', async () => {
  using testRun = createTestRun();
  const settings: SetupSettings = { enabled: true, env: {}, install_dir: join(testRun.outside, 'frameworks') };
  const [finding] = await baes.check(settings);
  assert.match(finding?.what ?? '', /^not set up: .*baes@1285967748549b62c2e3af7993fa8e81f79eae45 is not there/);
  assert.match(finding?.fix ?? '', /`stepwell setup baes`/);
  await assert.rejects(baes.prepare(testRun.step({ settings })), { code: 'FRAMEWORK_NOT_SET_UP' });
});

test('the launcher starts a Python whatever its path is called', async () => {
  using testRun = createTestRun();
  const python = join(testRun.outside, `it's "here" $HOME`);
  writeFileSync(python, '#!/bin/sh\nprintf "%s " "$@"\n');
  chmodSync(python, 0o755);
  await placeLauncher(testRun.workspace, python);
  const { stdout } = spawnSync(join(testRun.workspace, 'start.sh'), { env: { ...process.env, PORT: '4711' }, encoding: 'utf8' });
  assert.equal(stdout, '-B -m uvicorn app.main:app --host 127.0.0.1 --port 4711 ');
});

test('the last of several answers counts, single-line or multi-line', () => {
  const many = ['{', '  "success": true', '}'];
  assert.deepEqual(findAnswer(['{"success": false}', 'progress', ...many, '{', 'done', '}']), { success: true });
  assert.deepEqual(findAnswer([...many, '{"success": false}', '}']), { success: false });
  assert.equal(findAnswer(['progress', '{"other": 1}', '{', '  "success": true']), null);
  assert.equal(findAnswer(['{"success": true}', ...Array.from({ length: 50_000 }, () => '{')]), null);
});

test('work that BAEs accepts after its last failed try is a failure, wherever the answer says so', () => {
  const answer = { success: true, result: { tasks: [{ success: true }, { review: { max_retries_reached: true } }] } };
  assert.match(answerFailure(answer) ?? '', /result\.tasks\.1\.review\.max_retries_reached/);
  assert.equal(answerFailure({ success: true, result: { force_accepted: false, max_retries_reached: 0 } }), null);
});

test('the output tail keeps the last whole lines of a flood', () => {
  const printed = createOutputTail(10);
  const say = (text: string, part?: number): void =>
    printed.push({ stream: 'stdout', text, ...(part === undefined ? {} : { part, lastPart: false }) });
  for (const text of ['one', '', 'two', 'three']) say(text);
  assert.deepEqual(printed.lines, ['two', 'three']);
  printed.push({ stream: 'stderr', text: 'not this' });
  assert.deepEqual(printed.lines, ['two', 'three']);
  say('1234', 1);
  say('56', 2);
  assert.deepEqual(printed.lines, ['123456']);
  // A line without an end is not gathered.
  for (let part = 3; part < 1000; part += 1) say('7890', part);
  assert.ok(printed.lines.join('').length <= 10);
});

test(
  'files with invalid Python are listed, at most ten; directories and virtual environments are not checked',
  { skip },
  async () => {
    using testRun = createTestRun();
    const write = (name: string, text: string): void => {
      mkdirSync(dirname(join(testRun.workspace, name)), { recursive: true });
      writeFileSync(join(testRun.workspace, name), text);
    };
    write('good.py', 'print("é")\n');
    write('.venv/lib/bad.py', 'def (');
    write('notes.txt', 'def (');
    symlinkSync('nowhere', join(testRun.workspace, '.#lock.py'));
    assert.equal(spawnSync('mkfifo', [join(testRun.workspace, 'pipe.py')]).status, 0);
    const step = testRun.step({ settings: { enabled: true, env: {} } });
    const look = async (): Promise<string[]> => await syntaxErrors(step, PYTHON!);
    assert.deepEqual(await look(), []);
    write('app/deep.py', `x = ${'-'.repeat(100_000)}1\n`);
    assert.match((await look()).join('\n'), /^app\/deep\.py:\d+: .+$/);
    for (let number = 10; number < 25; number += 1) write(`many/${number}.py`, '\0 def (');
    const broken = await look();
    assert.equal(broken.length, 10);
    assert.match(broken[1]!, /^many\/10\.py:/);
  },
);
