import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { command, fillPlaceholders, hasPromptPlaceholder } from '../../src/frameworks/command.ts';
import { commitOf } from '../../src/frameworks/command/commit.ts';
import { withRun, withStep } from '../../src/log/index.ts';
import type { AdapterStep } from '../../src/run/index.ts';
import type { FrameworkSettings } from '../../src/schema/index.ts';
import { createTestRun, type TestRun } from '../../src/testing/index.ts';

const createCommandSettings = (words: string[] | undefined, env: Record<string, string> = {}): FrameworkSettings => ({
  enabled: true,
  ...(words === undefined ? {} : { command: words }),
  env,
});

function executable(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
  return path;
}

/** Runs one attempt in scope and returns the claim and the lines of output. */
async function run(testRun: TestRun, words: string[], changes: Partial<AdapterStep> = {}, env: Record<string, string> = {}) {
  const step = testRun.step({ settings: createCommandSettings(words, env), ...changes });
  const { logsDir } = testRun;
  const claim = await withRun(
    { runId: 'run-1', framework: 'tested', logsDir },
    async () => await withStep(1, { attempt: 1 }, async () => await command.runStep(step)),
  );
  const lines = testRun.records().filter(({ event }) => event === 'process_output');
  return { claim, output: lines.map(({ message }) => message) };
}

test('placeholders are replaced in one pass, and other braces are left alone', () => {
  const values = { prompt: 'say {step} and $HOME', prompt_file: '/p.txt', workspace: '/w', step: '3' };
  assert.deepEqual(
    fillPlaceholders(['{prompt}', '--file={prompt_file}', '{workspace}/{step}', '{model} {} {{step}} ${step}'], values),
    ['say {step} and $HOME', '--file=/p.txt', '/w/3', '{model} {} {3} $3'],
  );
  assert.ok(hasPromptPlaceholder(['x', '--task={prompt}']) && hasPromptPlaceholder(['{prompt_file}']));
  assert.ok(!hasPromptPlaceholder(['{step}', '{promptfile}']));
});

test('the prompt is an argument, character for character', async () => {
  using testRun = createTestRun();
  const prompt = `"a" 'b' \`c\` $(echo no) \\ {workspace} é 😀 --x`;
  const { output } = await run(testRun, ['printf', '%s|', '{prompt}', '{step}', '{other}'], { prompt });
  assert.deepEqual(output, [`${prompt}|1|{other}|`]);
});

test('stdin is empty when a placeholder passes the prompt', async () => {
  using testRun = createTestRun();
  assert.deepEqual((await run(testRun, ['sh', '-c', 'cat; echo "<$1>"', 'sh', '{prompt}'], { prompt: 'p' })).output, ['<p>']);
});

test('the framework gets endpoint, model, step and attempt in its environment', async () => {
  using testRun = createTestRun();
  const { output } = await run(testRun, ['env']);
  const env = Object.fromEntries(output.map((line) => line.split(/=(.*)/s)));
  assert.equal(env['OPENAI_BASE_URL'], 'http://127.0.0.1:9/v1');
  // Their clients add /v1 and /v1beta themselves.
  for (const name of ['ANTHROPIC', 'GOOGLE_GEMINI']) assert.equal(env[`${name}_BASE_URL`], 'http://127.0.0.1:9');
  for (const name of ['OPENAI', 'ANTHROPIC', 'GEMINI']) assert.equal(env[`${name}_API_KEY`], 'worth-nothing');
  for (const [name, value] of Object.entries({
    RUN_ID: 'run-1',
    STEP: '1',
    STEP_NAME: 'first',
    ATTEMPT: '1',
    MODEL: 'some-model',
    RANDOM_SEED: '42',
  }))
    assert.equal(env[`STEPWELL_${name}`], value);
  assert.equal(env['STEPWELL_WORKSPACE'], testRun.workspace);
  const own = Object.keys(env).filter((name) => !/^(STEPWELL_|LC_)/.test(name));
  assert.deepEqual(
    own.sort().filter((name) => !['LANG', 'TZ', 'TERM'].includes(name)),
    'ANTHROPIC_API_KEY ANTHROPIC_BASE_URL GEMINI_API_KEY GOOGLE_GEMINI_BASE_URL HOME OPENAI_API_KEY OPENAI_BASE_URL PATH TMPDIR'.split(
      ' ',
    ),
  );
});

