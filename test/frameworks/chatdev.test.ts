import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { adapters, recipes } from '../../src/frameworks/index.ts';
import { isListening } from '../../src/frameworks/chatdev/log-port.ts';
import { outputReader } from '../../src/frameworks/chatdev/output.ts';
import { runExperiment } from '../../src/index.ts';
import { withRun, withStep } from '../../src/log/index.ts';
import type { AdapterStep, FrameworkClaim } from '../../src/run/index.ts';
import type { SetupSettings } from '../../src/setup/index.ts';
import { fakeChatDev, startAnnotating, writeExperiment } from './chatdev-experiment.ts';
import { testContract } from './contract.ts';
import { NO_VENV } from './fake-setup.ts';
import { createTestRun, type TestRun } from '../../src/testing/index.ts';

const chatdev = adapters['chatdev']!;
const recipe = recipes['chatdev']!;
const skip = NO_VENV;

function createFakeChatDevSettings(testRun: TestRun, behavior: string): SetupSettings {
  return { enabled: true, env: { FAKE: behavior }, install_dir: fakeChatDev(testRun.outside) };
}

const sourceOf = (testRun: TestRun): string => join(testRun.scratch, 'chatdev/source');

if (skip === false) {
  testContract({
    name: 'chatdev',
    adapter: {
      ...chatdev,
      prepare: async (run) => await chatdev.prepare({ ...run, model: 'gpt-4o-mini' }),
      runStep: async (step) => await chatdev.runStep({ ...step, model: 'gpt-4o-mini' }),
    },
    // What it prints is read as its log, and it works in a directory of its own.
    impossible: ['floods', 'prints_invalid_utf8', 'reports'],
    // One argument of the command line.
    longestPrompt: 100_000,
    async simulate(behavior, testRun) {
      return {
        settings: createFakeChatDevSettings(testRun, behavior),
        hasBegun: () => existsSync(join(sourceOf(testRun), 'begun')),
        receivedPrompt: () => readFileSync(join(sourceOf(testRun), 'prompt.seen'), 'utf8'),
        async [Symbol.asyncDispose]() {},
      };
    },
  });
}

interface Attempt {
  readonly behavior: string;
  readonly changes?: Partial<AdapterStep>;
  /** Done in the workspace before the attempt. */
  readonly before?: () => void;
}

async function claimsOf(testRun: TestRun, attempts: readonly Attempt[]): Promise<FrameworkClaim[]> {
  const settings = createFakeChatDevSettings(testRun, 'builds');
  const claims: FrameworkClaim[] = [];
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    const prepared = await chatdev.prepare(testRun.step({ settings, model: 'gpt-4o-mini' }));
    assert.deepEqual(prepared, { commit: recipe.commit });
    for (const { behavior, changes, before } of attempts) {
      before?.();
      const defaults = testRun.step({ settings, model: 'gpt-4o-mini', ...changes });
      const step = { ...defaults, env: { ...defaults.env, FAKE: behavior } };
      const scope = { attempt: step.attempt };
      claims.push(await withStep(step.step, scope, async () => await chatdev.runStep(step)));
      await chatdev.stop?.(step);
    }
  });
  return claims;
}

for (const [behavior, message] of [
  ['fails', /^exit code 1: ValueError: No Valid Codes\.$/],
  ['writes nothing', /^it ended with exit code 0, but wrote no code$/],
  ['writes no Python', /^it claims success, but wrote main\.py:1: /],
] as const) {
  test(`ChatDev that ${behavior} has failed`, { skip }, async () => {
    using testRun = createTestRun();
    const [claim] = await claimsOf(testRun, [{ behavior }]);
    assert.equal(claim?.status === 'failure' ? claim.status : claim, 'failure');
    assert.match(claim?.status === 'failure' ? claim.message : '', message);
    if (behavior === 'fails') assert.deepEqual(claim?.usage, { input_tokens: 7, output_tokens: 3, calls: 1 });
  });
}

test('only code and documents that ChatDev built are copied into the workspace', { skip }, async () => {
  using testRun = createTestRun();
  await claimsOf(testRun, [{ behavior: 'succeeds' }]);
  assert.deepEqual(readdirSync(testRun.workspace).sort(), ['chatdev_start.sh', 'made.txt', 'main.py', 'start.sh']);
});

