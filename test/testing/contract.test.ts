/** The contract itself: an adapter that breaks it fails the case that says so. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { adapterContract, type Adapter } from '../../src/testing.ts';
import { loadedBy } from '../loaded.ts';

/** An adapter that keeps the contract by itself, without a process. */
const honest: Adapter = {
  check: () => Promise.resolve([]),
  prepare: () => Promise.resolve({ commit: 'unknown' }),
  async runStep({ settings, prompt, workspace, signal }) {
    writeFileSync(join(workspace, 'prompt.txt'), prompt);
    if (settings['behavior'] === 'hangs') await wait(60_000, null, { signal });
    if (settings['behavior'] === 'fails') return { status: 'failure', reason: 'framework_failed', message: 'it did not work' };
    writeFileSync(join(workspace, 'made.txt'), 'made\n');
    return { status: 'success' };
  },
};

/** Names of the cases that the adapter fails. */
async function failedCases(adapter: Adapter): Promise<string[]> {
  const cases = adapterContract({
    name: 'mine',
    adapter,
    impossible: ['floods', 'prints_invalid_utf8', 'reports'],
    simulate: (behavior, { workspace }) =>
      Promise.resolve({
        settings: { enabled: true, env: {}, behavior },
        hasBegun: () => existsSync(join(workspace, 'prompt.txt')),
        receivedPrompt: () => readFileSync(join(workspace, 'prompt.txt'), 'utf8'),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  });
  const failed: string[] = [];
  for (const { name, skip, run } of cases) {
    if (skip === null) await run().catch(() => failed.push(name));
  }
  return failed;
}

test('an adapter that keeps the contract fails no case', async () => {
  assert.deepEqual(await failedCases(honest), []);
});

const broken: [what: string, change: Partial<Adapter>, failing: RegExp][] = [
  ['is never ready', { check: () => Promise.resolve([{ what: 'Nothing.', fix: 'Nothing.' }]) }, /is ready when/],
  [
    'claims a success for everything',
    { runStep: async (s) => ({ ...(await honest.runStep(s)), status: 'success' }) },
    /a failure/,
  ],
  [
    'leaves no work',
    {
      runStep: async (s) => {
        const claim = await honest.runStep(s);
        rmSync(join(s.workspace, 'made.txt'), { force: true });
        return claim;
      },
    },
    /a success, and the work/,
  ],
  ['cuts the prompt', { runStep: (s) => honest.runStep({ ...s, prompt: s.prompt.slice(0, 1000) }) }, /prompt .* intact: 200 KB/],
  [
    'writes beside the run',
    {
      runStep: async (s) => {
        writeFileSync(join(s.workspace, '../../../../outside/left'), '');
        return await honest.runStep(s);
      },
    },
    /writes nothing outside/,
  ],
  ['cannot be stopped', { stop: () => Promise.reject(new Error('not prepared')) }, /stopped without having been prepared/],
];
for (const [what, change, failing] of broken) {
  test(`an adapter that ${what} fails a case that says so`, async () => {
    const failed = await failedCases({ ...honest, ...change });
    assert.ok(
      failed.some((name) => failing.test(name)),
      failed.join('\n'),
    );
  });
}

test('importing stepwell/testing starts no process and loads no test runner', () => {
  const code = `import { createHook } from 'node:async_hooks';
    const started = [];
    createHook({ init: (id, type) => void (type === 'PROCESSWRAP' && started.push(type)) }).enable();
    await import(${JSON.stringify(new URL('../../src/testing.ts', import.meta.url).href)});
    if (started.length > 0 || process.moduleLoadList.some((name) => name.includes('test_runner/runner'))) throw new Error('it does');`;
  assert.ok(loadedBy(code).length > 0);
});
