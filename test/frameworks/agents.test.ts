import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentAdapter } from '../../src/frameworks/agent.ts';
import { PRESETS } from '../../src/frameworks/agent/presets.ts';
import type { AgentPreset } from '../../src/frameworks/agent/preset.ts';
import { withRun, withStep } from '../../src/log/index.ts';
import type { FrameworkClaim } from '../../src/run/index.ts';
import { until } from '../exec/processes.ts';
import { createTestRun, type TestRun } from '../../src/testing/index.ts';

/** A program in place of the agent: says its version, else runs `script`. */
function fake(testRun: TestRun, script: string): string {
  const program = join(testRun.outside, 'agent');
  writeFileSync(program, `#!/bin/sh\ncase "$1" in --version | --help) echo "agent 1.2.3"; exit ;; esac\n${script}\n`);
  chmodSync(program, 0o755);
  return program;
}

async function run(preset: AgentPreset, script: string, env: Record<string, string> = {}): Promise<[FrameworkClaim, TestRun]> {
  const testRun = createTestRun();
  const step = testRun.step({ settings: { enabled: true, command: [fake(testRun, script)], env } });
  const work = async () => await agentAdapter(preset).runStep(step);
  const scope = { runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir };
  return [await withRun(scope, async () => await withStep(1, { attempt: 1 }, work)), testRun];
}

/** One line that each agent would print or write, as the real ones did (shortened), and what it says. Input includes what was cached. */
const REPORTS: Record<keyof typeof PRESETS, { line: string; file?: string; usage: FrameworkClaim['usage'] }> = {
  pi: {
    line: '{"type":"message","message":{"role":"assistant","usage":{"input":1115,"output":20,"cacheRead":1024,"cacheWrite":1}}}',
    file: 'sessions/x/s.jsonl',
    usage: { input_tokens: 4280, output_tokens: 40, calls: 2 },
  },
  codex: {
    line: '{"type":"turn.completed","usage":{"input_tokens":100,"cached_input_tokens":64,"output_tokens":7}}',
    usage: { input_tokens: 200, output_tokens: 14, calls: null },
  },
  opencode: {
    line: '{"type":"step_finish","part":{"tokens":{"input":10,"output":2,"reasoning":1,"cache":{"read":5,"write":1}}}}',
    usage: { input_tokens: 32, output_tokens: 6, calls: 2 },
  },
  'mini-swe-agent': {
    line: '{"messages":[{"role":"user"},{"extra":{"response":{"usage":{"prompt_tokens":9,"completion_tokens":3}}}}]}',
    file: 'trajectory/run.json',
    usage: { input_tokens: 9, output_tokens: 3, calls: 1 },
  },
  claude: {
    line: '{"type":"result","modelUsage":{"a":{"inputTokens":1,"outputTokens":2,"cacheReadInputTokens":4,"cacheCreationInputTokens":8},"b":{"inputTokens":16,"outputTokens":32,"cacheReadInputTokens":0,"cacheCreationInputTokens":0}}}',
    usage: { input_tokens: 58, output_tokens: 68, calls: null },
  },
  gemini: {
    line: '{"type":"result","status":"success","stats":{"total_tokens":12,"input_tokens":10,"output_tokens":2,"cached":4}}',
    usage: { input_tokens: 20, output_tokens: 4, calls: null },
  },
  qwen: {
    line: '{"type":"result","usage":{"input_tokens":10,"output_tokens":2,"cache_read_input_tokens":4}}',
    usage: { input_tokens: 20, output_tokens: 4, calls: null },
  },
  copilot: { line: '{"type":"result","usage":{"premiumRequests":0}}', usage: undefined },
};

