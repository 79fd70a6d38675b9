/** Where a record goes: run and step context, path resolution, component separation, step transition, concurrent runs. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  captureScope,
  currentScope,
  flushRun,
  getLogger,
  LogContext,
  runRedactor,
  syncRun,
  withPendingRun,
  withRun,
  withStep,
} from '../../src/log/index.ts';
import { DynamicFileHandler } from '../../src/log/handler.ts';
import { activeScope } from '../../src/log/write-record.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import { createRunState, createScope, createStepScope } from '../../src/log/scope.ts';
import { StepwellError } from '../../src/errors/index.ts';
import { createLogsDir, messages } from './logs-dir.ts';

const runId = '20261122-141503-k3f9';
const framework = 'baes';
const open = (): number => readdirSync('/proc/self/fd').length;
const code = (expected: string) => (error: unknown) => error instanceof StepwellError && error.code === expected;

describe('run context', () => {
  test('outside of steps every component writes to run.log, except reconciliation', () => {
    using dir = createLogsDir();
    withRun({ runId, framework, logsDir: dir.path }, () => {
      getLogger('a', { component: 'orchestrator' }).info('one');
      getLogger('b').info('two');
      getLogger('c', { component: 'reconciliation' }).info('three');
    });
    assert.deepEqual(dir.files(), ['reconciliation.log', 'run.log']);
    assert.deepEqual(messages(dir.records('run.log')), ['one', 'two']);
    assert.deepEqual(messages(dir.records('reconciliation.log')), ['three']);
  });

  test('run_id, framework, seq and writer come from the context, and fields follow the order of the schema', () => {
    using dir = createLogsDir();
    withRun({ runId, framework, logsDir: dir.path }, () =>
      withStep(3, { attempt: 2 }, () => {
        getLogger('m', { component: 'adapter' }).info('x', { event: 'e', metadata: { a: 1 } });
        getLogger('m', { component: 'adapter' }).error('y', { error: new Error('bad') });
      }),
    );
    const [first, second] = dir.records('step_003/adapter.log');
    assert.deepEqual(
      [first?.run_id, first?.framework, first?.step, first?.attempt, first?.event, first?.seq, second?.seq],
      [runId, framework, 3, 2, 'e', 1, 2],
    );
    assert.match(first?.writer ?? '', /^[a-z0-9]{6}$/);
    assert.equal(first?.writer, second?.writer);
    assert.equal(second?.error?.message, 'bad');
    const order = 'level timestamp module component run_id framework step event message metadata attempt seq writer';
    const [a = '', b = ''] = dir.lines('step_003/adapter.log');
    assert.equal(Object.keys(JSON.parse(a)).join(' '), order);
    assert.equal(Object.keys(JSON.parse(b)).join(' '), `${order} error`);
    assert.match(a, /^\{"level":"info","timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/);
  });

  test('the scope follows promises and timers, and captureScope carries it anywhere else', async () => {
    using dir = createLogsDir();
    const log = getLogger('m', { component: 'adapter' });
    const emitter = new EventEmitter();
    let facts: unknown;
    await withRun({ runId, framework, logsDir: dir.path }, async () => {
      await withStep(1, async () => {
        const inScope = captureScope();
        emitter.on('data', (text: string) => inScope(() => log.info(text)));
        await new Promise<void>((resolve) => setTimeout(() => (log.info('timer'), resolve()), 1));
        facts = currentScope();
        await withStep(2, async () => emitter.emit('data', 'captured'));
      });
    });
    assert.deepEqual(messages(dir.records('step_001/adapter.log')), ['timer', 'captured']);
    assert.deepEqual(facts, { runId, framework, step: 1, attempt: null, logsDir: dir.path });
    assert.equal(currentScope(), null);
  });

  test('withRun uses a new writer each time, and returns or throws what its function does', async () => {
    using dir = createLogsDir();
    const options = { runId, framework, logsDir: dir.path };
    assert.equal(
      withRun(options, () => (getLogger('m').info('1'), 7)),
      7,
    );
    assert.equal(await withRun(options, async () => (getLogger('m').info('2'), 8)), 8);
    assert.throws(() => withRun(options, () => assert.fail('sync')), /sync/);
    await assert.rejects(
      withRun(options, async () => assert.fail('async')),
      /async/,
    );
    const [one, two] = dir.records('run.log');
    assert.notEqual(one?.writer, two?.writer);
    assert.deepEqual([one?.seq, two?.seq], [1, 1]);
  });

  test('invalid options throw coded errors and create nothing on disk', () => {
    using dir = createLogsDir();
    for (const bad of ['', '..', 'a/b', 'a\0b', 'CON', 'x'.repeat(300), '.hidden']) {
      assert.throws(() => withRun({ runId: bad, framework, logsDir: dir.path }, () => {}), code('UNSAFE_NAME'), bad);
      assert.throws(() => withRun({ runId, framework: bad, logsDir: dir.path }, () => {}), code('UNSAFE_NAME'), bad);
    }
    assert.throws(() => withRun({ runId, framework, logsDir: '' }, () => {}), code('LOGS_DIR_INVALID'));
    assert.throws(() => withStep(1, () => {}), code('STEP_OUTSIDE_RUN'));
    assert.equal(existsSync(dir.path), false);
    withRun({ runId, framework, logsDir: dir.path }, () => {
      for (const step of [-1, 1.5, Number.NaN]) assert.throws(() => withStep(step, () => {}), code('STEP_NUMBER_INVALID'));
      assert.throws(() => withStep(1, { attempt: 0 }, () => {}), code('STEP_NUMBER_INVALID'));
    });
  });
});

test('records of one logger keep their own event and level when these alternate', () => {
  using dir = createLogsDir();
  const log = getLogger('m', { component: 'adapter' });
  const expected: string[] = [];
  withRun({ runId, framework, logsDir: dir.path }, () => {
    // More events than a logger remembers.
    for (let index = 0; index < 300; index++) {
      const event = `event_${index % 100}`;
      if (index % 2 === 0) log.info('x', { event });
      else log.warn('x', { event });
      if (index % 3 === 0) log.info('x', { event });
      expected.push(`${index % 2 === 0 ? 'info' : 'warn'} ${event}`, ...(index % 3 === 0 ? [`info ${event}`] : []));
    }
  });
  assert.deepEqual(
    dir.records('run.log').map(({ level, event }) => `${level} ${event}`),
    expected,
  );
});

describe('step context', () => {
  test('each component of a step has its own file, and the component run writes to run.log', () => {
    using dir = createLogsDir();
    withRun({ runId, framework, logsDir: dir.path }, () =>
      withStep(1, () => {
        for (const component of ['orchestrator', 'adapter', 'metrics', 'validator', 'reconciliation', 'run', 'mine']) {
          getLogger('m', { component }).info(component);
        }
      }),
    );
    const steps = ['adapter', 'metrics', 'mine', 'orchestrator', 'validator'].map((name) => `step_001/${name}.log`);
    assert.deepEqual(dir.files(), ['reconciliation.log', 'run.log', ...steps]);
    for (const file of dir.files())
      assert.deepEqual(messages(dir.records(file)), [file.replace(/^.*\/|\.log$/g, '').replace('.log', '')]);
    assert.equal(dir.records('run.log')[0]?.step, 1);
  });

  test('log files switch with the step, for any number of steps', () => {
    using dir = createLogsDir();
    const log = getLogger('m', { component: 'adapter' });
    withRun({ runId, framework, logsDir: dir.path }, () => {
      for (const step of [0, 1, 2, 999, 1000, 123456]) withStep(step, () => log.info(`in ${step}`));
      log.info('outside');
    });
    for (const step of ['000', '001', '002', '999', '1000', '123456']) {
      assert.deepEqual(messages(dir.records(`step_${step}/adapter.log`)), [`in ${Number(step)}`]);
    }
    assert.deepEqual(messages(dir.records('run.log')), ['outside']);
  });

  test('the files of a step are closed when it ends', { skip: existsSync('/proc/self/fd') ? false : 'no /proc' }, () => {
    using dir = createLogsDir();
    withRun({ runId, framework, logsDir: dir.path }, () => {
      const before = open();
      withStep(1, () => {
        getLogger('m', { component: 'adapter' }).info('x');
        withStep(1, { attempt: 1 }, () => getLogger('m', { component: 'metrics' }).info('x'));
        assert.equal(open(), before + 2);
      });
      assert.equal(open(), before);
    });
  });

  test('a record logged after its step has ended goes to that step and is marked late', async () => {
    using dir = createLogsDir();
    const log = getLogger('m', { component: 'adapter' });
    const { promise, resolve } = Promise.withResolvers<void>();
    let work: Promise<void> = Promise.resolve();
    await withRun({ runId, framework, logsDir: dir.path }, async () => {
      await withStep(1, async () => {
        log.info('in time');
        work = promise.then(() => log.info('after the step'));
      });
      await withStep(2, async () => {
        resolve();
        await work;
        log.info('two');
      });
    });
    const records = dir.records('step_001/adapter.log');
    assert.deepEqual(
      records.map(({ message, late }) => [message, late]),
      [
        ['in time', undefined],
        ['after the step', true],
      ],
    );
    assert.deepEqual(messages(dir.records('step_002/adapter.log')), ['two']);
  });

  test('component names cannot leave the directory, and distinct names have distinct files', () => {
    using dir = createLogsDir();
    const names = ['../../evil', '..', 'a/b', 'a\0b', 'nul', 'x'.repeat(300), 'a b', 'a?b', '\u{1F4A3}', '\uD800'];
    withRun({ runId, framework, logsDir: dir.path }, () =>
      withStep(1, () => {
        for (const component of names) getLogger('m', { component }).info(component);
        getLogger('m', { component: 5 as unknown as string }).info('a number');
      }),
    );
    const files = dir.files();
    assert.equal(files.length, names.length + 1);
    assert.ok(
      files.every((file) => /^step_001\/[A-Za-z0-9][A-Za-z0-9._-]*\.log$/.test(file)),
      files.join(),
    );
    assert.deepEqual(readdirSync(join(dir.path, '..')), ['logs']);
    const components = files.flatMap((file) => dir.records(file).map(({ component }) => component));
    assert.ok(components.includes('../../evil') && components.includes('a\0b'));
  });
});

describe('LogContext', () => {
  test('getInstance always returns the same object', () => {
    assert.equal(LogContext.getInstance(), LogContext.getInstance());
  });

  test('run and step can be set imperatively, and log paths follow', () => {
    using dir = createLogsDir();
    const context = LogContext.getInstance();
    const log = getLogger('m', { component: 'adapter' });
    assert.equal(context.getLogFile('adapter'), null);
    context.setRunContext({ runId, framework, logsDir: dir.path });
    assert.equal(context.getLogFile('adapter'), join(dir.path, 'run.log'));
    assert.equal(context.getLogFile('reconciliation'), join(dir.path, 'reconciliation.log'));
    log.info('setup');
    context.setStepContext(1);
    assert.equal(context.getLogFile('adapter'), join(dir.path, 'step_001', 'adapter.log'));
    assert.equal(context.getLogFile('run'), join(dir.path, 'run.log'));
    log.info('one');
    context.setStepContext(2, 1);
    log.info('two');
    context.clearStepContext();
    log.info('cleanup');
    context.clearRunContext();
    assert.equal(context.getLogFile('adapter'), null);
    assert.throws(() => context.setStepContext(1), { code: 'STEP_OUTSIDE_RUN' });
    assert.deepEqual(messages(dir.records('run.log')), ['setup', 'cleanup']);
    assert.deepEqual(messages(dir.records('step_001/adapter.log')), ['one']);
    assert.equal(dir.records('step_002/adapter.log')[0]?.attempt, 1);
  });

  test('setting a second run without clearing the first starts outside of any step', () => {
    using first = createLogsDir();
    using second = createLogsDir();
    const context = LogContext.getInstance();
    const log = getLogger('m', { component: 'adapter' });
    context.setRunContext({ runId: 'one', framework, logsDir: first.path });
    context.setStepContext(3, 2);
    log.info('in the first');
    context.setRunContext({ runId: 'two', framework, logsDir: second.path });
    log.info('in the second');
    context.clearRunContext();
    assert.deepEqual(messages(first.records('step_003/adapter.log')), ['in the first']);
    const [record] = second.records('run.log');
    assert.deepEqual([record?.run_id, record?.step, record?.attempt], ['two', null, undefined]);
  });

  test('an async scope always wins over it', () => {
    using mine = createLogsDir();
    using other = createLogsDir();
    const context = LogContext.getInstance();
    context.setRunContext({ runId: 'imperative', framework, logsDir: mine.path });
    try {
      withRun({ runId, framework, logsDir: other.path }, () => {
        context.setStepContext(4);
        getLogger('m').info('in the async scope');
        assert.equal(context.getLogFile('adapter'), join(other.path, 'run.log'));
      });
      getLogger('m', { component: 'adapter' }).info('in the imperative one');
    } finally {
      context.clearRunContext();
    }
    assert.deepEqual(messages(other.records('run.log')), ['in the async scope']);
    assert.deepEqual(messages(mine.records('step_004/adapter.log')), ['in the imperative one']);
  });
});

test('records go to the inner of two nested runs, and to the outer one after it has ended', async () => {
  using outer = createLogsDir();
  using inner = createLogsDir();
  const log = getLogger('m', { component: 'adapter' });
  await withRun({ runId: 'outer', framework, logsDir: outer.path }, () =>
    withStep(4, async () => {
      await withRun({ runId: 'inner', framework, logsDir: inner.path }, async () => {
        await Promise.resolve();
        log.info('inside');
        withStep(1, () => log.info('inside, step 1'));
      });
      log.info('outside again');
    }),
  );
  assert.deepEqual(messages(inner.records('run.log')), ['inside']);
  assert.deepEqual(messages(inner.records('step_001/adapter.log')), ['inside, step 1']);
  assert.deepEqual(messages(outer.records('step_004/adapter.log')), ['outside again']);
});

test('runs set one after another keep nothing of earlier runs in memory', () => {
  using dir = createLogsDir();
  const context = LogContext.getInstance();
  context.setRunContext({ runId: 'one', framework, logsDir: dir.path });
  context.setRunContext({ runId: 'two', framework, logsDir: dir.path });
  assert.equal(activeScope()?.parent, null);
  context.clearRunContext();
});

test('a closed and durable file is forgotten, and tracked again when it is written once more', () => {
  using dir = createLogsDir();
  const run = createRunState({ runId, framework, logsDir: dir.path }, createRedactor({ values: [] }));
  const handler = new DynamicFileHandler(() => ({ recovered: () => Buffer.of(10), dropped: () => Buffer.of(10) }));
  const scope = createStepScope(createScope(run, null, null), 1, undefined);
  const file = handler.route(run, scope, 'adapter');
  const put = (): void => {
    handler.ready(run, file);
    handler.append(file, Buffer.from('{}\n'), 3, false);
  };
  put();
  handler.close(run, 1);
  assert.equal(run.files.size, 1, 'it is not durable yet');
  assert.ok(handler.sync(run));
  handler.close(run, 1);
  assert.equal(run.files.size, 0);
  put();
  assert.equal(run.files.size, 1);
  assert.ok(handler.sync(run));
  handler.close(run, null);
  assert.equal(run.files.size, 0);
  assert.equal(dir.lines('step_001/adapter.log').length, 2);
});

describe('many runs at once', () => {
  test('two interleaved runs of 100 tasks put every record into its own file and number each once', async () => {
    using a = createLogsDir();
    using b = createLogsDir();
    const component = ['adapter', 'metrics', 'validator', 'orchestrator'];
    const task = async (run: string, index: number): Promise<void> => {
      for (let turn = 0; turn < 5; turn++) {
        getLogger('m', { component: component[index % 4] as string }).info(`${run} ${index % 7}`);
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    const start = async (run: string, path: string): Promise<unknown> =>
      await withRun({ runId: run, framework, logsDir: path }, async () =>
        Promise.all(Array.from({ length: 100 }, async (_, index) => await withStep(index % 7, () => task(run, index)))),
      );
    await Promise.all([start('one', a.path), start('two', b.path)]);
    for (const [run, dir] of [
      ['one', a],
      ['two', b],
    ] as const) {
      const seqs: number[] = [];
      for (const file of dir.files()) {
        for (const record of dir.records(file)) {
          assert.equal(record.run_id, run);
          assert.equal(record.message, `${run} ${record.step}`);
          assert.equal(file, `step_00${record.step}/${record.component}.log`);
          seqs.push(record.seq ?? 0);
        }
      }
      assert.deepEqual(
        seqs.sort((x, y) => x - y),
        Array.from({ length: 500 }, (_, index) => index + 1),
      );
    }
  });

  test('one process can log a hundred runs at once', async () => {
    using dir = createLogsDir();
    await Promise.all(
      Array.from({ length: 100 }, async (_, run) =>
        withRun({ runId: `r${run}`, framework, logsDir: join(dir.path, `r${run}`, 'logs') }, async () => {
          for (let step = 1; step <= 3; step++) {
            await withStep(step, async () => {
              for (const component of ['adapter', 'metrics', 'validator']) {
                getLogger('m', { component }).info(`r${run} ${step}`);
                await new Promise((resolve) => setImmediate(resolve));
              }
            });
          }
        }),
      ),
    );
    const files = dir.files();
    assert.equal(files.length, 900);
    for (const file of files) {
      const [run, , step] = file.split('/');
      assert.deepEqual(messages(dir.records(file)), [`${run} ${Number(step?.slice(5))}`]);
    }
  });
});

describe('before the run', () => {
  test('records logged before the run go to the start of run.log with their original time', async () => {
    using dir = createLogsDir();
    const log = getLogger('config', { component: 'orchestrator' });
    const metadata = { changed: 'before' };
    await withPendingRun(async () => {
      log.info('early', { metadata, error: new TypeError('bad') });
      metadata.changed = 'after';
      await withRun({ runId, framework, logsDir: dir.path }, async () => log.info('in the run'));
      withRun({ runId, framework, logsDir: dir.path }, () => log.info('the same run again'));
    });
    const records = dir.records('run.log');
    assert.deepEqual(messages(records), ['early', 'in the run', 'the same run again']);
    assert.deepEqual([records[0]?.metadata, records[0]?.error?.type], [{ changed: 'before' }, 'TypeError']);
    assert.ok((records[0]?.timestamp ?? '') <= (records[1]?.timestamp ?? ''));
  });

  test('each of several runs receives the earlier records', async () => {
    using a = createLogsDir();
    using b = createLogsDir();
    await withPendingRun(async () => {
      getLogger('config').info('early');
      await Promise.all(
        [a, b].map(async ({ path }, index) => withRun({ runId: `r${index}`, framework, logsDir: path }, async () => {})),
      );
    });
    assert.deepEqual(messages(a.records('run.log')), ['early']);
    assert.deepEqual(messages(b.records('run.log')), ['early']);
  });
});

describe('the scope of a call', () => {
  test('redactor, flush and sync are those of the enclosing run', () => {
    using dir = createLogsDir();
    withRun({ runId, framework, logsDir: dir.path, secrets: ['correct-horse-battery'], buffered: ['metrics'] }, () => {
      getLogger('m', { component: 'metrics' }).info('pw correct-horse-battery');
      getLogger('m').info('write-through');
      const { redact } = runRedactor();
      assert.equal(redact('a correct-horse-battery b'), 'a [redacted] b');
      assert.equal(runRedactor().count, 2);
      flushRun();
      assert.equal(syncRun(), true);
      assert.deepEqual(messages(dir.records('run.log')), ['pw [redacted]', 'write-through']);
    });
    assert.equal(runRedactor().redact('a correct-horse-battery b'), 'a correct-horse-battery b');
    assert.equal(syncRun(), true);
  });
});
