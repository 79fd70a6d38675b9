import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { colored, plain, widthOf } from '../../../src/terminal/index.ts';
import { renderBlock } from '../../../src/cli/progress/block.ts';
import { blockDisplay, canDrawOn, lineDisplay } from '../../../src/cli/progress/display.ts';
import { createExperimentView } from '../../../src/cli/progress/view.ts';
import type { ProgressEvent, StartedRun } from '../../../src/experiment/index.ts';
import type { EventMetadata } from '../../../src/schema/index.ts';
import { openRunDirectory, readRecords, type RecordItem } from '../../../src/store/index.ts';
import { Recording } from '../../summary/recording.ts';
import { CLI, cleanEnv, finished, matchesGolden, newCliDirectory } from '../child.ts';
import { writeExperiment } from '../experiment.ts';
import { play } from '../screen.ts';

const START = Date.UTC(2026, 10, 22, 14, 15, 3);

function startedRun(runId: string, steps = 3): StartedRun {
  return {
    runId,
    framework: 'baseline',
    adapter: 'baseline',
    round: 1,
    runDir: `/runs/baseline/${runId}`,
    model: 'rehearsal',
    rehearsal: true,
    replayOf: null,
    endpoint: null,
    steps: Array.from({ length: steps }, (_, index) => ({
      step: index + 1,
      name: `create-part-${index + 1}`,
      prompt_file: 'p',
      prompt_sha256: '',
    })),
  };
}

/** One run: a step that succeeds and is validated, one whose first attempt fails, one that is never reached. */
function eventsOf(run: StartedRun): ProgressEvent[] {
  const recording = new Recording(run.framework, run.runId).start(run.steps.length).phaseStart('prepare').wait(1);
  const [first, second, again] = [
    { step: 1, attempt: 1 },
    { step: 2, attempt: 1 },
    { step: 2, attempt: 2 },
  ];
  recording.phaseStart('steps').stepStart(1).attemptStart(1, 1).wait(1);
  recording.call(first, { 'gen_ai.usage.input_tokens': 1200, 'gen_ai.usage.output_tokens': 340, duration_seconds: 2 });
  recording.wait(1.5).stepEnd(1, 1, 4.5);
  recording.event('validator', 'app_start', { command: ['./start.sh'], port: 40123 }, 'Starting the service', { step: 1 });
  recording.wait(1.5).event('validator', 'validation_end', NOTHING_CHECKED, 'Validation ended', { step: 1 });
  recording.stepStart(2).attemptStart(2, 1).wait(1);
  recording.call(second, {
    'gen_ai.usage.input_tokens': null,
    'gen_ai.usage.output_tokens': null,
    'gen_ai.usage.cache_read.input_tokens': null,
    duration_seconds: 1,
  });
  recording
    .wait(1)
    .attemptEnd(2, 1, { status: 'failed', reason: 'exit_code' }, `Attempt 1 failed: exit code 7 ${'long '.repeat(99)}`);
  const retry = { next_attempt: 2, backoff_seconds: 5 };
  recording.event('orchestrator', 'retry_scheduled', retry, 'Attempt 2 follows in 5 s', { step: 2 });
  recording.wait(5).attemptStart(2, 2).wait(1).callStart(again);
  recording.wait(54).stepEnd(2, 2, 63, 'timed_out').phaseStart('stop').wait(1).end({ status: 'timed_out' });
  return [
    { type: 'run_started', run },
    ...itemsOf(recording).map((item): ProgressEvent => ({ type: 'record', run, ...item })),
    { type: 'sealing', run },
    {
      type: 'run_finished',
      run,
      result: { ...run, status: 'timed_out', record: 'complete', problems: [], durationSeconds: 71.4, archive: null },
    },
  ];
}

function itemsOf(recording: Recording): RecordItem[] {
  return [...recording.items()].filter((item) => 'record' in item);
}

const NOTHING_CHECKED: EventMetadata<'validation_end'> = {
  artifacts_passed: 0,
  artifacts_total: 0,
  app_started: true,
  checks_passed: 0,
  checks_total: 0,
  crud_passed: 0,
  crud_total: 0,
  polls: 0,
  polls_failed: 0,
  down_seconds: 0,
  duration_seconds: 1.5,
};

