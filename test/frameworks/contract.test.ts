import assert from 'node:assert/strict';
import { chmodSync, existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentAdapter } from '../../src/frameworks/agent.ts';
import { PRESETS } from '../../src/frameworks/agent/presets.ts';
import { baseline } from '../../src/frameworks/baseline.ts';
import { command } from '../../src/frameworks/command.ts';
import { adapters } from '../../src/frameworks/index.ts';
import { startUpstreamStub } from '../meter/upstream-stub.ts';
import { type FrameworkBehavior, type SimulatedFramework } from '../../src/testing/index.ts';
import { testContract } from './contract.ts';
import type { TestRun } from '../../src/testing/index.ts';

const SCRIPTS: Record<FrameworkBehavior, string> = {
  succeeds: 'echo made > made.txt',
  fails: 'echo "it did not work" >&2; exit 3',
  hangs: "trap '' TERM INT; setsid sleep 600 & sleep 600 & : > begun; while :; do sleep 600; done",
  floods:
    "yes 'a line of output that a framework writes again and again once it has lost its way, of 100 bytes all' | head -c 20000000",
  prints_invalid_utf8: String.raw`printf 'a\377b\n'`,
  reports: `exec "$NODE" -e 'require("fs").writeFileSync("report.json", JSON.stringify({ cwd: process.cwd(), env: process.env }))'`,
};

/** A framework that is a shell script; the prompt comes on stdin, or through the file that an argument names. */
function simulateCommand(byFile: boolean) {
  return async (behavior: FrameworkBehavior, testRun: TestRun): Promise<SimulatedFramework> => {
    const program = join(testRun.outside, 'framework.sh');
    writeFileSync(program, `#!/bin/sh\ncat "\${1:-/dev/stdin}" > prompt.seen\n${SCRIPTS[behavior]}\n`);
    chmodSync(program, 0o755);
    return {
      settings: { enabled: true, command: byFile ? [program, '{prompt_file}'] : [program], env: { NODE: process.execPath } },
      hasBegun: () => existsSync(join(testRun.workspace, 'begun')),
      receivedPrompt: () => readFileSync(join(testRun.workspace, 'prompt.seen'), 'utf8'),
      async [Symbol.asyncDispose]() {},
    };
  };
}

testContract({ name: 'command, prompt on stdin', adapter: command, simulate: simulateCommand(false), impossible: [] });
testContract({ name: 'command, prompt in a file', adapter: command, simulate: simulateCommand(true), impossible: [] });

/** An agent that keeps the command line of a real one: its version, the prompt on stdin or in its files. */
async function simulateAgent(behavior: FrameworkBehavior, testRun: TestRun): Promise<SimulatedFramework> {
  const program = join(testRun.outside, 'agent.sh');
  const seen = join(testRun.workspace, 'prompt.seen');
  const prompt = `{ cat; cat "$HOME"/stepwell.yaml 2>/dev/null; } > '${seen}'`;
  const version = 'case "$1" in --version | --help) echo "agent 1.2.3"; exit ;; esac';
  writeFileSync(program, `#!/bin/sh\n${version}\n${prompt}\n${SCRIPTS[behavior]}\n`);
  chmodSync(program, 0o755);
  return {
    settings: { enabled: true, command: [program], env: { NODE: process.execPath } },
    hasBegun: () => existsSync(join(testRun.workspace, 'begun')),
    receivedPrompt() {
      const text = readFileSync(seen, 'utf8');
      return text.startsWith('{"run"') ? (JSON.parse(text) as { run: { task: string } }).run.task : text;
    },
    async [Symbol.asyncDispose]() {},
  };
}

for (const [name, preset] of Object.entries(PRESETS))
  testContract({ name, adapter: agentAdapter(preset), simulate: simulateAgent, impossible: name === 'pi' ? [] : ['floods'] });

// The baseline starts no process.
testContract({
  name: 'baseline',
  adapter: baseline,
  impossible: ['floods', 'prints_invalid_utf8', 'reports'],
  async simulate(behaviour) {
    const upstream = await startUpstreamStub((response) => {
      if (behaviour === 'hangs') return;
      const content = behaviour === 'fails' ? 'I would rather not.' : '=== file: made.txt ===\nmade\n=== end ===';
      response.end(JSON.stringify({ model: 'm', choices: [{ message: { content }, finish_reason: 'stop' }] }));
    });
    return {
      settings: { enabled: true, env: {} },
      endpoint: { baseUrl: `${upstream.origin}/v1`, rootUrl: upstream.origin, apiKey: 'worth-nothing' },
      hasBegun: () => upstream.seen.length > 0,
      receivedPrompt() {
        const { messages } = JSON.parse(upstream.seen[0]?.body.toString() ?? '{}') as { messages: { content: string }[] };
        return messages.at(-1)?.content ?? '';
      },
      [Symbol.asyncDispose]: async () => await upstream[Symbol.asyncDispose](),
    };
  },
});

test('every registered adapter is tested against the contract', () => {
  const files = globSync('*.test.ts', { cwd: import.meta.dirname }).map((file) =>
    readFileSync(join(import.meta.dirname, file), 'utf8'),
  );
  const held = files.flatMap((text) => Array.from(text.matchAll(/testContract\(\{\s*name: '([\w-]+)/g), ([, name]) => name));
  assert.deepEqual(
    Object.keys(adapters).filter((name) => !held.includes(name) && !Object.hasOwn(PRESETS, name)),
    [],
  );
});
