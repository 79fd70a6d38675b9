/** What a framework appends to the file STEPWELL_EVENTS, by real programs. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, link, mkdir, open, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { recoverRun } from '../../src/experiment/index.ts';
import { getLogger, withRun, withStep } from '../../src/log/index.ts';
import { recoverEvents, type Adapter } from '../../src/run/index.ts';
import { EventFile, openEventFile, type EventLimits } from '../../src/run/event-file.ts';
import type { LogRecord } from '../../src/schema/index.ts';
import { openRunDirectory } from '../../src/store/index.ts';
import { foldRun } from '../../src/summary/index.ts';
import { STEPWELL_PROCESS, differences, recordsOf, createShellExperiment } from './shell-experiment.ts';

const WORK = 'echo x > made.txt';

/** The records of the adapter's own events, after one run of a shell script as the framework. */
async function eventsOf(script: string, settings: Record<string, unknown> = {}): Promise<LogRecord[]> {
  await using experiment = await createShellExperiment({ tool: `${WORK}; ${script}` }, settings);
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  assert.deepEqual(await differences(run.runDir), []);
  return (await recordsOf(run.runDir)).filter(({ event }) => event.startsWith('framework_event'));
}

const only = (records: readonly LogRecord[], event: string): LogRecord[] => records.filter((record) => record.event === event);

/** Shell that goes on once so many events stand in the log of `step`. Quotes are escaped in the record of the command itself. */
const seen = (count: number, step = 1): string =>
  `n=0; until [ "$(grep -c '"event":"framework_event"' ../logs/step_00${step}/adapter.log)" -ge ${count} ]; ` +
  'do n=$((n+1)); [ $n -lt 1000 ] || exit 1; sleep 0.02; done';

/** A line of shell that appends one line. */
const say = (line: unknown): string => `printf '%s\\n' '${JSON.stringify(line)}' >> "$STEPWELL_EVENTS"`;

test('an event line becomes a record in adapter.log with its own level, message and data', async () => {
  const records = await eventsOf(
    [
      say({
        event: 'plan.ready',
        message: 'Three parts',
        level: 'error',
        timestamp: '2026-11-22T14:15:03+01:00',
        metadata: { parts: 3 },
      }),
      say({ event: 'bare' }),
    ].join('; '),
  );
  const [first, second] = only(records, 'framework_event');
  assert.equal(first?.component, 'adapter');
  assert.equal(first.step, 1);
  assert.equal(first.attempt, 1);
  assert.equal(first.level, 'error');
  assert.equal(first.message, 'Three parts');
  assert.deepEqual(first.metadata, { name: 'plan.ready', at: '2026-11-22T14:15:03+01:00', data: { parts: 3 }, line: 1 });
  assert.equal(second?.level, 'info');
  assert.deepEqual(second.metadata, { name: 'bare', at: null, data: {}, line: 2 });
  assert.deepEqual(only(records, 'framework_events_end')[0]?.metadata['events'], 2);
  assert.deepEqual(only(records, 'framework_event_refused'), []);
});

test('a framework that writes no events adds no record', async () => {
  assert.deepEqual(await eventsOf('true'), []);
});

test('events are recorded while the attempt is still running', async () => {
  // The program goes on only once it has seen its own event in the log.
  const records = await eventsOf([say({ event: 'now' }), seen(1), say({ event: 'then' }), seen(2)].join('; '));
  assert.equal(only(records, 'framework_event').length, 2);
});

test('secrets are redacted in every part of an event', async () => {
  const secret = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCDEF';
  // A key in the configuration itself would be refused.
  const script = `s=$(printf 'sk%s' '${secret.slice(2)}')
    echo '{"event":"leak","message":"key '$s'","metadata":{"deep":[{"key":"'$s'"}]}}' >> "$STEPWELL_EVENTS"
    echo "broken $s" >> "$STEPWELL_EVENTS"`;
  await using experiment = await createShellExperiment({ tool: `${WORK}; ${script}` });
  const [run] = await experiment.run();
  const records = await recordsOf(run!.runDir);
  assert.equal(JSON.stringify(records).includes(secret), false);
  assert.match(only(records, 'framework_event')[0]!.message, /^key \[redacted\]$/);
  assert.match(String(only(records, 'framework_event_refused')[0]!.metadata['text']), /^broken \[redacted\]$/);
});

