import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { withLedgerRun } from '../ledger-run.ts';
import { sendCompletion, startUpstreamStub, streamEvents } from '../upstream-stub.ts';

test('a killed process leaves the start record of every call in flight', async () => {
  let waiting: (() => void) | undefined;
  const both = new Promise<void>((resolve) => (waiting = resolve));
  let hanging = 0;
  await using upstream = await startUpstreamStub((response, seen) => {
    const { hang = false, stream = false } = JSON.parse(seen.body.toString());
    if (!hang) {
      sendCompletion(response);
      return;
    }
    if (stream) response.setHeader('content-type', 'text/event-stream').write(streamEvents(true).shown[0]);
    hanging += 1;
    if (hanging === 2) waiting?.();
  });
  await withLedgerRun(async (run) => {
    const script = fileURLToPath(new URL('child/dying.ts', import.meta.url));
    const child = spawn(process.execPath, [script, `${upstream.origin}/v1`, join(run.dir, 'logs')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await Promise.all([both, once(child.stdout, 'data')]);
    child.kill('SIGKILL');
    const [, signal] = await once(child, 'exit');
    assert.equal(signal, 'SIGKILL');

    const starts = run.lines('llm_call_start');
    const ends = run.lines('llm_call');
    assert.equal(starts.length, 3);
    assert.equal(ends.length, 1);
    assert.equal(ends[0]?.metadata.call_id, starts[0]?.metadata.call_id);
    const open = starts
      .slice(1)
      .map(({ metadata }) => `${metadata['gen_ai.request.model']} ${metadata['gen_ai.request.stream']}`);
    assert.deepEqual(open.sort(), ['gpt-test false', 'gpt-test true']);
  });
});
