import assert from 'node:assert/strict';
import { test } from 'node:test';
import { getLogger, withRun, withStep } from '../../src/log/index.ts';
import type { Probe } from '../../src/validate/app.ts';
import { startMonitor } from '../../src/validate/monitor.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { recordsIn } from './recorded-validation.ts';

const DOWN: Probe = { ok: false, reason: 'connection refused' };

/** Runs `fn` in a step's scope; resolves with the states of its downtime records. */
async function statesOf(fn: () => Promise<void>): Promise<unknown[]> {
  const logsDir = join(mkdtempSync(join(tmpdir(), 'stepwell-monitor-')), 'logs');
  try {
    await withRun({ runId: 'run-1', framework: 'test', logsDir }, async () => await withStep(1, fn));
    return recordsIn(logsDir, 1).map(({ metadata }) => metadata['state']);
  } finally {
    rmSync(join(logsDir, '..'), { recursive: true, force: true });
  }
}

const log = getLogger('validate', { component: 'validator' });

test('a service that is down at the end counts as down until the end', async () => {
  const states = await statesOf(async () => {
    const monitor = startMonitor({ probe: () => Promise.resolve(DOWN), intervalSeconds: 60, log });
    monitor.reportDown('it ended');
    await delay(20);
    const uptime = await monitor.stop(new AbortController().signal);
    assert.ok(uptime.downSeconds > 0);
    assert.deepEqual([uptime.polls, uptime.pollsFailed], [1, 1]);
  });
  assert.deepEqual(states, ['down']);
});

test('a poll aborted by the end is not counted', async () => {
  const states = await statesOf(async () => {
    const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
    const probe = async (signal: AbortSignal): Promise<Probe> => {
      begin();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return DOWN;
    };
    const monitor = startMonitor({ probe, intervalSeconds: 0.001, log });
    await begun;
    const uptime = await monitor.stop(AbortSignal.abort());
    assert.deepEqual(uptime, { polls: 0, pollsFailed: 0, downSeconds: 0 });
    log.info('end');
  });
  assert.deepEqual(states, [undefined]);
});