test('a line that is not an event is refused with a reason, and the others are recorded', async () => {
  const records = await eventsOf(
    [
      `printf '%s\\n' 'not json ${'x'.repeat(3000)}' '[1]' '{"message":"no event"}' '{"event":"x","colour":"red"}' '{"event":"two words"}' '' '{"event":"x","level":"loud"}' >> "$STEPWELL_EVENTS"`,
      `head -c 70000 /dev/zero | tr '\\0' a >> "$STEPWELL_EVENTS"; echo >> "$STEPWELL_EVENTS"`,
      say({ event: 'good' }),
      `printf '%s' '{"event":"to' >> "$STEPWELL_EVENTS"`,
    ].join('; '),
  );
  const refused = only(records, 'framework_event_refused').map(({ metadata }) => [metadata['line'], metadata['reason']]);
  assert.deepEqual(refused, [
    [1, 'not_json'],
    [2, 'not_an_event'],
    [3, 'not_an_event'],
    [4, 'not_an_event'],
    [5, 'not_an_event'],
    [7, 'not_an_event'],
    [8, 'too_long'],
    [10, 'torn'],
  ]);
  assert.equal(String(only(records, 'framework_event_refused')[0]?.metadata['text']).length, 1000);
  assert.match(String(only(records, 'framework_event_refused')[3]?.metadata['detail']), /colour/);
  assert.deepEqual(
    only(records, 'framework_event').map(({ metadata }) => metadata['name']),
    ['good'],
  );
  assert.deepEqual(only(records, 'framework_events_end')[0]?.metadata['refused'], 8);
});

test('a complete last line without a newline is recorded', async () => {
  const records = await eventsOf(`printf '%s' '{"event":"last"}' >> "$STEPWELL_EVENTS"`);
  assert.deepEqual(
    only(records, 'framework_event').map(({ metadata }) => metadata['name']),
    ['last'],
  );
});

test('only the first refused lines are recorded one by one, and all are counted', async () => {
  const records = await eventsOf(`yes nonsense | head -n 500 >> "$STEPWELL_EVENTS"`);
  assert.equal(only(records, 'framework_event_refused').length, 20);
  assert.equal(only(records, 'framework_events_end')[0]?.metadata['refused'], 500);
});

test('events from concurrent writers are all recorded and never mixed', async () => {
  const writer = (name: string): string =>
    `(i=0; while [ $i -lt 200 ]; do echo '{"event":"${name}","metadata":{"i":'$i'}}' >> "$STEPWELL_EVENTS"; i=$((i+1)); done)`;
  const records = await eventsOf(`${writer('a')} & ${writer('b')} & ${writer('c')}; wait`);
  const events = only(records, 'framework_event');
  for (const name of ['a', 'b', 'c']) {
    const numbers = events.flatMap(({ metadata }) => (metadata['name'] === name ? [(metadata['data'] as { i: number }).i] : []));
    assert.deepEqual(
      numbers,
      Array.from({ length: 200 }, (_, i) => i),
    );
  }
});

test('a symlink in place of the events file is not followed, and a pipe does not block the run', async () => {
  for (const trick of ['ln -s ../config.yaml "$STEPWELL_EVENTS"', 'mkfifo "$STEPWELL_EVENTS"', 'mkdir "$STEPWELL_EVENTS"']) {
    const records = await eventsOf(`${say({ event: 'before' })}; rm "$STEPWELL_EVENTS"; ${trick}`);
    // Looked at between the two commands, it was first removed.
    assert.equal(only(records, 'framework_events_problem').at(-1)?.metadata['problem'], 'replaced');
    assert.deepEqual(
      only(records, 'framework_event').map(({ metadata }) => metadata['name']),
      ['before'],
    );
    assert.deepEqual(only(records, 'framework_event_refused'), []);
  }
});