describe('progress', () => {
  test('the block after each event, and the plain lines', () => {
    const run = startedRun('20261122-141503-k3f9');
    const view = createExperimentView();
    let text = '';
    let printed = '';
    using lines = lineDisplay((more) => (printed += more));
    for (const event of eventsOf(run)) {
      view.push(event);
      lines.update(event);
      const now = event.type === 'record' ? Date.parse(event.record.timestamp) + 500 : START + 72_000;
      const block = renderBlock(view.runs(), { columns: 79, rows: 23, now, frame: 0, paint: plain });
      text += `--- ${event.type === 'record' ? event.record.event : event.type}\n${block.join('\n')}\n`;
    }
    matchesGolden('progress-block.txt', text);
    matchesGolden('progress-lines.txt', printed);
  });

  test('the lines keep the order of the records, whenever the runner says that it seals', () => {
    const run = startedRun('20261122-141503-k3f9');
    const printed = (events: readonly ProgressEvent[]): string => {
      let text = '';
      using lines = lineDisplay((more) => (text += more));
      for (const event of events) lines.update(event);
      return text;
    };
    const events = eventsOf(run);
    const sealing: ProgressEvent = { type: 'sealing', run };
    const early = events.filter(({ type }) => type !== 'sealing').toSpliced(4, 0, sealing);
    assert.equal(printed(early), printed(events));
    assert.match(printed(events), /step 2 .*: timed out .*\n.*sealing the record\n.*timed out after /);
  });

  test('no line is wider than the terminal and no block higher, whatever it shows', () => {
    for (const columns of [20, 40, 80, 200]) {
      for (const rows of [1, 3, 10, 50]) {
        const view = createExperimentView();
        for (let index = 0; index < 12; index += 1) {
          const run = {
            ...startedRun(`20261122-141503-r${index}`, 30),
            model: '漢字の長い名前'.repeat(9),
            framework: 'f\u001b[2J',
          };
          for (const event of eventsOf(run).slice(0, 3 + index * 2)) view.push(event);
        }
        const block = renderBlock(view.runs(), { columns, rows, now: START, frame: 3, paint: plain });
        assert.ok(block.length <= rows, `${block.length} lines on ${rows} rows`);
        for (const text of block) assert.ok(widthOf(text) <= columns && !text.includes('\u001b'), JSON.stringify(text));
      }
    }
  });

  test('the screen shows every step once, however often it was drawn and resized, and the cursor comes back', () => {
    let output = '';
    const listeners = new Set<() => void>();
    const screen = {
      isTTY: true,
      columns: 100,
      rows: 30,
      write: (text: string) => (output += text),
      on: (_: 'resize', listener: () => void) => listeners.add(listener),
      off: (_: 'resize', listener: () => void) => listeners.delete(listener),
    };
    const run = startedRun('20261122-141503-k3f9');
    const events = eventsOf(run);
    {
      using display = blockDisplay(screen, colored, () => START + 9_000);
      for (const event of events.slice(0, 15)) display.update(event);
      for (const columns of [60, 120]) {
        screen.columns = columns;
        for (const listener of listeners) listener();
      }
      display.say('said meanwhile');
    }
    const { lines, cursorVisible } = play(output);
    const seen = lines.filter((text) => text !== '');
    assert.equal(cursorVisible, true);
    assert.equal(listeners.size, 0);
    assert.equal(seen.filter((text) => text.includes('create-part-1')).length, 1, seen.join('\n'));
    assert.deepEqual(seen.at(0), 'said meanwhile');
    assert.equal(seen.length, 5);
  });

  test('a block needs a terminal that can move its cursor, and no CI', () => {
    const screen = { isTTY: true, write: () => undefined };
    assert.equal(canDrawOn(screen, {}), true);
    assert.equal(canDrawOn(screen, { CI: 'true' }), false);
    assert.equal(canDrawOn(screen, { TERM: 'dumb' }), false);
    assert.equal(canDrawOn({ ...screen, isTTY: false }, {}), false);
  });
});

