/** Other people's loggers and readers, the real ones. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configure, getLogger as logtape, reset } from '@logtape/logtape';
import { pino } from 'pino';
import { getLogger, logtapeSink, pinoDestination, withRun, withStep } from '../../src/log/index.ts';
import { createLogsDir } from './logs-dir.ts';

const root = join(import.meta.dirname, '..', '..');
const run = { runId: 'r1', framework: 'f' };

test('pino writes to the files of the scope', () => {
  using dir = createLogsDir();
  const logger = pino({ name: 'mine', level: 'trace' }, pinoDestination({ component: 'adapter' }));
  withRun({ ...run, logsDir: dir.path }, () => {
    logger.info('outside');
    withStep(1, () => {
      logger.child({ tool: 'x' }).warn({ event: 'tool_called', count: 2 }, 'inside %d', 7);
      logger.error(new TypeError('bad'), 'failed');
      for (const level of ['trace', 'debug', 'fatal'] as const) logger[level](level);
    });
  });
  assert.deepEqual(
    dir.records('run.log').map(({ message, module }) => [message, module]),
    [['outside', 'mine']],
  );
  const [warn, error, ...rest] = dir.records('step_001/adapter.log');
  assert.deepEqual(
    [warn?.level, warn?.event, warn?.message, warn?.metadata],
    ['warn', 'tool_called', 'inside 7', { tool: 'x', count: 2 }],
  );
  assert.deepEqual([error?.level, error?.error?.type, error?.error?.message], ['error', 'TypeError', 'bad']);
  assert.deepEqual(
    rest.map(({ level }) => level),
    ['debug', 'debug', 'fatal'],
  );
});

test('pino takes the destination as its only argument, as the guide shows it', () => {
  using dir = createLogsDir();
  const logger = pino(pinoDestination({ component: 'adapter' }));
  withRun({ ...run, logsDir: dir.path }, () => withStep(1, () => logger.warn({ event: 'tool_called', count: 2 }, 'alone')));
  const [record] = dir.records('step_001/adapter.log');
  assert.deepEqual([record?.level, record?.event, record?.message], ['warn', 'tool_called', 'alone']);
});

test('a line of pino that is not a JSON object is kept as the message', () => {
  using dir = createLogsDir();
  const lines = ['null', '42', '[1]', '"text"', 'not JSON', '{'];
  const destination = pinoDestination();
  withRun({ ...run, logsDir: dir.path }, () => lines.forEach((line) => destination.write(`${line}\n`)));
  assert.deepEqual(
    dir.records('run.log').map(({ level, message, metadata }) => [level, message, metadata]),
    lines.map((line) => ['info', line, {}]),
  );
});

test('a LogTape message keeps every kind of value', () => {
  using dir = createLogsDir();
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const message = ['', circle, ' ', 12n, ' ', undefined, ' ', { a: 1 }, ' ', 3, ''];
  withRun({ ...run, logsDir: dir.path }, () =>
    logtapeSink()({ category: ['app'], level: 'info', message, properties: { circle } }),
  );
  const [record] = dir.records('run.log');
  assert.equal(record?.message, '{"self":"[circular]"} 12 undefined {"a":1} 3');
});

test('LogTape writes to the files of the scope', async () => {
  using dir = createLogsDir();
  await configure({
    sinks: { run: logtapeSink({ component: 'adapter' }) },
    loggers: [
      { category: 'app', sinks: ['run'], lowestLevel: 'trace' },
      { category: ['logtape', 'meta'], sinks: [] },
    ],
  });
  try {
    withRun({ ...run, logsDir: dir.path }, () =>
      withStep(2, () => logtape(['app', 'db']).warn('Took {seconds} s', { seconds: 3, event: 'slow_query' })),
    );
  } finally {
    await reset();
  }
  const [record] = dir.records('step_002/adapter.log');
  assert.deepEqual([record?.level, record?.module, record?.event, record?.message], ['warn', 'app.db', 'slow_query', 'Took 3 s']);
  assert.deepEqual(record?.metadata, { seconds: 3 });
});

function sample(path: string): void {
  withRun({ ...run, logsDir: path }, () =>
    withStep(3, () => {
      const log = getLogger('m', { component: 'adapter' });
      log.info('Call 12 done', { event: 'llm_call', metadata: { tokens: 1801 } });
      log.error('It failed', { error: new Error('bad') });
    }),
  );
}

test('pino-pretty -m message reads our files', () => {
  using dir = createLogsDir();
  sample(dir.path);
  const bin = join(root, 'node_modules', 'pino-pretty', 'bin.js');
  const { stdout } = spawnSync(process.execPath, [bin, '-m', 'message', '--colorize', 'false'], {
    encoding: 'utf8',
    input: `${dir.lines('step_003/adapter.log').join('\n')}\n`,
  });
  assert.match(stdout, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: Call 12 done\n/);
  assert.match(stdout, /ERROR: It failed/);
});

test('lnav reads our files by the format that ships', (t) => {
  if (spawnSync('lnav', ['-V']).status !== 0) {
    t.skip('lnav is not installed');
    return;
  }
  using dir = createLogsDir();
  sample(dir.path);
  const formats = join(dir.path, '..', 'config', 'lnav', 'formats', 'stepwell');
  mkdirSync(formats, { recursive: true });
  cpSync(join(root, 'formats', 'stepwell.lnav.json'), join(formats, 'stepwell.json'));
  const env = { ...process.env, XDG_CONFIG_HOME: join(dir.path, '..', 'config'), HOME: join(dir.path, '..'), TERM: 'xterm' };
  const query = ';SELECT log_level, component, step, event, json_extract(metadata, "$.tokens") AS tokens FROM stepwell_log';
  const out = execFileSync('lnav', ['-n', '-c', query, '-c', ':write-json-to -', join(dir.path, 'step_003', 'adapter.log')], {
    encoding: 'utf8',
    env,
  });
  assert.deepEqual(JSON.parse(out.slice(out.indexOf('['), out.lastIndexOf(']') + 1)), [
    { log_level: 'info', component: 'adapter', step: 3, event: 'llm_call', tokens: 1801 },
    { log_level: 'error', component: 'adapter', step: 3, event: 'log', tokens: null },
  ]);
});
