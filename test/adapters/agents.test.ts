import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentAdapter } from '../../src/adapters/agent.ts';
import { PRESETS } from '../../src/adapters/agent/presets.ts';
import type { AgentPreset } from '../../src/adapters/agent/preset.ts';
import { withRun, withStep } from '../../src/log.ts';
import type { AdapterStep, FrameworkClaim } from '../../src/run.ts';
import { makeStage, type Stage } from './stage.ts';

/** A program in place of the agent: says its version, else runs `script`. */
function fake(stage: Stage, script: string): string {
  const program = join(stage.outside, 'agent');
  writeFileSync(program, `#!/bin/sh\ncase "$1" in --version | --help) echo "agent 1.2.3"; exit ;; esac\n${script}\n`);
  chmodSync(program, 0o755);
  return program;
}

async function run(preset: AgentPreset, script: string, changes: Partial<AdapterStep> = {}): Promise<[FrameworkClaim, Stage]> {
  const stage = makeStage();
  const step = stage.step({ settings: { enabled: true, command: [fake(stage, script)], env: {} }, ...changes });
  const work = async () => await agentAdapter(preset).runStep(step);
  const scope = { runId: 'run-1', framework: 'tested', logsDir: stage.logsDir };
  return [await withRun(scope, async () => await withStep(1, { attempt: 1 }, work)), stage];
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

for (const [name, { line, file, usage }] of Object.entries(REPORTS)) {
  const preset = PRESETS[name as keyof typeof PRESETS];

  test(`${name}: what it says it used is its claim, added up`, async (t) => {
    const target = file === undefined ? '/dev/stdout' : `$HOME/${file}`;
    const copies = file?.endsWith('.json') === true ? [line] : ['not JSON', '{"type":"other"}', line, '{', line];
    const script = `cat > /dev/null; mkdir -p "$(dirname "${target}")"\ncat >> "${target}" <<'E'\n${copies.join('\n')}\nE`;
    const [claim, stage] = await run(preset, script);
    t.after(() => stage[Symbol.dispose]());
    assert.deepEqual(claim, usage === undefined ? { status: 'success' } : { status: 'success', usage });
  });

  test(`${name}: it is told the proxy and the model, and gets nothing of an earlier attempt`, async (t) => {
    const script =
      'cat > /dev/null; { echo "$@"; env; find "$HOME" -type f -exec cat {} +; } > told; echo "$HOME" > home; : > "$HOME/left"';
    const [, stage] = await run(preset, script);
    t.after(() => stage[Symbol.dispose]());
    const told = readFileSync(join(stage.workspace, 'told'), 'utf8');
    assert.match(told, /http:\/\/127\.0\.0\.1:9\b/);
    assert.match(told, /some-model/);
    assert.ok(!told.includes('left'));
    const home = readFileSync(join(stage.workspace, 'home'), 'utf8').trim();
    assert.ok(home.startsWith(stage.runDir) && existsSync(join(home, 'left')), home);
    const again = stage.step({ settings: { enabled: true, command: [join(stage.outside, 'agent')], env: {} } });
    await withRun({ runId: 'run-1', framework: 'tested', logsDir: stage.logsDir }, async () => {
      await withStep(1, { attempt: 1 }, async () => await agentAdapter(preset).runStep({ ...again, attempt: 2 }));
    });
    assert.notEqual(readFileSync(join(stage.workspace, 'home'), 'utf8').trim(), home);
  });

  test(`${name}: what the user sets in env stands above the preset, further arguments come last`, async () => {
    using stage = makeStage();
    const program = fake(stage, 'cat > /dev/null; echo "$HOME|$MODE|$*" > told');
    const step = stage.step({
      settings: { enabled: true, command: [program, '--last'], env: { HOME: stage.runDir, MODE: 'x' } },
    });
    await withRun({ runId: 'run-1', framework: 'tested', logsDir: stage.logsDir }, async () => {
      await withStep(1, { attempt: 1 }, async () => await agentAdapter(preset).runStep(step));
    });
    const [home, mode, args] = readFileSync(join(stage.workspace, 'told'), 'utf8').trim().split('|');
    assert.deepEqual([home, mode], [stage.runDir, 'x']);
    assert.match(args ?? '', / --last$/);
  });
}

test('what is missing is said with what to type, and what is there with its version', async () => {
  using stage = makeStage();
  const settings = (program?: string) => ({
    enabled: true,
    env: { PATH: stage.outside },
    ...(program ? { command: [program] } : {}),
  });
  const adapter = agentAdapter(PRESETS.pi);
  const [finding] = await adapter.check(settings());
  assert.match(finding?.what ?? '', /"pi" was not found on PATH/);
  assert.match(finding?.fix ?? '', /npm install --global .*pi-coding-agent@\d.*command: \[\/path\/to\/pi\]/);
  assert.equal(await adapter.describe?.(settings()), null);
  const program = fake(stage, 'true');
  assert.deepEqual(await adapter.check({ ...settings(program), env: {} }), []);
  assert.equal(await adapter.describe?.({ ...settings(program), env: {} }), `pi 1.2.3 (${program})`);
  writeFileSync(program, '#!/bin/sh\necho "needs Node 99" >&2; exit 1\n');
  assert.match((await adapter.check({ ...settings(program), env: {} }))[0]?.what ?? '', /--version failed: needs Node 99/);
});
