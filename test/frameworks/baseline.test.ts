import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { baseline } from '../../src/frameworks/baseline.ts';
import { getLogger, type Logger, withRun, withStep } from '../../src/log/index.ts';
import { startMeter, unpriced } from '../../src/meter/index.ts';
import { startRehearsal } from '../../src/rehearsal/index.ts';
import { EVENT_METADATA } from '../../src/schema/index.ts';
import type { AdapterEndpoint, AdapterStep, FrameworkClaim } from '../../src/run/adapter.ts';
import { startUpstreamStub, type UpstreamStub } from '../meter/upstream-stub.ts';
import { checkAfterStep, type Kept } from '../rehearsal/student-service-checks.ts';
import { startService } from '../rehearsal/started-service.ts';

const CONFIG = join(import.meta.dirname, '../../config');
const PROMPTS = [
  '01_create_student',
  '02_add_email',
  '03_create_course',
  '04_enrolment',
  '05_create_teacher',
  '06_assign_teacher',
];

function tempDir(t: TestContext): string {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-baseline-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

const nothing = (): void => {};
const SILENT: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing, fatal: nothing };

/** A step as the runner would hand it over. */
function stepOf(workspace: string, changes: Partial<AdapterStep>): AdapterStep {
  mkdirSync(workspace, { recursive: true });
  return {
    runId: 'run-1',
    framework: 'baseline',
    settings: { enabled: true, env: {} },
    workspace,
    scratch: join(workspace, '..', 'scratch'),
    model: 'some-model',
    randomSeed: 42,
    log: SILENT,
    signal: new AbortController().signal,
    processTag: 'run-1:tag',
    env: {},
    shutdownGraceSeconds: 1,
    step: 1,
    name: 'create-student',
    attempt: 1,
    prompt: 'Build it.',
    promptFile: '/nowhere',
    endpoint: null,
    phaseEndpoint: () => null,
    answerClarification: () => assert.fail('no clarification is expected'),
    ...changes,
  };
}

interface Line {
  readonly event: string;
  readonly metadata: Record<string, unknown>;
}