/** Runs a command in a pseudo-terminal of 80 × 24 that becomes 60 columns wide when `part-1` has been seen. */
const IN_A_TERMINAL = `
import fcntl, os, pty, signal, struct, sys, termios
def size(fd, rows, columns): fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
size(fd, 24, 80)
seen, resized = b'', False
while True:
    try: chunk = os.read(fd, 65536)
    except OSError: break
    if not chunk: break
    seen += chunk
    sys.stdout.buffer.write(chunk)
    if not resized and b'part-1' in seen: size(fd, 24, 60); resized = True
sys.stdout.buffer.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** Runs a command in a pseudo-terminal that says it is 0 × 0, and closes it while the step is running. */
const CLOSED_TERMINAL = `
import os, pty, signal, sys
pid, fd = pty.fork()
if pid == 0: os.execvp(sys.argv[1], sys.argv[1:])
signal.alarm(60)
seen = b''
while b'running' not in seen: seen += os.read(fd, 65536)
os.close(fd)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe('in a real terminal', () => {
  const python = spawnSync('python3', ['--version']).error === undefined;

  test('the live block is drawn in place; what is left is the block once and the end of the run', async (t) => {
    if (!python) {
      t.skip('python3, which makes the terminal, is not installed');
      return;
    }
    const place = newCliDirectory();
    try {
      writeExperiment(place.dir, 'sleep 0.5; echo $1 > file$1.txt');
      const child = spawn('python3', ['-c', IN_A_TERMINAL, process.execPath, CLI, 'run', 'tool'], {
        cwd: place.dir,
        env: cleanEnv({ TERM: 'xterm-256color' }),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { code, stdout } = await finished(child);
      assert.equal(code, 0, stdout);
      const { lines, cursorVisible, widest } = play(stdout);
      assert.equal(cursorVisible, true);
      assert.ok(widest <= 80, `${widest} columns`);
      for (const name of ['1 part-1', '2 part-2', 'Status: SUCCESS', 'Next:']) assert.ok(stdout.includes(name), name);
      const [run = ''] = readdirSync(join(place.dir, 'runs/tool'));
      assert.equal(lines.filter((text) => text.includes(`✔ tool ${run}`)).length, 1, lines.join('\n'));
      for (const name of ['part-1', 'part-2'])
        assert.equal(lines.filter((text) => text.includes(name)).length, 1, lines.join('\n'));
      assert.equal(lines.filter((text) => text.includes('⠋') || text.includes('waiting')).length, 0, lines.join('\n'));
      assert.match(stripVTControlCharacters(stdout), /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] +1 part-1 +0(\.\d)?s {2}running/);
      assert.ok(stdout.includes('\u001b[32m'));

      // Replayed from its logs, the run ends in the same line.
      const view = createExperimentView();
      const metadata = JSON.parse(readFileSync(join(place.dir, 'runs/tool', run, 'metadata.json'), 'utf8')) as {
        steps: StartedRun['steps'];
        model: string;
      };
      const replayed = { ...startedRun(run), framework: 'tool', model: metadata.model, steps: metadata.steps };
      await using source = await openRunDirectory(join(place.dir, 'runs/tool', run));
      view.push({ type: 'run_started', run: replayed });
      for await (const item of readRecords(source)) if ('record' in item) view.push({ type: 'record', run: replayed, ...item });
      assert.deepEqual(
        view.runs()[0]?.steps.map((step) => [step.name, step.state, step.attempt]),
        [
          ['part-1', 'success', 1],
          ['part-2', 'success', 1],
        ],
      );
    } finally {
      place.remove();
    }
  });

  test('a terminal without a size is drawn on, and one that is closed shuts the run down cleanly', async (t) => {
    if (!python) {
      t.skip('python3, which makes the terminal, is not installed');
      return;
    }
    const place = newCliDirectory();
    try {
      writeExperiment(place.dir, 'echo begun; sleep 600', { steps: 1 });
      const child = spawn('python3', ['-c', CLOSED_TERMINAL, process.execPath, CLI, 'run', 'tool'], {
        cwd: place.dir,
        env: cleanEnv({ TERM: 'xterm-256color' }),
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const { code, stdout } = await finished(child);
      assert.equal(code, 129, stdout);
      assert.match((await place.stepwell(['list'])).stdout, /tool +interrupted +0\/1/);
      assert.equal((await place.stepwell(['verify', 'latest'])).code, 0);
    } finally {
      place.remove();
    }
  });
});