test('a removed events file is reported, and earlier events are recorded', async () => {
  const records = await eventsOf(`${say({ event: 'before' })}; rm -r "$(dirname "$STEPWELL_EVENTS")"`);
  assert.deepEqual(
    // Beside it lay the file of the preparation, which is said outside the step.
    only(records, 'framework_events_problem')
      .map(({ step, metadata }) => `${step} ${String(metadata['problem'])}`)
      .sort(),
    ['1 removed', 'null removed'],
  );
  assert.equal(only(records, 'framework_event').length, 1);
});

test('a truncated events file is reported, and later events are recorded', async () => {
  // What was read of a line that was cut is no part of the next one.
  const begun = `printf '%s\\nhalf a line' '${JSON.stringify({ event: 'a-long-name-before' })}' >> "$STEPWELL_EVENTS"`;
  const records = await eventsOf(`${begun}; ${seen(1)}; ${say({ event: 'b' }).replace('>>', '>')}`);
  assert.deepEqual(only(records, 'framework_event_refused'), []);
  assert.deepEqual(
    only(records, 'framework_events_problem').map(({ metadata }) => metadata['problem']),
    ['truncated'],
  );
  assert.deepEqual(
    only(records, 'framework_event').map(({ metadata }) => metadata['name']),
    ['a-long-name-before', 'b'],
  );
});

test('an events file that exceeds its size limit is read up to the limit', async () => {
  const records = await eventsOf(`${say({ event: 'first' })}; truncate -s 1T "$STEPWELL_EVENTS"`);
  const [problem] = only(records, 'framework_events_problem');
  assert.equal(problem?.metadata['problem'], 'too_large');
  assert.equal(problem.metadata['file_bytes'], 2 ** 40);
  assert.equal(only(records, 'framework_event').length, 1);
});

/** The events that a file brought, as `event` or `problem` with its number of read bytes, after each of `parts` was appended. */
async function taken(limits: EventLimits, ...parts: readonly string[]): Promise<unknown[]> {
  await using experiment = await createShellExperiment({});
  const logsDir = join(experiment.dir, 'logs');
  await withRun({ runId: 'run-1', framework: 'tool', logsDir }, async () => {
    await using events = await openEventFile(experiment.dir, 'prepare', limits);
    for (const part of parts) {
      await appendFile(events.path, part);
      await events.finish();
    }
  });
  return (await recordsOf(experiment.dir)).flatMap(({ event, metadata }): unknown[] => {
    if (event === 'framework_event') return [metadata['name']];
    return event === 'framework_events_problem' ? [[metadata['problem'], metadata['read_bytes']]] : [];
  });
}

const LINE = '{"event":"a"}\n';

test('events beyond the line limit are reported, whether they arrive at once or later', async () => {
  const limits: EventLimits = { bytes: 1000, lines: 2 };
  assert.deepEqual(await taken(limits, LINE, LINE), ['a', 'a']);
  assert.deepEqual(await taken(limits, LINE + LINE + LINE + LINE), ['a', 'a', ['too_many_lines', 56]]);
  assert.deepEqual(await taken(limits, LINE + LINE, LINE, LINE), ['a', 'a', ['too_many_lines', 28]]);
});

test('bytes beyond the size limit are reported and not read', async () => {
  assert.deepEqual(await taken({ bytes: 20, lines: 10 }, LINE + LINE), ['a', ['too_large', 20]]);
  assert.deepEqual(await taken({ bytes: 28, lines: 10 }, LINE + LINE), ['a', 'a']);
});

test('an unreadable events file is reported once and blocks nothing', async () => {
  await using experiment = await createShellExperiment({});
  await withRun({ runId: 'run-1', framework: 'tool', logsDir: join(experiment.dir, 'logs') }, async () => {
    const path = join(experiment.dir, 'events.jsonl');
    await writeFile(path, LINE);
    const handle = await open(path);
    await handle.close();
    await using events = new EventFile(path, handle);
    await events.finish();
  });
  const records = await recordsOf(experiment.dir);
  assert.deepEqual(
    records.map(({ event, metadata, error }) => [event, metadata['problem'], error?.code]),
    [['framework_events_problem', 'unreadable', 'EBADF']],
  );
});