function logLines(logsDir: string, file: string): Line[] {
  const text = readFileSync(join(logsDir, file), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

function endpointAt(baseUrl: string): AdapterEndpoint {
  return { baseUrl, rootUrl: baseUrl.replace(/\/v1$/, ''), apiKey: 'dummy' };
}

test('a rehearsal builds the service in six steps with one clarification, and records every file and call', async (t) => {
  const dir = tempDir(t);
  const workspace = join(dir, 'workspace');
  const logsDir = join(dir, 'logs');
  const hitl = readFileSync(join(CONFIG, 'hitl/expanded_spec.txt'), 'utf8');
  const asked: [number, string][] = [];
  const kept: Kept = {};
  await using rehearsal = await startRehearsal({ rulesDir: join(CONFIG, 'rehearsal'), strict: true });
  await using meter = await startMeter();
  const upstream = { baseUrl: rehearsal.baseUrl, apiKey: null };
  const metered = meter.openRun({ runId: 'run-1', upstream, prices: unpriced('a test') });
  await withRun({ runId: 'run-1', framework: 'baseline', logsDir }, async () => {
    for (const [index, name] of PROMPTS.entries()) {
      const step = index + 1;
      const prompt = readFileSync(join(CONFIG, `prompts/${name}.txt`), 'utf8');
      const claim = await withStep(step, { attempt: 1 }, async () => {
        const endpoint = metered.openAttempt({ step, attempt: 1 });
        const answerClarification = (query: string): Promise<string> => {
          asked.push([step, query]);
          return Promise.resolve(hitl);
        };
        const log = getLogger('baseline', { component: 'adapter' });
        const result = await baseline.runStep(stepOf(workspace, { step, prompt, endpoint, answerClarification, log }));
        await endpoint.close();
        return result;
      });
      assert.equal(claim.status, 'success');

      const calls = logLines(logsDir, `step_00${step}/metrics.log`).filter(({ event }) => event === 'llm_call');
      assert.equal(calls.length, step === 3 ? 2 : 1);
      const total = (key: string): number => calls.reduce((sum, { metadata }) => sum + Number(metadata[key]), 0);
      assert.deepEqual(claim.usage, {
        input_tokens: total('gen_ai.usage.input_tokens'),
        output_tokens: total('gen_ai.usage.output_tokens'),
        calls: calls.length,
      });
      assert.ok((claim.usage?.input_tokens ?? 0) > 400 && (claim.usage?.output_tokens ?? 0) > 200);
      assert.equal(total('gen_ai.usage.cache_read.input_tokens') > 0, step === 3);
      const written = logLines(logsDir, `step_00${step}/adapter.log`).filter(({ event }) => event === 'file_written');
      for (const { metadata } of written) {
        const { path, bytes } = EVENT_METADATA.file_written.parse(metadata);
        assert.equal(statSync(join(workspace, path)).size, bytes);
      }
      assert.ok(written.length > 0);

      await using service = await startService(workspace);
      await checkAfterStep(service, step, kept);
    }
  });
  assert.equal(asked.length, 1);
  assert.equal(asked[0]?.[0], 3);
  assert.match(asked[0]?.[1] ?? '', /^Which levels/);
});

const decideYourself = (): Promise<string> => Promise.resolve('Decide yourself.');

test('the next step also builds the parts of skipped steps', async (t) => {
  await using rehearsal = await startRehearsal({ rulesDir: join(CONFIG, 'rehearsal'), strict: true });
  for (const steps of [[6], [3, 4], [1, 5], [2, 6]]) {
    const workspace = join(tempDir(t), 'workspace');
    for (const step of steps) {
      const prompt = readFileSync(join(CONFIG, `prompts/${PROMPTS[step - 1]}.txt`), 'utf8');
      const endpoint = endpointAt(rehearsal.baseUrl);
      const claim = await baseline.runStep(stepOf(workspace, { prompt, endpoint, answerClarification: decideYourself }));
      assert.equal(claim.status, 'success');
    }
    await using service = await startService(workspace);
    await checkAfterStep(service, steps.at(-1) ?? 0, {});
  }
});

/** One attempt against an endpoint that answers these texts in turn. */
async function attempt(
  t: TestContext,
  answers: readonly (string | { content?: string; finish_reason?: string; usage?: object | null })[],
  options: { prepare?: (workspace: string) => void; step?: Partial<AdapterStep> } = {},
): Promise<{ claim: FrameworkClaim; workspace: string; upstream: UpstreamStub }> {
  const workspace = join(tempDir(t), 'workspace');
  mkdirSync(workspace);
  options.prepare?.(workspace);
  let turn = 0;
  const upstream = await startUpstreamStub((response) => {
    const scripted = answers[turn++] ?? assert.fail('asked once more than expected');
    const answer = typeof scripted === 'string' ? { content: scripted } : scripted;
    const choices = [{ message: { content: answer.content ?? '' }, finish_reason: answer.finish_reason ?? 'stop' }];
    const usage = answer.usage === undefined ? { prompt_tokens: 10, completion_tokens: 5 } : answer.usage;
    response.end(JSON.stringify({ model: 'm', choices, usage }));
  });
  t.after(() => upstream[Symbol.asyncDispose]());
  const step = stepOf(workspace, { endpoint: endpointAt(`${upstream.origin}/v1`), ...options.step });
  return { claim: await baseline.runStep(step), workspace, upstream };
}

const GOOD = '=== file: a.txt ===\nnew\n=== end ===';

function failureOf(claim: FrameworkClaim): string {
  return claim.status === 'failure' ? claim.message : assert.fail('the attempt succeeded');
}

function variedWorkspace(workspace: string): void {
  const put = (path: string, content: string | Buffer): void => {
    mkdirSync(join(workspace, path, '..'), { recursive: true });
    writeFileSync(join(workspace, path), content);
  };
  put('src/b.js', 'let b;\n');
  put('a.txt', 'old');
  put('node_modules/x/index.js', 'dependency');
  put('.git/config', 'git');
  put('data/students.json', 'stored');
  put('src/data/names.txt', 'source');
  put('latin.txt', Buffer.from('caf\xe9', 'latin1'));
  writeFileSync(Buffer.concat([Buffer.from(`${workspace}/odd`), Buffer.from([0xff])]), 'unreachable');
  put('.env', 'SECRET=very-secret');
  put('image.png', Buffer.from([1, 0, 2]));
  put('big.txt', 'x'.repeat(70_000));
  symlinkSync('/etc/passwd', join(workspace, 'link'));
}

test('the request contains the prompt and the text files of the workspace, without dependencies, data and secrets', async (t) => {
  const { claim, workspace, upstream } = await attempt(t, [GOOD], { prepare: variedWorkspace });
  assert.deepEqual(claim, { status: 'success', usage: { input_tokens: 10, output_tokens: 5, calls: 1 } });
  assert.equal(readFileSync(join(workspace, 'a.txt'), 'utf8'), 'new\n');
  const request = JSON.parse(upstream.seen[0]?.body.toString() ?? '');
  assert.equal(request.model, 'some-model');
  assert.equal(request.seed, 42);
  const text: string = request.messages[1].content;
  assert.ok(text.startsWith('Build it.\n'));
  assert.ok(text.includes('=== file: a.txt ===\nold\n=== end ===\n\n=== file: src/b.js ===\nlet b;\n=== end ==='));
  assert.ok(text.includes('=== file: src/data/names.txt ===\nsource\n'));
  for (const absent of ['unreachable', 'caf', 'dependency', 'stored', 'very-secret', 'root:', 'xxxx', '.git/config'])
    assert.ok(!text.includes(absent), absent);
  assert.ok(
    text.includes('- big.txt (70000 bytes)') && text.includes('- image.png (3 bytes)') && text.includes('- latin.txt (4 bytes)'),
  );
});

function trappedWorkspace(workspace: string): void {
  symlinkSync(tmpdir(), join(workspace, 'out'));
  symlinkSync('/etc/passwd', join(workspace, 'passwd'));
  mkdirSync(join(workspace, 'folder'));
  writeFileSync(join(workspace, 'plain'), '');
}

test('a path outside the workspace is refused, and no file of the answer is written', async (t) => {
  const cases: [string, RegExp][] = [
    ['/etc/x', /absolute/],
    ['C:/x', /absolute/],
    ['../x', /\.\. part/],
    ['a/../../x', /\.\. part/],
    ['a//x', /empty/],
    ['./x', /\. or/],
    ['a\\..\\x', /backslash/],
    ['a\0b', /control character/],
    ['a\u001b[2Jb', /control character/],
    [`${'d/'.repeat(300)}x`, /longer than 600 bytes/],
    ['.git/hooks/post-commit', /\.git/],
    ['sub/.GIT/config', /\.git/],
    ['out/x', /out is a symbolic link/],
    ['passwd', /symbolic link/],
    ['folder', /no file/],
    ['plain/x', /plain is no directory/],
    ['x'.repeat(201), /200 bytes/],
    ['a.txt/x', /has a\.txt\/x below it/],
  ];
  for (const [path, reason] of cases) {
    for (const named of [`=== file: ${path} ===\nx\n=== end ===`, `=== delete: ${path} ===`]) {
      const { claim, workspace } = await attempt(t, [`${GOOD}\n${named}`], { prepare: trappedWorkspace });
      assert.match(failureOf(claim), reason, path);
      assert.ok(!existsSync(join(workspace, 'a.txt')));
    }
  }
});

function block(path: string, content: string): string {
  return `=== file: ${path} ===\n${content}\n=== end ===\n`;
}

test('start.sh, marked files and files with #! become executable; deleted files are removed', async (t) => {
  const text = block('start.sh', 'exit') + block('tool (executable)', 'x') + block('bin/s', '#!/bin/sh') + block('a.txt', 'x');
  const { claim, workspace } = await attempt(t, [`${text}=== delete: old ===`], {
    prepare: (workspace) => writeFileSync(join(workspace, 'old'), ''),
  });
  assert.equal(claim.status, 'success');
  const executable = ['start.sh', 'tool', 'bin/s', 'a.txt'].map((path) => (statSync(join(workspace, path)).mode & 0o111) !== 0);
  assert.deepEqual(executable, [true, true, true, false]);
  assert.ok(!existsSync(join(workspace, 'old')));
});

test('one question is answered; a second one fails the attempt', async (t) => {
  const question = '[NEEDS CLARIFICATION: why?]';
  const asked: string[] = [];
  const step = { answerClarification: (query: string) => Promise.resolve(`fixed ${asked.push(query)}`) };
  const { claim, upstream } = await attempt(t, [question, GOOD], { step });
  assert.deepEqual(claim.usage, { input_tokens: 20, output_tokens: 10, calls: 2 });
  assert.deepEqual(asked, ['why?']);
  assert.deepEqual(JSON.parse(upstream.seen[1]?.body.toString() ?? '').messages.slice(2), [
    { role: 'assistant', content: question },
    { role: 'user', content: 'fixed 1' },
  ]);
  const again = await attempt(t, [question, question], { step });
  assert.match(failureOf(again.claim), /asked again/);
});

test('unusable answers fail the attempt with a message', async (t) => {
  const cases: [Parameters<typeof attempt>[1][number], RegExp][] = [
    ['I cannot do that.', /answered no files/],
    [{ content: GOOD, finish_reason: 'length' }, /token limit/],
    ['=== file: b.txt ===\nhalf', /ends inside the file "b.txt"/],
  ];
  for (const [answer, message] of cases) {
    const { claim, workspace } = await attempt(t, [answer]);
    assert.match(failureOf(claim), message);
    assert.ok(!existsSync(join(workspace, 'a.txt')));
  }
  const { claim } = await attempt(t, [{ content: GOOD, usage: null }]);
  assert.deepEqual(claim.usage, { input_tokens: null, output_tokens: null, calls: 1 }, 'usage that was not said is not claimed');
});

test('an error of the endpoint fails the attempt with the message of the endpoint', async (t) => {
  await using upstream = await startUpstreamStub((response, seen) => {
    if (seen.url.startsWith('/odd')) response.end('<html>');
    else response.writeHead(429).end('{"error":{"message":"slow down"}}');
  });
  const run = (baseUrl: string | null): Promise<FrameworkClaim> =>
    baseline.runStep(stepOf(join(tempDir(t), 'w'), { endpoint: baseUrl === null ? null : endpointAt(baseUrl) }));
  assert.match(failureOf(await run(`${upstream.origin}/v1`)), /HTTP 429: slow down$/);
  assert.match(failureOf(await run(`${upstream.origin}/odd`)), /no chat completion: "<html>"/);
  assert.match(failureOf(await run('http://127.0.0.1:1/v1')), /could not be reached: ECONNREFUSED/);
  assert.match(failureOf(await run(null)), /no endpoint is configured/);
});

test('an abort ends the attempt while a request is pending', async (t) => {
  const controller = new AbortController();
  await using upstream = await startUpstreamStub(() => controller.abort(new Error('time limit')));
  const step = stepOf(join(tempDir(t), 'w'), {
    endpoint: endpointAt(`${upstream.origin}/v1`),
    signal: controller.signal,
  });
  await assert.rejects(baseline.runStep(step), /time limit/);
});

test('the recorded commit is the version of stepwell, with the git commit in a clone', async () => {
  const { version } = JSON.parse(readFileSync(join(CONFIG, '../package.json'), 'utf8'));
  const { commit } = await baseline.prepare(stepOf(tmpdir(), {}));
  assert.match(commit, existsSync(join(CONFIG, '../.git')) ? /^[\d.]+\+[0-9a-f]{40}(\.dirty)?$/ : /^[\d.]+$/);
  assert.ok(commit.startsWith(version));
});
