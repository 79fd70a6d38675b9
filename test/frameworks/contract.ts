/** What the runner relies on, whatever the framework: one suite for every adapter. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { withRun, withStep } from '../../src/log/index.ts';
import type { Adapter, AdapterStep, FrameworkClaim } from '../../src/run/index.ts';
import type { FrameworkSettings } from '../../src/schema/index.ts';
import { isLinux, processesWith, until } from '../exec/processes.ts';
import { makeStage, MARK, type Stage } from './adapter-run.ts';
import { cannotAttach, outsideOf, watchedHere, writesIn } from './writes.ts';

/** How the framework is to behave. `made.txt` in the workspace is its work. */
export type Behaviour =
  /** Writes `made.txt` and says that it succeeded. */
  | 'succeeds'
  /** Says that it failed. */
  | 'fails'
  /** Works for ever, ignoring every request to end, with a child or two. */
  | 'hangs'
  /** Succeeds after 20 MB of output in lines of 100 bytes. */
  | 'floods'
  /** Prints `a`, the byte FF and `b` on one line. */
  | 'prints_invalid_utf8'
  /** Writes its working directory and environment into `report.json` of the workspace, as {cwd, env}. */
  | 'reports';

export interface Cast extends AsyncDisposable {
  readonly settings: FrameworkSettings;
  readonly endpoint?: AdapterStep['endpoint'];
  /** Whether the framework has begun. */
  begun(): boolean;
  /** The prompt as it arrived there. */
  receivedPrompt(): string;
}

export interface Subject {
  readonly name: string;
  readonly adapter: Adapter;
  readonly cast: (behaviour: Behaviour, stage: Stage) => Promise<Cast>;
  /** Behaviours that a framework behind this adapter cannot show; what they would prove is left out. */
  readonly impossible: readonly Behaviour[];
  /** In bytes, where the framework's own command line limits it. */
  readonly longestPrompt?: number;
}

const HARD_PROMPT = `"quotes" 'single' \`ticks\` $HOME \${x} {prompt} {step} \\ \\n %s é 漢 😀\ttab\n\n--option\r\n`;

