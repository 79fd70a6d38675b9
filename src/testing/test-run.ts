/** A run directory as the runner makes it, with everything around it that an adapter must leave alone. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allowedEnvironment } from '../exec/index.ts';
import { getLogger } from '../log/index.ts';
import type { AdapterStep } from '../run/index.ts';
import type { FrameworkSettings } from '../schema/index.ts';
import { LOGS_DIR, SCRATCH_DIR, WORKSPACE_DIR } from '../store/index.ts';

const FRAMEWORK = 'tested';

/** A record of a log file, as far as a test of an adapter looks at it. */
export interface TestRecord {
  /** Such as `process_output`; docs/format.md lists all. */
  readonly event: string;
  /** For people; of `process_output` the line that was printed. */
  readonly message: string;
  /** What the event says beside its message. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A run directory as the runner makes it, with what an adapter is handed for step 1. All paths are absolute. */
export interface TestRun extends Disposable {
  /** Where a test may put programs. Nothing but the run directory may change while an adapter works. */
  readonly outside: string;
  /** Of the run `run-1` of the framework `tested`. */
  readonly runDir: string;
  /** Where the framework builds. */
  readonly workspace: string;
  /** The adapter's own files; HOME and TMPDIR of its processes are in it. */
  readonly scratch: string;
  /** For `withRun`. */
  readonly logsDir: string;
  /** `STEPWELL_MARK` of the processes, of this test run alone: what carries it when an attempt is over should have ended. */
  readonly processTag: string;
  /** What `runStep` gets, with these changes: a prompt, a signal, an endpoint … Without an endpoint of yours nothing answers there. */
  step(changes: Partial<AdapterStep> & { settings: FrameworkSettings }): AdapterStep;
  /** The records of step 1's adapter.log so far, in file order. */
  records(): TestRecord[];
  /** Contents by path of everything outside the run directory; `directory` for a directory. */
  filesOutside(): Record<string, string>;
}

/**
 * Makes a run directory with everything around it, below the system's TMPDIR; disposing of it removes all of it. Log inside
 * `withRun({ runId: 'run-1', framework: 'tested', logsDir }, …)` and `withStep(1, { attempt: 1 }, …)` of `stepwell/log`.
 *
 * @example
 * using testRun = createTestRun();
 * const claim = await adapter.runStep(testRun.step({ settings: { enabled: true, env: {} } }));
 */
export function createTestRun(): TestRun {
  const processTag = `run-1:${randomBytes(8).toString('hex')}`;
  const root = mkdtempSync(join(tmpdir(), 'stepwell-test-'));
  const at = (...names: string[]): string => join(root, ...names);
  const runDir = at('runs', FRAMEWORK, 'run-1');
  const [workspace, logsDir, scratch] = [join(runDir, WORKSPACE_DIR), join(runDir, LOGS_DIR), join(runDir, SCRATCH_DIR)];
  const [home, tmp] = [join(scratch, 'home'), join(scratch, 'tmp')];
  for (const path of [workspace, logsDir, home, tmp, at('outside'), at('home')]) mkdirSync(path, { recursive: true });
  return {
    processTag,
    outside: at('outside'),
    runDir,
    workspace,
    scratch,
    logsDir,
    step(changes) {
      const prompt = changes.prompt ?? 'Build it.';
      const promptFile = join(scratch, 'prompt.txt');
      writeFileSync(promptFile, prompt);
      const extra = { ...changes.settings.env, STEPWELL_RUN_ID: 'run-1', STEPWELL_STEP: '1', STEPWELL_ATTEMPT: '1' };
      return {
        runId: 'run-1',
        framework: FRAMEWORK,
        workspace,
        scratch,
        model: 'some-model',
        randomSeed: 42,
        log: getLogger(`adapters/${FRAMEWORK}`, { component: 'adapter' }),
        signal: new AbortController().signal,
        processTag,
        env: allowedEnvironment({ ...process.env, HOME: at('home') }, { home, tmpdir: tmp, processTag, extra }),
        shutdownGraceSeconds: 0.1,
        step: 1,
        name: 'first',
        attempt: 1,
        prompt,
        promptFile,
        endpoint: { baseUrl: 'http://127.0.0.1:9/v1', rootUrl: 'http://127.0.0.1:9', apiKey: 'worth-nothing' },
        phaseEndpoint: (phase) => ({
          baseUrl: `http://127.0.0.1:9/p/${phase}/v1`,
          rootUrl: `http://127.0.0.1:9/p/${phase}`,
          apiKey: 'worth-nothing',
        }),
        answerClarification: () => Promise.resolve('Decide yourself.'),
        ...changes,
      };
    },
    records() {
      const text = readFileSync(join(logsDir, 'step_001/adapter.log'), 'utf8');
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    },
    filesOutside() {
      const entries = readdirSync(root, { recursive: true, withFileTypes: true }).map((entry) => ({
        path: join(entry.parentPath, entry.name),
        isFile: entry.isFile(),
      }));
      const around = entries.filter(({ path }) => path !== runDir && !path.startsWith(`${runDir}/`));
      return Object.fromEntries(around.map(({ path, isFile }) => [path, isFile ? readFileSync(path, 'utf8') : 'directory']));
    },
    [Symbol.dispose]() {
      rmSync(root, { recursive: true, force: true });
    },
  };
}
