/** A full disk, for real: a small tmpfs. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { recoverRun } from '../../../src/experiment/index.ts';
import { differences, metadataOf, recordsOf, createShellExperiment } from '../shell-experiment.ts';

/** Just above what the checks ask for. */
const SIZE = 'size=70m';

async function smallDisk(t: TestContext): Promise<string | null> {
  const mount = await mkdtemp(join(tmpdir(), 'stepwell-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', SIZE, 'tmpfs', mount], { stdio: 'pipe' });
  } catch {
    t.skip('no right to mount a small tmpfs');
    return null;
  }
  t.after(async () => {
    execFileSync('umount', ['-l', mount]);
    await rm(mount, { recursive: true, force: true });
  });
  return mount;
}

test('no line is lost when the disk is full for a while during a step', async (t) => {
  const base = await smallDisk(t);
  if (base === null) return;
  const script = `cat /dev/zero > fill 2> /dev/null; i=0; while [ $i -lt 200 ]; do echo "line $i"; i=$((i+1)); done
    sleep 0.3; rm fill; echo x > file; sleep 0.5; echo after`;
  await using experiment = await createShellExperiment({ shell: script }, { base });
  const [run] = await experiment.run();
  assert.deepEqual([run?.status, run?.record], ['success', 'complete']);
  const lines = (await recordsOf(run!.runDir)).filter(({ event }) => event === 'process_output').map(({ message }) => message);
  assert.deepEqual(lines, [...Array.from({ length: 200 }, (_, index) => `line ${index}`), 'after']);
  assert.deepEqual(await differences(run!.runDir), []);
});

test('a full disk at sealing keeps the status, marks the record incomplete, and recover completes it', async (t) => {
  const base = await smallDisk(t);
  if (base === null) return;
  await using experiment = await createShellExperiment(
    { shell: 'echo x > file; cat /dev/zero > fill 2> /dev/null; true' },
    { base },
  );
  const [run] = await experiment.run();
  assert.deepEqual([run?.status, run?.record, run?.archive], ['success', 'incomplete', null]);
  assert.ok(run!.problems.length > 0);
  await rm(join(run!.runDir, 'workspace/fill'));
  const recovery = await recoverRun(run!.runDir);
  assert.equal(recovery.outcome, 'recovered');
  const metadata = await metadataOf(run!.runDir);
  assert.notEqual(metadata.archive, null);
  assert.deepEqual(await differences(run!.runDir), []);
});