test(
  'recover records each event that stepwell had not recorded when it was killed exactly once',
  { skip: process.platform !== 'linux' && 'needs /proc' },
  async () => {
    // Stopped, stepwell reads nothing; the framework, its child, then kills it.
    const write = [2, 3].map((i) => say({ event: 'unread', metadata: { i } })).join('; ');
    const torn = `printf '{"event":"to' >> "$STEPWELL_EVENTS"`;
    const script = `${WORK}; ${say({ event: 'read', metadata: { i: 1 } })}; ${seen(1, 2)}; kill -STOP $PPID; ${write}; ${torn}; kill -KILL $PPID; sleep 60`;
    await using experiment = await createShellExperiment(
      { tool: `[ "$STEPWELL_STEP" = 1 ] && { echo x > one; exit; }; ${script}` },
      { steps: 2 },
    );
    const child = spawn(process.execPath, [STEPWELL_PROCESS, experiment.config, experiment.runsDir, 'tool'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
    assert.deepEqual((await once(child, 'exit'))[1], 'SIGKILL');
    const runDir = /started (.*)/.exec(text)?.[1] ?? '';
    const before = await recordsOf(runDir);
    assert.deepEqual(
      only(before, 'framework_event').map(({ metadata }) => metadata['line']),
      [1],
    );

    assert.equal((await recoverRun(runDir)).outcome, 'recovered');
    assert.deepEqual(await differences(runDir), []);
    const records = await recordsOf(runDir);
    assert.deepEqual(
      only(records, 'framework_event').map(({ step, attempt, metadata }) => [step, attempt, metadata['name'], metadata['data']]),
      [
        [2, 1, 'read', { i: 1 }],
        [2, 1, 'unread', { i: 2 }],
        [2, 1, 'unread', { i: 3 }],
      ],
    );
    assert.deepEqual(
      only(records, 'framework_event_refused').map(({ metadata }) => [metadata['line'], metadata['reason']]),
      [[4, 'torn']],
    );
    // What the recovery wrote is no sign of the run's life.
    assert.equal(
      only(records, 'run_recovered')[0]?.metadata['last_record_at'],
      before
        .map(({ timestamp }) => timestamp)
        .sort()
        .at(-1),
    );
  },
);

test('recovery reads only a file that stepwell itself created', async () => {
  await using experiment = await createShellExperiment({});
  const directory = join(experiment.dir, '.stepwell/scratch/events');
  await mkdir(directory, { recursive: true });
  const at = (step: number): string => join(directory, `step_${step}_attempt_1-0123456789ab.jsonl`);
  await writeFile(join(experiment.dir, 'secret.txt'), LINE);
  await symlink('../../../secret.txt', at(1));
  await link(join(experiment.dir, 'secret.txt'), at(2));
  await mkdir(at(3));
  assert.equal(spawnSync('mkfifo', [at(4)]).status, 0);
  await writeFile(at(5), LINE);
  await writeFile(at(6), LINE);
  await writeFile(join(directory, 'other.jsonl'), LINE);
  await writeFile(join(directory, 'prepare-0123456789ab.jsonl'), LINE);
  await withRun({ runId: 'run-1', framework: 'tool', logsDir: join(experiment.dir, 'logs') }, async () => {
    // Of a file that was cut nobody knows which of its lines are recorded.
    withStep(5, { attempt: 1 }, () => {
      const metadata = { problem: 'truncated', read_bytes: 5, file_bytes: 0 };
      getLogger('x', { component: 'adapter' }).warn('cut', { event: 'framework_events_problem', metadata });
    });
    await recoverEvents(experiment.dir);
  });
  const told = (await recordsOf(experiment.dir)).filter(({ event }) => event !== 'framework_events_end');
  assert.deepEqual(
    told.map(({ step, event, metadata }) => `${step} ${event} ${String(metadata['problem'] ?? metadata['line'])}`).sort(),
    [
      '1 framework_events_problem replaced',
      '2 framework_events_problem replaced',
      '3 framework_events_problem replaced',
      '4 framework_events_problem replaced',
      '5 framework_events_problem truncated',
      '6 framework_event 1',
      'null framework_event 1',
    ],
  );
});

test('each attempt has its own events file, failed attempts included', async () => {
  await using experiment = await createShellExperiment(
    { tool: `${WORK}; echo '{"event":"try"}' >> "$STEPWELL_EVENTS"; [ "$STEPWELL_ATTEMPT" = 2 ]` },
    { retries: { max_retries: 1, initial_backoff_seconds: 0 } },
  );
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  const events = only(await recordsOf(run.runDir), 'framework_event');
  assert.deepEqual(
    events.map(({ attempt }) => attempt),
    [1, 2],
  );
});

test('an error event of a framework does not count as an error of the run', async () => {
  await using experiment = await createShellExperiment({ tool: `${WORK}; ${say({ event: 'x', level: 'error' })}` });
  const [run] = await experiment.run();
  await using source = await openRunDirectory(run!.runDir, {});
  assert.equal((await foldRun(source)).errors.count, 0);
});

test('events after the attempt are marked late, and events of the preparation go to run.log', async () => {
  const files: string[] = [];
  const line = (event: string): string => `${JSON.stringify({ event })}\n`;
  const longRunning: Adapter = {
    check: () => Promise.resolve([]),
    async prepare({ env }) {
      files.push(env['STEPWELL_EVENTS']!);
      await appendFile(files[0]!, line('server_up'));
      return { commit: 'unknown' };
    },
    async runStep({ env, workspace }) {
      files.push(env['STEPWELL_EVENTS']!);
      await writeFile(join(workspace, 'made.txt'), 'x');
      await appendFile(files[1]!, line('in_time'));
      return { status: 'success' };
    },
    async stop() {
      await appendFile(files[1]!, line('too_late'));
    },
  };
  await using experiment = await createShellExperiment({}, { frameworks: { tool: { adapter: 'longRunning' } } });
  const [run] = await experiment.run({ adapters: { longRunning } });
  assert.equal(run?.status, 'success');
  assert.deepEqual(await differences(run.runDir), []);
  const events = only(await recordsOf(run.runDir), 'framework_event');
  assert.deepEqual(events.map(({ step, late, metadata }) => `${String(metadata['name'])} ${step} ${late === true}`).sort(), [
    'in_time 1 false',
    'server_up null false',
    'too_late 1 true',
  ]);
  assert.notEqual(files[0], files[1]);
});

const PYTHON = `import json, os

def record(event, message="", **metadata):
    line = json.dumps({"event": event, "message": message, "metadata": metadata})
    with open(os.environ["STEPWELL_EVENTS"], "a", encoding="utf-8") as events:
        events.write(line + "\\n")

record("plan_ready", "Three parts to write", parts=3)
`;

test('the Python example in the documentation works', { skip: missing('python3') }, async () => {
  const docs = await readFile(new URL('../../docs/adapters.md', import.meta.url), 'utf8');
  assert.ok(docs.includes(PYTHON), 'docs/adapters.md holds another program');
  await using experiment = await createShellExperiment({ tool: `${WORK}; exec python3 ../../../../example.py` });
  await writeFile(join(experiment.dir, 'example.py'), PYTHON);
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  const [event] = only(await recordsOf(run.runDir), 'framework_event');
  assert.equal(event?.message, 'Three parts to write');
  assert.deepEqual(event.metadata, { name: 'plan_ready', at: null, data: { parts: 3 }, line: 1 });
});

const SHELL = `echo '{"event":"tests_run","metadata":{"passed":12,"failed":0}}' >> "$STEPWELL_EVENTS"`;

test('the shell example in the documentation works', async () => {
  const docs = await readFile(new URL('../../docs/adapters.md', import.meta.url), 'utf8');
  assert.ok(docs.includes(SHELL), 'docs/adapters.md holds another line');
  const [event] = only(await eventsOf(SHELL), 'framework_event');
  assert.deepEqual(event?.metadata, { name: 'tests_run', at: null, data: { passed: 12, failed: 0 }, line: 1 });
});

function missing(program: string): string | false {
  return spawnSync(program, ['--version']).status === 0 ? false : `${program} is not installed`;
}
