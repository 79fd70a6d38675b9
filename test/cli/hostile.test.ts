/** Every command that shows what a framework said: nothing of it steers the terminal or looks like another record. */
import assert from 'node:assert/strict';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { lineDisplay } from '../../src/cli/progress/display.ts';
import type { StartedRun } from '../../src/experiment/index.ts';
import type { LogRecord } from '../../src/schema/index.ts';
import { writeRun } from '../catalog/fixtures.ts';
import { line } from '../store/source-contract.ts';
import { assertHarmless, HOSTILE } from '../terminal/hostile.ts';
import { newCliDirectory, type CliDirectory } from './child.ts';

let place: CliDirectory;
before(() => {
  place = newCliDirectory();
  const run = writeRun(join(place.dir, 'runs'), { runId: '20261122-141503-k3f9', status: 'failed' });
  const records = Object.values(HOSTILE).flatMap((text, index) => {
    const at = { seq: 10 + 2 * index, writer: 'abc123', step: 1, component: 'adapter', level: 'error' };
    const error = { type: text, message: text, stack: text };
    return [
      line({ ...at, event: 'process_output', message: text, metadata: { stream: 'stderr' } }),
      line({ ...at, seq: at.seq + 1, event: 'framework_event', metadata: { name: text, data: { [text]: text } }, error }),
    ];
  });
  appendFileSync(join(run, 'logs/step_001/adapter.log'), records.join(''));
  // A name may hold anything but a slash and NUL.
  writeFileSync(join(run, 'logs/step_001/a\u001b[2J\nb\u202ec.log'), 'no record\n');
});
after(() => place.remove());

for (const args of [
  ['logs'],
  ['logs', '--json'],
  ['logs', '--follow'],
  ['logs', '--level', 'error'],
  ['show'],
  ['show', '--json'],
]) {
  test(`stepwell ${args.join(' ')} prints no control character of a record`, async () => {
    const { code, stdout, stderr } = await place.stepwell([...args, 'k3f9']);
    assert.equal(code, 0, stderr);
    assertHarmless(stdout, 'stdout');
    assertHarmless(stderr, 'stderr');
    if (args[0] === 'logs') assert.match(stderr, /^warning: .*2J.*: damaged line/);
    if (args[0] === 'logs') assert.ok(stdout.includes('rm -rf'), 'the records are shown');
  });
}

for (const format of ['text', 'markdown']) {
  test(`stepwell summary --format ${format} prints no control character but keeps joiners, which some scripts need`, async () => {
    const { code, stdout, stderr } = await place.stepwell(['summary', 'k3f9', '--format', format]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout, /(?!\n)[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u);
    assert.ok(!stdout.split('\n').some((text) => text.startsWith('14:15:03.123 INFO')));
  });
}

test('progress as plain lines has no control character of a record', () => {
  const run: StartedRun = {
    runId: '20261122-141503-k3f9',
    framework: 'baseline',
    adapter: 'baseline',
    round: 1,
    runDir: '/runs/baseline/20261122-141503-k3f9',
    model: 'm',
    rehearsal: true,
    replayOf: null,
    endpoint: null,
    steps: [{ step: 1, name: 'one', prompt_file: 'p', prompt_sha256: '' }],
  };
  for (const [what, text] of Object.entries(HOSTILE)) {
    let shown = '';
    using display = lineDisplay((written) => (shown += written));
    const named = { ...run, model: text, steps: run.steps.map((step) => ({ ...step, name: text })) };
    const at = { step: 1, component: 'orchestrator', message: text };
    display.update({ type: 'run_started', run: named });
    for (const fields of [
      { event: 'step_start' },
      { event: 'attempt_start', attempt: 1, metadata: { metered: true } },
      { event: 'attempt_end', attempt: 1, metadata: { status: 'failed' } },
      { event: 'step_end', metadata: { status: 'failed' } },
    ]) {
      const record = JSON.parse(line({ ...at, ...fields })) as LogRecord;
      display.update({ type: 'record', run: named, record, file: 'logs/step_001/orchestrator.log', line: 1 });
    }
    assert.ok(shown.split('\n').length > 3, shown);
    assertHarmless(shown, what);
  }
});