test('env of the framework overrides the variables of the endpoint; without an endpoint none are set', async () => {
  using testRun = createTestRun();
  const env = { OPENAI_BASE_URL: 'http://other/v1', MODE: 'batch' };
  const { output } = await run(testRun, ['sh', '-c', 'echo $OPENAI_BASE_URL $MODE $OPENAI_API_KEY'], { endpoint: null }, env);
  assert.deepEqual(output, ['http://other/v1 batch']);
});

test('exit code and signal are reported as claims', async () => {
  using testRun = createTestRun();
  assert.deepEqual((await run(testRun, ['sh', '-c', 'exit 3'])).claim, {
    status: 'failure',
    reason: 'exit_code',
    message: 'exit code 3',
  });
  assert.deepEqual((await run(testRun, ['sh', '-c', 'kill -9 $$'])).claim, {
    status: 'failure',
    reason: 'signal',
    message: 'ended by SIGKILL',
  });
});

test(
  'a prompt too long for an argument is an error that suggests a prompt file',
  { skip: process.platform !== 'linux' },
  async () => {
    using testRun = createTestRun();
    await assert.rejects(run(testRun, ['echo', '{prompt}'], { prompt: 'x'.repeat(200_000) }), {
      code: 'PROGRAM_ARGUMENTS_TOO_LONG',
    });
  },
);

async function findings(words?: string[], env?: Record<string, string>): Promise<string> {
  return (await command.check(createCommandSettings(words, env))).map(({ what, fix }) => `${what} ${fix}`).join();
}

test('check reports what is missing and how to fix it', async () => {
  using testRun = createTestRun();
  const plain = join(testRun.outside, 'plain.sh');
  writeFileSync(plain, '#!/bin/sh\n');
  assert.equal(await findings(['sh']), '');
  assert.match(await findings(), /no command.*command: \[/);
  assert.match(await findings(['no-such-program']), /"no-such-program" was not found on PATH\. Install it/);
  assert.match(await findings([join(testRun.outside, 'missing')]), /missing" was not found\./);
  assert.match(await findings([testRun.outside]), /was not found/);
  assert.match(await findings([plain]), /no execute permission.*chmod \+x/);
  assert.match(await findings(['plain.sh'], { PATH: testRun.outside }), /no execute permission/);
  const alone = await findings(['sh'], { PATH: testRun.outside });
  assert.ok(alone.includes(`was not found on PATH (${testRun.outside}).`), alone);
  const long = await findings(['no-such-program'], { PATH: '/first:/second:/third:/fourth' });
  assert.match(long, /was not found on PATH \(\/first:\/second and 2 more\)\./, 'a long PATH is not printed whole');
});

test('the recorded commit is that of the checkout which contains the program', async () => {
  using testRun = createTestRun();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], {
      cwd: testRun.outside,
      encoding: 'utf8',
    }).trim();
  const tool = executable(join(testRun.outside, 'bin/tool'), '#!/bin/sh\n');
  const installed = executable(join(testRun.outside, 'node_modules/.bin/other'), '#!/bin/sh\n');
  assert.equal(await commitOf(tool, []), 'unknown');
  git('init', '-q');
  assert.equal(await commitOf(tool, []), 'unknown', 'no commit yet');
  git('add', 'bin');
  git('commit', '-q', '-m', 'first');
  const head = git('rev-parse', 'HEAD');

  assert.equal(await commitOf(tool, []), head);
  assert.equal(await commitOf(installed, []), 'unknown', 'a copy that a package manager put there');
  assert.equal(await commitOf('/usr/bin/python3', ['-u', tool, '--x']), head);
  assert.equal(await commitOf('/usr/bin/python3', ['-m', 'tool']), 'unknown');
  const link = join(testRun.runDir, 'link');
  symlinkSync(tool, link);
  assert.equal(await commitOf(link, []), head, 'through a link');
  writeFileSync(tool, '#!/bin/sh\n# changed\n');
  assert.equal(await commitOf(tool, []), `${head}-dirty`);
});