export function adapterContract({ name, adapter, cast, impossible, longestPrompt = Infinity }: Subject): void {
  /** Runs one attempt with the framework behaving so, in a run's own scope. */
  async function attempt(
    behaviour: Behaviour,
    look: (seen: { claim: FrameworkClaim; stage: Stage; cast: Cast }) => void,
    changes: Partial<AdapterStep> = {},
  ): Promise<void> {
    using stage = makeStage();
    await using actor = await cast(behaviour, stage);
    const step = stage.step({
      settings: actor.settings,
      ...(actor.endpoint === undefined ? {} : { endpoint: actor.endpoint }),
      ...changes,
    });
    const claim = await inScope(stage, async () => {
      await adapter.prepare(step);
      const made = await adapter.runStep(step);
      await adapter.stop?.(step);
      return made;
    });
    look({ claim, stage, cast: actor });
  }

  const testOf = (behaviour: Behaviour, title: string, body: () => Promise<void>): void => {
    if (!impossible.includes(behaviour)) test(title, body);
  };

  describe(`the adapter ${name}`, () => {
    test('is ready when its framework is there', async () => {
      using stage = makeStage();
      await using actor = await cast('succeeds', stage);
      assert.deepEqual(await adapter.check(actor.settings), []);
    });

    testOf('succeeds', 'hands on a success, and the work is in the workspace', async () => {
      await attempt('succeeds', ({ claim, stage }) => {
        assert.equal(claim.status, 'success');
        assert.equal(readFileSync(join(stage.workspace, 'made.txt'), 'utf8'), 'made\n');
      });
    });

    testOf('fails', 'hands on a failure with a line that says what', async () => {
      await attempt('fails', ({ claim }) => {
        assert.equal(claim.status, 'failure');
        assert.match(claim.status === 'failure' ? claim.message : '', /^[^\n]+$/);
      });
    });

    testOf('hangs', 'returns soon after an abort and leaves no process', async () => {
      using stage = makeStage();
      await using actor = await cast('hangs', stage);
      const controller = new AbortController();
      const { settings, endpoint } = actor;
      const step = stage.step({ settings, ...(endpoint === undefined ? {} : { endpoint }), signal: controller.signal });
      await inScope(stage, async () => {
        await adapter.prepare(step);
        const running = adapter.runStep(step).catch(() => 'rejected' as const);
        await until(() => actor.begun(), 'the framework has begun');
        controller.abort();
        const answer = await running;
        assert.ok(answer === 'rejected' || answer.status === 'failure', 'an aborted attempt is no success');
        if (isLinux) assert.deepEqual(processesWith(MARK), []);
        await adapter.stop?.(step);
      });
    });

    testOf('floods', 'records every line of a flood', async () => {
      await attempt('floods', ({ claim, stage }) => {
        assert.equal(claim.status, 'success');
        const lines = stage.records().filter((record) => record.event === 'process_output');
        assert.equal(lines.length, 200_000);
        assert.ok(lines.every(({ message }) => message.length === 99));
      });
    });

    testOf('prints_invalid_utf8', 'records invalid UTF-8 as U+FFFD', async () => {
      await attempt('prints_invalid_utf8', ({ stage }) => {
        assert.deepEqual(
          stage
            .records()
            .filter(({ event }) => event === 'process_output')
            .map(({ message }) => message),
          ['a\uFFFDb'],
        );
      });
    });

    testOf('reports', 'lets the framework work in the workspace, without a secret of the parent', async () => {
      process.env['CONTRACT_API_KEY'] = 'contract-secret-value';
      try {
        await attempt('reports', ({ stage }) => {
          const { cwd, env } = JSON.parse(readFileSync(join(stage.workspace, 'report.json'), 'utf8'));
          assert.equal(cwd, stage.workspace);
          assert.ok(!JSON.stringify(env).includes('contract-secret-value'));
          assert.equal(env.STEPWELL_MARK, MARK);
          assert.ok(env.HOME.startsWith(stage.runDir) && env.TMPDIR.startsWith(stage.runDir));
        });
      } finally {
        delete process.env['CONTRACT_API_KEY'];
      }
    });

    testOf('succeeds', 'writes nothing outside the run directory', async () => {
      using stage = makeStage();
      await using actor = await cast('succeeds', stage);
      const step = stage.step({
        settings: actor.settings,
        ...(actor.endpoint === undefined ? {} : { endpoint: actor.endpoint }),
      });
      writeFileSync(join(stage.outside, 'precious.txt'), 'precious');
      const before = stage.surroundings();
      await inScope(stage, async () => {
        await adapter.check(step.settings);
        await adapter.prepare(step);
        await adapter.runStep(step);
        await adapter.stop?.(step);
      });
      assert.deepEqual(stage.surroundings(), before);
    });

    const watched = 'writes nothing outside the run directory, wherever that may be';
    if (!impossible.includes('succeeds')) {
      test(watched, { skip: cannotAttach }, async () => {
        using stage = makeStage();
        await using actor = await cast('succeeds', stage);
        const step = stage.step({
          settings: actor.settings,
          ...(actor.endpoint === undefined ? {} : { endpoint: actor.endpoint }),
        });
        const log = join(stage.outside, 'calls.log');
        await inScope(stage, async () => {
          await watchedHere(log, async () => {
            await adapter.prepare(step);
            await adapter.runStep(step);
            await adapter.stop?.(step);
          });
        });
        const writes = writesIn(log);
        assert.ok(writes.some(({ path }) => path === join(stage.workspace, 'made.txt')));
        assert.deepEqual(outsideOf(writes, [stage.runDir]), []);
      });
    }

    test('can be prepared and stopped twice, and stopped without having been prepared', async () => {
      using stage = makeStage();
      await using actor = await cast('succeeds', stage);
      const step = stage.step({ settings: actor.settings });
      await inScope(stage, async () => {
        await adapter.stop?.(step);
        const first = await adapter.prepare(step);
        assert.deepEqual(await adapter.prepare(step), first);
        assert.ok(first.commit.length > 0);
        await adapter.stop?.(step);
        await adapter.stop?.(step);
      });
    });

    for (const [what, prompt] of [
      ['quotes, newlines, placeholders and Unicode', HARD_PROMPT],
      ['200 KB', `${'a long prompt, line after line\n'.repeat(6_700)}end`],
    ] as const) {
      if (Buffer.byteLength(prompt) > longestPrompt) continue;
      testOf('succeeds', `brings the prompt to the framework intact: ${what}`, async () => {
        await attempt(
          'succeeds',
          ({ cast }) => assert.ok(cast.receivedPrompt().includes(prompt.trim()), cast.receivedPrompt().slice(0, 500)),
          { prompt },
        );
      });
    }
  });
}

async function inScope<T>({ logsDir }: Stage, work: () => Promise<T>): Promise<T> {
  return await withRun({ runId: 'run-1', framework: 'tested', logsDir }, async () => await withStep(1, { attempt: 1 }, work));
}