/** One line of each as the real ones printed or wrote it (shortened) when the endpoint answered 400, and the words that are theirs. */
const FAILURES: Record<keyof typeof PRESETS, { line: string; words: string }> = {
  pi: {
    line: '{"type":"message","message":{"role":"assistant","content":[],"stopReason":"error","errorMessage":"400 the stub says no"}}',
    words: '400 the stub says no',
  },
  codex: { line: '{"type":"turn.failed","error":{"message":"the stub\\n says no"}}', words: 'the stub says no' },
  opencode: {
    line: '{"type":"error","sessionID":"s","error":{"name":"APIError","data":{"message":"the stub says no","statusCode":400}}}',
    words: 'the stub says no',
  },
  'mini-swe-agent': { line: '{"info":{"exit_status":"LimitsExceeded"},"messages":[]}', words: 'LimitsExceeded' },
  claude: {
    line: '{"type":"result","subtype":"success","is_error":true,"result":"API Error: 400 the stub says no","errors":null,"modelUsage":{}}',
    words: 'API Error: 400 the stub says no',
  },
  gemini: {
    line: '{"type":"result","status":"error","error":{"type":"unknown","message":"[API Error: no]"},"stats":{"input_tokens":0,"output_tokens":0}}',
    words: '[API Error: no]',
  },
  qwen: {
    line: '{"type":"result","subtype":"error_during_execution","is_error":true,"usage":{"input_tokens":0,"output_tokens":0},"error":{"message":"[API Error: 400 no]"}}',
    words: '[API Error: 400 no]',
  },
  copilot: {
    line: '{"type":"session.error","data":{"errorType":"query","message":"400 the stub says no","statusCode":400}}',
    words: '400 the stub says no',
  },
};

/** Prints the lines, or puts them into the file below HOME. */
function telling(lines: readonly string[], file: string | undefined): string {
  const target = file === undefined ? '/dev/stdout' : `$HOME/${file}`;
  return `cat > /dev/null; mkdir -p "$(dirname "${target}")"\ncat >> "${target}" <<'E'\n${lines.join('\n')}\nE`;
}

for (const [name, { line, file, usage }] of Object.entries(REPORTS)) {
  const preset = PRESETS[name as keyof typeof PRESETS];

  test(`${name}: the usage that the agent reports is summed up in the claim`, async (t) => {
    const copies = file?.endsWith('.json') === true ? [line] : ['not JSON', '{"type":"other"}', line, '{', line];
    const [claim, testRun] = await run(preset, telling(copies, file));
    t.after(() => testRun[Symbol.dispose]());
    assert.deepEqual(claim, usage === undefined ? { status: 'success' } : { status: 'success', usage });
  });

  test(`${name}: a failure that the agent reports is recorded with its message, whatever the exit code`, async (t) => {
    const { line: failure, words } = FAILURES[name as keyof typeof PRESETS];
    const script = telling([failure], file);
    const [{ usage: _, ...claim }, testRun] = await run(preset, script);
    t.after(() => testRun[Symbol.dispose]());
    const reason = `${preset.program} says: ${words}`;
    assert.deepEqual(claim, { status: 'failure', reason: 'framework_failed', message: reason });
    const [{ usage: __, ...exited }, other] = await run(preset, `${script}\nexit 7`);
    t.after(() => other[Symbol.dispose]());
    assert.deepEqual(exited, { status: 'failure', reason: 'exit_code', message: `exit code 7; ${reason}` });
  });

  test(`${name}: the agent receives proxy and model, and nothing from an earlier attempt`, async (t) => {
    const script =
      'cat > /dev/null; { echo "$@"; env; find "$HOME" -type f -exec cat {} +; } > told; echo "$HOME" > home; : > "$HOME/left"';
    const [, testRun] = await run(preset, script);
    t.after(() => testRun[Symbol.dispose]());
    const told = readFileSync(join(testRun.workspace, 'told'), 'utf8');
    assert.match(told, /http:\/\/127\.0\.0\.1:9\b/);
    assert.match(told, /some-model/);
    assert.ok(!told.includes('left'));
    const home = readFileSync(join(testRun.workspace, 'home'), 'utf8').trim();
    assert.ok(home.startsWith(testRun.runDir) && existsSync(join(home, 'left')), home);
    const again = testRun.step({ settings: { enabled: true, command: [join(testRun.outside, 'agent')], env: {} } });
    await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
      await withStep(1, { attempt: 1 }, async () => await agentAdapter(preset).runStep({ ...again, attempt: 2 }));
    });
    assert.notEqual(readFileSync(join(testRun.workspace, 'home'), 'utf8').trim(), home);
  });

  test(`${name}: env of the user overrides the preset, and further arguments come last`, async () => {
    using testRun = createTestRun();
    const program = fake(testRun, 'cat > /dev/null; echo "$HOME|$MODE|$*" > told');
    const step = testRun.step({
      settings: { enabled: true, command: [program, '--last'], env: { HOME: testRun.runDir, MODE: 'x' } },
    });
    await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
      await withStep(1, { attempt: 1 }, async () => await agentAdapter(preset).runStep(step));
    });
    const [home, mode, args] = readFileSync(join(testRun.workspace, 'told'), 'utf8').trim().split('|');
    assert.deepEqual([home, mode], [testRun.runDir, 'x']);
    assert.match(args ?? '', / --last$/);
  });
}

