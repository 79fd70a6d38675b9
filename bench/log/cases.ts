/** One writer of the workload each. A case is prepared once; the function it gives writes so many lines and waits for the last. */
import { mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { flushRun, getLogger, withRun, withStep, type Logger } from '../../src/log/index.ts';
import { COMPONENTS, LINES, play, readyLine, RUN, SECRETS, type Line } from './workload.ts';

type Write = (lines: number) => Promise<void>;
type Case = (directory: string) => Promise<Write>;

const sameStep = async (_step: number, fn: () => Promise<void>): Promise<void> => await fn();

async function stepwell(directory: string, buffered: string[]): Promise<Write> {
  const loggers = COMPONENTS.map((component) => getLogger(RUN.module, { component }));
  const options = { runId: RUN.run_id, framework: RUN.framework, logsDir: join(directory, 'logs'), secrets: SECRETS, buffered };
  return async (lines) =>
    await withRun(options, async () => {
      await play(lines, withStep, ({ component, event, message, metadata }) => {
        (loggers[component] as Logger).info(message, { event, metadata });
      });
      flushRun();
    });
}

/** `runs` runs take turns, ten lines each. */
async function manyRuns(directory: string, runs: number): Promise<Write> {
  const loggers = COMPONENTS.map((component) => getLogger(RUN.module, { component }));
  const each = Array.from({ length: runs }, (_, index) => ({
    runId: `run-${index}`,
    framework: RUN.framework,
    logsDir: join(directory, `run-${index}`, 'logs'),
    secrets: SECRETS,
  }));
  return async (lines) => {
    const perRun = Math.ceil(lines / runs);
    await Promise.all(
      each.map(
        async (options) =>
          await withRun(options, async () => {
            await withStep(1, async () => {
              for (let index = 0; index < perRun;) {
                for (const stop = Math.min(perRun, index + 10); index < stop; index++) {
                  const metadata = { tokens: 1000 + (index & 1023) };
                  (loggers[index & 3] as Logger).info(`call ${index} done`, { event: 'llm_call', metadata });
                }
                await new Promise((resolve) => setImmediate(resolve));
              }
            });
          }),
      ),
    );
  };
}

async function pinoCase(directory: string, options: { sync: boolean; minLength: number }): Promise<Write> {
  const { pino } = await import('pino');
  mkdirSync(directory, { recursive: true });
  const destination = pino.destination({ dest: join(directory, 'all.log'), ...options });
  await new Promise((resolve) => destination.once('ready', resolve));
  const root = pino(
    {
      base: RUN,
      timestamp: pino.stdTimeFunctions.isoTime,
      messageKey: 'message',
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
  const children = COMPONENTS.map((component) => root.child({ component }));
  return async (lines) => {
    await play(lines, sameStep, ({ component, step, event, message, metadata }) =>
      children[component]?.info({ step, event, metadata }, message),
    );
    if (options.sync) destination.flushSync();
    else await new Promise<void>((resolve, reject) => destination.flush((error) => (error ? reject(error) : resolve())));
  };
}

const flat = ({ step, component, event, message, metadata }: Line) => ({
  ...RUN,
  component: COMPONENTS[component],
  step,
  event,
  message,
  metadata,
});

export const cases: Record<string, Case> = {
  'stepwell write-through': (directory) => stepwell(directory, []),
  'stepwell buffered': (directory) => stepwell(directory, [...COMPONENTS]),
  'stepwell, 1 live run': (directory) => manyRuns(directory, 1),
  'stepwell, 100 live runs': (directory) => manyRuns(directory, 100),

  async 'fs.writeSync, ready strings'(directory) {
    mkdirSync(directory, { recursive: true });
    const fd = openSync(join(directory, 'all.log'), 'a');
    const ready = Array.from({ length: 1000 }, (_, index) => readyLine(index));
    let next = 0;
    return async (lines) => await play(lines, sameStep, () => void writeSync(fd, ready[next++ % 1000] as string));
  },

  'pino sync': (directory) => pinoCase(directory, { sync: true, minLength: 0 }),
  'pino async, 4 KiB': (directory) => pinoCase(directory, { sync: false, minLength: 4096 }),

  async winston(directory) {
    const { createLogger, format, transports } = (await import('winston')).default;
    mkdirSync(directory, { recursive: true });
    const logger = createLogger({
      format: format.combine(format.timestamp(), format.json()),
      transports: [new transports.File({ filename: join(directory, 'all.log') })],
    });
    return async (lines) => {
      await play(lines, sameStep, (line) => logger.info(flat(line) as never));
      // Only its end tells when the file has everything; the timed call is the last one.
      if (lines < LINES) return;
      const [file] = logger.transports;
      logger.end();
      await new Promise((resolve) => file?.once('finish', resolve));
    };
  },

  async LogTape(directory) {
    const { configure, getLogger: logtape, getJsonLinesFormatter } = await import('@logtape/logtape');
    mkdirSync(directory, { recursive: true });
    const fd = openSync(join(directory, 'all.log'), 'a');
    const format = getJsonLinesFormatter({ properties: 'flatten' });
    await configure({
      sinks: { file: (record) => void writeSync(fd, format(record)) },
      loggers: [
        { category: 'bench', sinks: ['file'], lowestLevel: 'debug' },
        { category: ['logtape', 'meta'], lowestLevel: 'error' },
      ],
    });
    const logger = logtape('bench');
    return async (lines) =>
      await play(lines, sameStep, (line) => {
        const { message, ...rest } = flat(line);
        logger.info(message, rest);
      });
  },

  async 'log4js multiFile'(directory) {
    const log4js = (await import('log4js')).default;
    log4js.addLayout(
      'jsonl',
      () => (event) => JSON.stringify({ level: event.level.levelStr, timestamp: event.startTime, ...event.data[0] }),
    );
    log4js.configure({
      appenders: {
        files: { type: 'multiFile', base: `${directory}/`, property: 'file', extension: '.log', layout: { type: 'jsonl' } },
      },
      categories: { default: { appenders: ['files'], level: 'info' } },
    });
    const loggers = new Map<string, ReturnType<typeof log4js.getLogger>>();
    return async (lines) => {
      await play(lines, sameStep, (line) => {
        const file = `step_${line.step}/${COMPONENTS[line.component]}`;
        let logger = loggers.get(file);
        if (logger === undefined) {
          logger = log4js.getLogger(file);
          logger.addContext('file', file);
          loggers.set(file, logger);
        }
        logger.info(flat(line));
      });
      // The timed call is the last one; only shutting down tells when the files have everything.
      if (lines === LINES) await new Promise<void>((resolve) => log4js.shutdown(() => resolve()));
    };
  },
};
