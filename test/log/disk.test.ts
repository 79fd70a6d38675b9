/** Real disks: a full one, and the order in which a run is made durable. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { getLogger, syncRun, withRun, withStep } from '../../src/log/index.ts';
import { LogRecord } from '../../src/schema/index.ts';
import { mountSmallDisk } from '../run/small-disk.ts';

const records = (path: string): LogRecord[] =>
  readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => LogRecord.parse(JSON.parse(line)));

test('after a full disk has space again the backlog is written, lost lines are counted, and no line is torn', (t) => {
  const disk = mountSmallDisk(256 * 1024);
  if (typeof disk === 'string') {
    t.skip(disk);
    return;
  }
  try {
    const logs = join(disk.path, 'logs');
    const ballast = join(disk.path, 'ballast');
    const log = getLogger('full', { component: 'adapter' });
    withRun({ runId: 'r1', framework: 'f', logsDir: logs }, () =>
      withStep(1, () => {
        log.info('first');
        writeFileSync(ballast, Buffer.alloc(128 * 1024));
        for (let index = 0; index < 500; index++) log.info(`kept ${index} ${'x'.repeat(1000)}`);
        assert.equal(syncRun(), false, 'lines wait: the record is not complete yet');
        rmSync(ballast);
      }),
    );
    // 128 KiB of disk took some lines, the rest waits; a larger disk takes them all.
    assert.equal(spawnSync('mount', ['-o', 'remount,size=8m', disk.path]).status, 0);
    withRun({ runId: 'r1', framework: 'f', logsDir: logs }, () => withStep(1, () => log.info('space again')));
    const file = join(logs, 'step_001', 'adapter.log');
    const kept = records(file);
    assert.deepEqual(
      kept.map(({ message }) => message.split(' ').slice(0, 2).join(' ')),
      ['first', ...Array.from({ length: 500 }, (_, index) => `kept ${index}`), 'space again'],
    );

    assert.equal(spawnSync('mount', ['-o', `remount,size=1m`, disk.path]).status, 0);
    withRun({ runId: 'r1', framework: 'f', logsDir: logs }, () =>
      withStep(2, () => {
        for (let index = 0; index < 3000; index++) log.info(`line ${index} ${'x'.repeat(1000)}`);
        assert.equal(spawnSync('mount', ['-o', 'remount,size=16m', disk.path]).status, 0);
        log.info('after the loss');
        assert.equal(syncRun(), false, 'something was lost for good');
      }),
    );
    const second = records(join(logs, 'step_002', 'adapter.log'));
    const dropped = second.find(({ event }) => event === 'log.dropped');
    const lines = second.filter(({ message }) => message.startsWith('line'));
    assert.equal(Number(dropped?.metadata['count']) + lines.length, 3000);
    assert.equal(dropped?.metadata['reason'], 'ENOSPC');
    assert.deepEqual(
      lines.map(({ message }) => Number(message.split(' ')[1])),
      lines.map((_, index) => index),
      'the lost ones are the last',
    );
    assert.deepEqual(
      second.slice(-2).map(({ event }) => event),
      ['log.dropped', 'log'],
    );
  } finally {
    disk.remove();
  }
});

test('a sync makes file content and then its directories durable after the last write', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'stepwell-strace-'));
  try {
    const trace = join(dir, 'trace');
    const child = join(import.meta.dirname, 'child', 'lines.ts');
    const logs = join(dir, 'logs');
    const command = [
      '-f',
      '-y',
      '-o',
      trace,
      '-e',
      'trace=write,fsync,mkdir,openat',
      process.execPath,
      child,
      logs,
      'a',
      '3',
      '100',
      'sync',
    ];
    const { status, error, stderr } = spawnSync('strace', command, { encoding: 'utf8' });
    if (error !== undefined || (status !== 0 && !existsSync(logs))) {
      t.skip(`strace cannot be used here: ${error?.message ?? stderr.slice(-200)}`);
      return;
    }
    const calls = readFileSync(trace, 'utf8')
      .split('\n')
      .flatMap((line) => {
        const match = /\b(write|fsync)\(\d+<([^>]*)>/.exec(line);
        return match?.[2]?.startsWith(dir) ? [`${match[1]} ${match[2].slice(dir.length)}`] : [];
      });
    assert.deepEqual(calls, [
      'write /logs/run.log',
      'write /logs/step_001/adapter.log',
      'write /logs/step_001/adapter.log',
      'write /logs/step_001/adapter.log',
      'fsync /logs/run.log',
      'fsync /logs/step_001/adapter.log',
      'fsync /logs/step_001',
      'fsync /logs',
      'fsync ',
    ]);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