test('an agent that reports an error and then succeeds on its own retry is a success', async (t) => {
  const fine = FAILURES.pi.line.replace('"error","errorMessage":"400 the stub says no"', '"stop"');
  const [claim, testRun] = await run(PRESETS.pi, telling([FAILURES.pi.line, fine], 'sessions/x/s.jsonl'));
  t.after(() => testRun[Symbol.dispose]());
  assert.equal(claim.status, 'success');
});

const PI_SESSION = [
  '{"type":"session","version":3}',
  '{"type":"message","message":{"role":"user","content":[{"type":"text","text":"Build it with sk-proj-0123456789abcdefghij."}]}}',
  '{"type":"message","message":{"role":"assistant","content":[{"type":"text","text":"Well."},{"type":"toolCall","name":"bash","arguments":{"command":"ls"}}]}}',
  '{"type":"message","message":{"role":"toolResult","toolName":"bash","content":[{"type":"text","text":"made.txt"}]}}',
];
const MINI_SESSION = [
  '{"info":{"exit_status":"Submitted"},"messages":[{"role":"user","content":"Build it with sk-proj-0123456789abcdefghij."},' +
    '{"role":"assistant","content":null,"tool_calls":[{"id":"1","function":{"name":"bash","arguments":"ls"}}],"extra":{"response":{}}},' +
    '{"role":"tool","content":"made.txt"}]}',
];