test('the launcher starts main.py with the run’s Python, or the start.sh that ChatDev wrote', { skip }, async () => {
  using testRun = createTestRun();
  const start = (): string =>
    execFileSync(join(testRun.workspace, 'start.sh'), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const before = (): void => {
    writeFileSync(join(testRun.workspace, 'main.py'), 'import sys\nprint(sys.prefix)\n');
    assert.equal(start().trim(), join(testRun.scratch, 'chatdev/env'));
  };
  await claimsOf(testRun, [{ behavior: 'succeeds', before }]);
  start();
  assert.equal(readFileSync(join(testRun.workspace, 'started.txt'), 'utf8'), 'started\n');
});

test('later steps start from the top-level programs of the workspace and from nothing else', { skip }, async () => {
  using testRun = createTestRun();
  const report = (): { argv: string[]; base: string[] | null } =>
    JSON.parse(readFileSync(join(sourceOf(testRun), 'report.json'), 'utf8'));
  const seen: { config: string; base: string[] | null }[] = [];
  const look = (): void => {
    if (!existsSync(join(sourceOf(testRun), 'report.json'))) return;
    const { argv, base } = report();
    seen.push({ config: argv[argv.indexOf('--config') + 1]!, base });
  };
  const claims = await claimsOf(testRun, [
    { behavior: 'succeeds' },
    {
      behavior: 'succeeds',
      changes: { step: 2 },
      before() {
        look();
        mkdirSync(join(testRun.workspace, 'package'));
        writeFileSync(join(testRun.workspace, 'package/inner.py'), 'deep = True\n');
        writeFileSync(join(testRun.workspace, 'other.py'), 'flat = True\n');
        mkdirSync(join(testRun.workspace, 'folder.py'));
        symlinkSync(join(testRun.workspace, 'other.py'), join(testRun.workspace, 'linked.py'));
      },
    },
    {
      behavior: 'succeeds',
      changes: { step: 3 },
      before() {
        look();
        rmSync(join(testRun.workspace, 'other.py'));
      },
    },
  ]);
  look();
  assert.deepEqual(
    claims.map(({ status }) => status),
    ['success', 'success', 'success'],
  );
  assert.deepEqual(seen, [
    { config: 'Default', base: null },
    { config: 'Incremental', base: ['main.py', 'other.py'] },
    { config: 'Incremental', base: ['main.py'] },
  ]);
  assert.ok(existsSync(join(testRun.workspace, 'package/inner.py')));
});

test('output of ChatDev replaces a link in the workspace and leaves the target of the link unchanged', { skip }, async () => {
  using testRun = createTestRun();
  const elsewhere = join(testRun.outside, 'precious.py');
  const before = (): void => {
    writeFileSync(elsewhere, 'precious = True\n');
    symlinkSync(elsewhere, join(testRun.workspace, 'main.py'));
    mkdirSync(join(testRun.workspace, 'made.txt'));
  };
  const [claim] = await claimsOf(testRun, [{ behavior: 'succeeds', before }]);
  assert.equal(claim?.status, 'success');
  assert.equal(readFileSync(elsewhere, 'utf8'), 'precious = True\n');
  for (const name of ['main.py', 'made.txt']) assert.ok(lstatSync(join(testRun.workspace, name)).isFile(), name);
});

test('only the package backup of the current step is kept', { skip }, async () => {
  using testRun = createTestRun();
  await claimsOf(testRun, [{ behavior: 'succeeds' }, { behavior: 'succeeds', changes: { step: 4 } }]);
  assert.deepEqual(readdirSync(join(testRun.scratch, 'chatdev/before')), ['4']);
});

test(
  'a second attempt starts with the same packages as the first, without those that the first installed',
  { skip },
  async () => {
    using testRun = createTestRun();
    const packages = join(testRun.scratch, 'chatdev/env/installed');
    await claimsOf(testRun, [
      { behavior: 'succeeds', changes: { attempt: 1 } },
      { behavior: 'succeeds', changes: { attempt: 2 }, before: () => writeFileSync(packages, 'by the first') },
    ]);
    assert.equal(existsSync(packages), false);
  },
);

test(
  'ChatDev works in a copy with its own pip: the set-up is unchanged and no secret of the parent is visible',
  { skip },
  async () => {
    using testRun = createTestRun();
    process.env['CHATDEV_TEST_API_KEY'] = 'chatdev-secret-value';
    try {
      await claimsOf(testRun, [{ behavior: 'succeeds' }]);
    } finally {
      delete process.env['CHATDEV_TEST_API_KEY'];
    }
    const told = JSON.parse(readFileSync(join(sourceOf(testRun), 'report.json'), 'utf8'));
    assert.equal(told.cwd, sourceOf(testRun));
    assert.ok(!JSON.stringify(told.env).includes('chatdev-secret-value'));
    assert.ok(told.env.HOME.startsWith(testRun.runDir) && told.env.TMPDIR.startsWith(testRun.runDir));
    const endpoint = testRun.step({ settings: { enabled: true, env: {} } }).endpoint!;
    assert.deepEqual([told.env.BASE_URL, told.env.OPENAI_BASE_URL], [endpoint.baseUrl, endpoint.baseUrl]);
    assert.deepEqual([told.env.PYTHONUTF8, told.env.PYTHONDONTWRITEBYTECODE], ['1', '1']);
    assert.ok(Number(told.env.PORT) > 0, 'the program that it tries has a port of its own');
    assert.match(told.env.TIKTOKEN_CACHE_DIR, /chatdev@[0-9a-f]{40}\/encodings$/);
    assert.equal(told.python3, join(testRun.scratch, 'chatdev/env'));
    assert.match(told.pip, /^pip 99 of the set-up/, 'pip of the set-up, run by the Python of the run');
    const installed = join(testRun.outside, 'frameworks', `chatdev@${recipe.commit}`, 'source');
    assert.deepEqual(readdirSync(installed).sort(), ['CompanyConfig', 'run.py']);
  },
);

test('a prompt too long for an argument and a model without a name are errors with a clear message', { skip }, async () => {
  using testRun = createTestRun();
  const settings = createFakeChatDevSettings(testRun, 'succeeds');
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    const step = testRun.step({ settings, model: 'gpt-4o-mini', prompt: 'x'.repeat(128 * 1024 - '--task='.length) });
    await assert.rejects(chatdev.runStep(step), { code: 'CHATDEV_PROMPT_TOO_LONG' });
    await assert.rejects(chatdev.prepare(testRun.step({ settings, model: 'o9' })), { code: 'CHATDEV_MODEL_UNKNOWN' });
  });
  assert.deepEqual(await chatdev.check({ ...settings, model: 'rehearsal' }), []);
  const [finding] = await chatdev.check({ ...settings, model: 'o9' });
  assert.match(finding?.what ?? '', /no name for the model "o9"/);
  assert.match(finding?.fix ?? '', /gpt-4o-mini/);
});

