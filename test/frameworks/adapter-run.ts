/** A run directory as the runner makes it, with everything around it that an adapter must leave alone. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { allowedEnvironment } from '../../src/exec/index.ts';
import { getLogger } from '../../src/log/index.ts';
import type { AdapterStep } from '../../src/run/index.ts';
import type { FrameworkSettings } from '../../src/schema/index.ts';

export interface Stage extends Disposable {
  /** Where the test may put programs. Nothing but the run directory may change while an adapter works. */
  readonly outside: string;
  readonly runDir: string;
  readonly workspace: string;
  readonly scratch: string;
  readonly logsDir: string;
  step(changes: Partial<AdapterStep> & { settings: FrameworkSettings }): AdapterStep;
  /** Records of step 1's adapter.log. */
  records(): { event: string; message: string; metadata: Record<string, unknown> }[];
  /** Paths and contents outside the run directory. */
  surroundings(): Record<string, string>;
}

/** Of this process alone: whoever ends what carries a mark ends it on the whole machine. */
export const MARK = `run-1:${randomBytes(8).toString('hex')}`;

export function makeStage(): Stage {
  const root = mkdtempSync(join(tmpdir(), 'stepwell-test-'));
  const at = (...names: string[]): string => join(root, ...names);
  const runDir = at('runs', 'tested', 'run-1');
  const [workspace, logsDir, scratch] = [join(runDir, 'workspace'), join(runDir, 'logs'), join(runDir, '.stepwell/scratch')];
  const [home, tmp] = [join(scratch, 'home'), join(scratch, 'tmp')];
  for (const path of [workspace, logsDir, home, tmp, at('outside'), at('home')]) mkdirSync(path, { recursive: true });
  return {
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
        framework: 'tested',
        workspace,
        scratch,
        model: 'some-model',
        randomSeed: 42,
        log: getLogger('test', { component: 'adapter' }),
        signal: new AbortController().signal,
        mark: MARK,
        env: allowedEnvironment({ ...process.env, HOME: at('home') }, { home, tmpdir: tmp, mark: MARK, extra }),
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
    surroundings() {
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