for (const [name, lines, file, expected] of [
  ['pi', PI_SESSION, 'sessions/x/s.jsonl', ['user', 'assistant bash', 'toolResult bash']],
  ['mini-swe-agent', MINI_SESSION, 'trajectory/run.json', ['user', 'assistant bash', 'tool']],
] as const) {
  test(`${name}: the messages of its session are kept in the record, redacted`, async (t) => {
    const [, testRun] = await run(PRESETS[name], telling(lines, file));
    t.after(() => testRun[Symbol.dispose]());
    const kept = testRun.records().filter(({ event }) => event === 'agent_message');
    const facts = kept.map(({ metadata: { role, tools } }) => [role, ...(tools as string[])].join(' '));
    assert.deepEqual(facts, expected);
    assert.ok(kept.every(({ metadata }) => metadata['file'] === file.replace(/^\w+\//, '') && metadata['cut'] === false));
    assert.match(kept[0]?.message ?? '', /Build it with \[redacted\]/);
    assert.match(kept[1]?.message ?? '', /"arguments":.*ls/);
    assert.ok(!kept[1]?.message.includes('response'));
    const [end] = testRun.records().filter(({ event }) => event === 'agent_session');
    assert.deepEqual({ ...end?.metadata, bytes: 0 }, { messages: 3, recorded: 3, bytes: 0 });
  });
}

test('an oversized session is recorded in part, with a warning', async (t) => {
  const write = (file: string, content: string) =>
    `require("fs").writeFileSync(process.env.HOME + "/sessions/${file}", (JSON.stringify({ type: "message", message: { role: "user", content: ${content} } }) + "\\n").repeat(300));`;
  const script = `cat > /dev/null; mkdir "$HOME/sessions"; "$NODE" -e '${write('a.jsonl', '"short"')}${write('b.jsonl', '"x".repeat(65_500) + " sk-proj-0123456789abcdefghij " + "x".repeat(34_470)')}'`;
  const [, testRun] = await run(PRESETS.pi, script, { NODE: process.execPath });
  t.after(() => testRun[Symbol.dispose]());
  const kept = testRun.records().filter(({ event }) => event === 'agent_message');
  const cut = kept.filter(({ metadata }) => metadata['cut'] === true);
  assert.equal(kept.length - cut.length, 300);
  assert.equal(cut.length, 256, 'pieces of 64 KiB make 16 MiB');
  assert.ok(cut.every(({ message, metadata }) => message.length === 65_536 && metadata['bytes'] === 100_028));
  assert.ok(
    cut.every(({ message }) => message.endsWith('x [redacted')),
    'also where the cut goes through a secret',
  );
  const [end] = testRun.records().filter(({ event }) => event === 'agent_session');
  assert.deepEqual({ ...end?.metadata, bytes: 0 }, { messages: 600, recorded: 556, bytes: 0 });
});

test('the session of a terminated agent is recorded, too', async () => {
  using testRun = createTestRun();
  const file = 'sessions/x/s.jsonl';
  const program = fake(testRun, `${telling(PI_SESSION, file)}\n: > begun; exec sleep 600`);
  const controller = new AbortController();
  const step = testRun.step({ settings: { enabled: true, command: [program], env: {} }, signal: controller.signal });
  const claim = await withRun({ runId: 'run-1', framework: 'tested', logsDir: testRun.logsDir }, async () => {
    return await withStep(1, { attempt: 1 }, async () => {
      const work = agentAdapter(PRESETS.pi).runStep(step);
      await until(() => existsSync(join(testRun.workspace, 'begun')), 'the agent has begun');
      controller.abort();
      return await work;
    });
  });
  assert.equal(claim.status, 'failure');
  assert.equal(testRun.records().filter(({ event }) => event === 'agent_message').length, 3);
});

test('the version of a program is read once, and again when the program changed or gave no version', async () => {
  using testRun = createTestRun();
  const asked = join(testRun.outside, 'asked');
  const settings = { enabled: true, command: [join(testRun.outside, 'agent')], env: {} };
  const write = (version: string, exit = 0) => {
    writeFileSync(settings.command[0]!, `#!/bin/sh\necho >> '${asked}'; echo "agent ${version}"; exit ${exit}\n`);
    chmodSync(settings.command[0]!, 0o755);
  };
  const times = () => readFileSync(asked, 'utf8').length;
  const adapter = agentAdapter(PRESETS.pi);
  write('1.2.3', 1);
  assert.equal((await adapter.check(settings)).length, 1);
  assert.equal((await adapter.check(settings)).length, 1);
  assert.equal(times(), 2);
  write('1.2.3');
  await Promise.all([adapter.check(settings), adapter.describe?.(settings), adapter.prepare(testRun.step({ settings }))]);
  assert.equal(times(), 3);
  write('1.2.10');
  assert.equal((await adapter.prepare(testRun.step({ settings }))).commit, 'pi 1.2.10');
  assert.equal(times(), 4);
});

test('check reports a missing agent with an install command; describe reports the version', async () => {
  using testRun = createTestRun();
  const settings = (program?: string) => ({
    enabled: true,
    env: { PATH: testRun.outside },
    ...(program ? { command: [program] } : {}),
  });
  const adapter = agentAdapter(PRESETS.pi);
  const [finding] = await adapter.check(settings());
  assert.match(finding?.what ?? '', /"pi" was not found on PATH/);
  assert.match(finding?.fix ?? '', /npm install --global .*pi-coding-agent@\d.*command: \[\/path\/to\/pi\]/);
  assert.equal(await adapter.describe?.(settings()), null);
  const program = fake(testRun, 'true');
  assert.deepEqual(await adapter.check({ ...settings(program), env: {} }), []);
  assert.equal(await adapter.describe?.({ ...settings(program), env: {} }), `pi 1.2.3 (${program})`);
  writeFileSync(program, '#!/bin/sh\necho "needs Node 99" >&2; exit 1\n');
  assert.match((await adapter.check({ ...settings(program), env: {} }))[0]?.what ?? '', /--version failed: needs Node 99/);
});