test(
  'a directory whose name a shell would split or expand is refused, because ChatDev does not quote its path',
  { skip },
  async () => {
    using testRun = createTestRun();
    const settings = createFakeChatDevSettings(testRun, 'succeeds');
    const preparing = async (name: string): Promise<unknown> =>
      await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
        const scratch = join(testRun.scratch, name);
        mkdirSync(scratch);
        return await chatdev.prepare(testRun.step({ settings, model: 'gpt-4o-mini', scratch }));
      });
    for (const name of ['a b', "it's", '"', '$(x)', 'a;b', 'a&b', 'a:b', 'a\nb', '*', '`', '\\'])
      await assert.rejects(preparing(name), { code: 'CHATDEV_PATH_UNUSABLE' }, name);
    await preparing('größe_1-2.3,4=5+6@7%~#{x}');
  },
);

test('the output of a failed environment creation is recorded', { skip }, async () => {
  using testRun = createTestRun();
  const settings = createFakeChatDevSettings(testRun, 'succeeds');
  const python = join(settings.install_dir!, `chatdev@${recipe.commit}`, 'env/bin/python');
  rmSync(python);
  writeFileSync(python, '#!/bin/sh\necho "no module named venv" >&2\nexit 3\n', { mode: 0o755 });
  await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    await assert.rejects(
      chatdev.prepare(testRun.step({ settings, model: 'gpt-4o-mini' })),
      /could not be made with .*: exit code 3$/,
    );
  });
  assert.match(readFileSync(join(testRun.logsDir, 'run.log'), 'utf8'), /"no module named venv"/);
});

