/** What the runner relies on, whatever the framework: one suite for every adapter, for any test runner. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withRun, withStep } from '../log/index.ts';
import type { Adapter, AdapterEndpoint, AdapterStep, FrameworkClaim } from '../run/index.ts';
import type { FrameworkSettings } from '../schema/index.ts';
import { canCountProcesses, processesWith, until } from './processes.ts';
import { createTestRun, type TestRun } from './test-run.ts';
import { cannotAttach, outsideOf, watchedHere, writesIn } from './written-files.ts';

/**
 * How the framework behind the adapter is to behave in one attempt. `made.txt` in the workspace, with the one line `made`, is its work.
 *
 * - `succeeds`: writes `made.txt` and says that it succeeded.
 * - `fails`: says that it failed.
 * - `hangs`: works until it is killed, ignoring every request to end, with a child or two.
 * - `floods`: succeeds after exactly 20,000,000 bytes of output, in lines of 100 bytes with their newline.
 * - `prints_invalid_utf8`: prints `a`, the byte FF and `b` on one line, and nothing else.
 * - `reports`: writes its working directory and environment into `report.json` of the workspace, as `{ cwd, env }`.
 */
export type FrameworkBehavior = 'succeeds' | 'fails' | 'hangs' | 'floods' | 'prints_invalid_utf8' | 'reports';

/** A framework that behaves as it was told, ready for one attempt. Disposed of when the case is over. */
export interface SimulatedFramework extends AsyncDisposable {
  /** What the configuration of the framework would say. */
  readonly settings: FrameworkSettings;
  /** The model's endpoint for an adapter that asks a model itself. Default: an address that answers nothing. */
  readonly endpoint?: AdapterEndpoint | null;
  /** Whether the framework has begun to work; asked for `hangs`, which is ended only after that. */
  hasBegun(): boolean;
  /** The prompt as it arrived at the framework. */
  receivedPrompt(): string;
}

/** An adapter, and how its framework is simulated. */
export interface AdapterUnderTest {
  /** For the names of the cases. */
  readonly name: string;
  /** As the program hands it to `runExperiment`. */
  readonly adapter: Adapter;
  /** Makes a framework that behaves so in one attempt. Programs that it needs belong into `testRun.outside`. */
  readonly simulate: (behavior: FrameworkBehavior, testRun: TestRun) => Promise<SimulatedFramework>;
  /** Behaviors that no framework behind this adapter can show; their cases are left out. */
  readonly impossible: readonly FrameworkBehavior[];
  /** In bytes of UTF-8, where the framework's own command line limits it; longer prompts are left out. Default: no limit. */
  readonly longestPrompt?: number;
}

/** One check of the contract. */
export interface ContractCase {
  /** A sentence that says what must hold, without the adapter's name. */
  readonly name: string;
  /** Why it cannot be checked on this machine; null where it can. */
  readonly skip: string | null;
  /** Resolves when it holds; rejects with an `AssertionError`, or with what the adapter threw, when it does not. */
  readonly run: () => Promise<void>;
}

const HARD_PROMPT = `"quotes" 'single' \`ticks\` $HOME \${x} {prompt} {step} \\ \\n %s é 漢 😀\ttab\n\n--option\r\n`;
const PROMPTS = [
  ['quotes, newlines, placeholders and Unicode', HARD_PROMPT],
  ['200 KB', `${'a long prompt, line after line\n'.repeat(6_700)}end`],
] as const;

/**
 * Everything that the runner relies on, as cases for any test runner. They can run at the same time, one after another, or alone. Each
 * starts real processes in a directory of its own below the system's TMPDIR, which it removes.
 *
 * @example
 * import { test } from 'node:test';
 * for (const { name, skip, run } of adapterContract({ name: 'mine', adapter, simulate, impossible: [] })) {
 *   test(name, { skip: skip ?? false }, run);
 * }
 */