test('isListening detects a listener on ChatDev’s log port', async () => {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
  });
  assert.equal(await isListening(port), true);
  await new Promise((resolve) => server.close(resolve));
  assert.equal(await isListening(port), false);
});

test('a run warns when something listens on ChatDev’s log port', { skip }, async (t) => {
  // Whoever else is sent there is let go at once.
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once('error', () => resolve(false)).listen(8000, '127.0.0.1', () => resolve(true));
  if (!(await promise)) return t.skip('port 8000 is taken');
  using testRun = createTestRun();
  try {
    await claimsOf(testRun, []);
  } finally {
    server.close();
  }
  assert.match(readFileSync(join(testRun.logsDir, 'run.log'), 'utf8'), /"level":"warn".*Port 8000/);
});

test('the output reader takes tokens only from ChatDev’s usage lines, and the error after a traceback', () => {
  const reader = outputReader();
  const line = (stream: 'stdout' | 'stderr', text: string): void => reader.onLine({ stream, text });
  assert.equal(reader.usage(), null);
  for (const text of [
    'prompt_tokens: 5',
    '**[OpenAI_Usage_Info Receive]**',
    'prompt_tokens: 10',
    'completion_tokens: 2',
    'total_tokens: 12',
    'prompt_tokens: 1000',
    'main.py updated.',
    'all of it updated.',
    '../up.py updated.',
    '/some/where/logo.png Downloaded',
  ])
    line('stdout', text);
  line('stderr', 'a warning');
  assert.equal(reader.error(), null);
  const traceback = (error: string): void => {
    for (const text of ['Traceback (most recent call last):', '  File "run.py", line 1', error, '']) line('stderr', text);
  };
  traceback('ValueError: earlier, and caught');
  traceback('BadRequestError: the cause');
  line('stderr', 'The above exception was the direct cause of the following exception:');
  traceback('RetryError: of no use');
  assert.deepEqual(reader.usage(), { input_tokens: 10, output_tokens: 2, calls: 1 });
  assert.deepEqual([...reader.written()], ['main.py', 'logo.png']);
  assert.equal(reader.error(), 'BadRequestError: the cause');
});

/** A whole run of the fake over the default steps, behind the proxy, with a model that sends annotations. */
async function experiment(
  env: Record<string, string>,
  look: (run: { exitCode: number; runDir: string; metrics: Record<string, any> }) => void,
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'stepwell-chatdev-'));
  try {
    await using model = await startAnnotating();
    const config = writeExperiment(root, model.baseUrl, { install_dir: fakeChatDev(root), env });
    const { exitCode, runs } = await runExperiment({ config, frameworks: ['chatdev'], runsDir: join(root, 'runs') });
    const { runDir } = runs[0]!;
    look({ exitCode, runDir, metrics: JSON.parse(readFileSync(join(runDir, 'metrics.json'), 'utf8')) });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

test('the rehearsed answers build an application over six steps that passes every check', { skip }, async () => {
  await experiment({}, ({ exitCode, runDir, metrics }) => {
    assert.equal(exitCode, 0);
    const { ESR, AUTR, CRUDe, API_CALLS, TOK_IN } = metrics['aggregate_metrics'];
    assert.deepEqual({ ESR, AUTR, CRUDe }, { ESR: 1, AUTR: 1, CRUDe: 22 });
    // 11 calls in the first step and 10 in the others: this fake asks for the requirements once.
    assert.equal(API_CALLS, 11 + 5 * 10);
    assert.ok(TOK_IN > 0);
    for (const { claimed_usage: said, validation } of metrics['steps']) {
      assert.equal(said.difference_percent, 0);
      assert.equal(validation.checks_passed, validation.checks_total);
    }
    assert.ok(statSync(join(runDir, 'workspace/start.sh')).mode & 0o100);
  });
});

test('five retries of one request are five calls, and the final error is reported', { skip }, async () => {
  await experiment({ FAKE: 'asks five times' }, ({ exitCode, metrics }) => {
    assert.equal(exitCode, 4);
    const [step] = metrics['steps'];
    assert.equal(step.attempts[0].status, 'failed');
    assert.equal(metrics['aggregate_metrics'].API_CALLS, 5);
  });
});