export function adapterContract(subject: AdapterUnderTest): ContractCase[] {
  const { adapter, simulate, impossible, longestPrompt = Infinity } = subject;
  const cases: ContractCase[] = [];
  const add = (behavior: FrameworkBehavior, name: string, run: () => Promise<void>, skip: string | null = null): void => {
    if (!impossible.includes(behavior)) cases.push({ name, skip, run });
  };

  cases.push({
    name: 'is ready when its framework is there',
    skip: null,
    async run() {
      using testRun = createTestRun();
      await using framework = await simulate('succeeds', testRun);
      assert.deepEqual(await adapter.check(framework.settings), []);
    },
  });

  add('succeeds', 'hands on a success, and the work is in the workspace', async () => {
    await attempt(subject, 'succeeds', ({ claim, testRun }) => {
      assert.equal(claim.status, 'success');
      assert.equal(readFileSync(join(testRun.workspace, 'made.txt'), 'utf8'), 'made\n');
    });
  });

  add('fails', 'hands on a failure with a line that says what', async () => {
    await attempt(subject, 'fails', ({ claim }) => {
      assert.equal(claim.status, 'failure');
      assert.match(claim.status === 'failure' ? claim.message : '', /^[^\n]+$/);
    });
  });

  add('hangs', 'returns soon after an abort and leaves no process', async () => {
    using testRun = createTestRun();
    await using framework = await simulate('hangs', testRun);
    const controller = new AbortController();
    const step = stepFor(testRun, framework, { signal: controller.signal });
    await inScope(testRun, async () => {
      await adapter.prepare(step);
      const running = adapter.runStep(step).catch(() => 'rejected' as const);
      await until(() => framework.hasBegun(), 'the framework has begun');
      controller.abort();
      const answer = await running;
      assert.ok(answer === 'rejected' || answer.status === 'failure', 'an aborted attempt is no success');
      if (canCountProcesses) assert.deepEqual(processesWith(testRun.processTag), []);
      await adapter.stop?.(step);
    });
  });

  add('floods', 'records every line of a flood', async () => {
    await attempt(subject, 'floods', ({ claim, testRun }) => {
      assert.equal(claim.status, 'success');
      const lines = testRun.records().filter((record) => record.event === 'process_output');
      assert.equal(lines.length, 200_000);
      assert.ok(lines.every(({ message }) => message.length === 99));
    });
  });

  add('prints_invalid_utf8', 'records invalid UTF-8 as U+FFFD', async () => {
    await attempt(subject, 'prints_invalid_utf8', ({ testRun }) => {
      const output = testRun.records().filter(({ event }) => event === 'process_output');
      assert.deepEqual(
        output.map(({ message }) => message),
        ['a\uFFFDb'],
      );
    });
  });

  add('reports', 'lets the framework work in the workspace, without a secret of the parent', async () => {
    process.env['CONTRACT_API_KEY'] = 'contract-secret-value';
    try {
      await attempt(subject, 'reports', ({ testRun }) => {
        const { cwd, env } = JSON.parse(readFileSync(join(testRun.workspace, 'report.json'), 'utf8')) as {
          cwd: string;
          env: Record<string, string>;
        };
        assert.equal(cwd, testRun.workspace);
        assert.ok(!JSON.stringify(env).includes('contract-secret-value'));
        assert.equal(env['STEPWELL_MARK'], testRun.processTag);
        for (const name of ['HOME', 'TMPDIR']) assert.ok(env[name]?.startsWith(testRun.runDir), `${name} is the run's own`);
      });
    } finally {
      delete process.env['CONTRACT_API_KEY'];
    }
  });

  add('succeeds', 'writes nothing outside the run directory', async () => {
    using testRun = createTestRun();
    await using framework = await simulate('succeeds', testRun);
    const step = stepFor(testRun, framework);
    writeFileSync(join(testRun.outside, 'precious.txt'), 'precious');
    const before = testRun.filesOutside();
    await inScope(testRun, async () => {
      await adapter.check(step.settings);
      await oneAttempt(adapter, step);
    });
    assert.deepEqual(testRun.filesOutside(), before);
  });

  const anywhere = 'writes nothing outside the run directory, wherever that may be';
  const watchAndRun = async (): Promise<void> => {
    using testRun = createTestRun();
    await using framework = await simulate('succeeds', testRun);
    const step = stepFor(testRun, framework);
    const log = join(testRun.outside, 'calls.log');
    await inScope(testRun, async () => await watchedHere(log, async () => void (await oneAttempt(adapter, step))));
    const writes = writesIn(log);
    assert.ok(writes.some(({ path }) => path === join(testRun.workspace, 'made.txt')));
    assert.deepEqual(outsideOf(writes, [testRun.runDir]), []);
  };
  add('succeeds', anywhere, watchAndRun, cannotAttach() || null);

  cases.push({
    name: 'can be prepared and stopped twice, and stopped without having been prepared',
    skip: null,
    async run() {
      using testRun = createTestRun();
      await using framework = await simulate('succeeds', testRun);
      const step = testRun.step({ settings: framework.settings });
      await inScope(testRun, async () => {
        await adapter.stop?.(step);
        const first = await adapter.prepare(step);
        assert.deepEqual(await adapter.prepare(step), first);
        assert.ok(first.commit.length > 0);
        await adapter.stop?.(step);
        await adapter.stop?.(step);
      });
    },
  });

  for (const [what, prompt] of PROMPTS) {
    if (Buffer.byteLength(prompt) > longestPrompt) continue;
    add('succeeds', `brings the prompt to the framework intact: ${what}`, async () => {
      await attempt(
        subject,
        'succeeds',
        ({ framework }) => {
          assert.ok(framework.receivedPrompt().includes(prompt.trim()), framework.receivedPrompt().slice(0, 500));
        },
        { prompt },
      );
    });
  }
  return cases;
}

interface AttemptSeen {
  readonly claim: FrameworkClaim;
  readonly testRun: TestRun;
  readonly framework: SimulatedFramework;
}

/** Runs one attempt with the framework behaving so, in a run's own scope. */
async function attempt(
  { adapter, simulate }: AdapterUnderTest,
  behavior: FrameworkBehavior,
  look: (seen: AttemptSeen) => void,
  changes: Partial<AdapterStep> = {},
): Promise<void> {
  using testRun = createTestRun();
  await using framework = await simulate(behavior, testRun);
  const claim = await inScope(testRun, async () => await oneAttempt(adapter, stepFor(testRun, framework, changes)));
  look({ claim, testRun, framework });
}

async function oneAttempt(adapter: Adapter, step: AdapterStep): Promise<FrameworkClaim> {
  await adapter.prepare(step);
  const claim = await adapter.runStep(step);
  await adapter.stop?.(step);
  return claim;
}

function stepFor(testRun: TestRun, { settings, endpoint }: SimulatedFramework, changes: Partial<AdapterStep> = {}): AdapterStep {
  return testRun.step({ settings, ...(endpoint === undefined ? {} : { endpoint }), ...changes });
}

async function inScope<T>({ logsDir }: TestRun, work: () => Promise<T>): Promise<T> {
  return await withRun({ runId: 'run-1', framework: 'tested', logsDir }, async () => await withStep(1, { attempt: 1 }, work));
}
