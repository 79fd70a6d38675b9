/** What a user meets who is not root: paths in the workspace that may not be read. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  globSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isRoot, UNPRIVILEGED_ID, whyNoUnprivilegedUser } from '../unprivileged-user.ts';
import { recordsOf, createShellExperiment, type ShellExperiment } from '../shell-experiment.ts';

const UNPRIVILEGED = fileURLToPath(new URL('../unprivileged-process.ts', import.meta.url));

/** Runs the experiment in a child that is no root. `meanwhile` gets the workspace as soon as there is one. */
async function runUnprivileged(
  experiment: ShellExperiment,
  meanwhile = async (_workspace: string): Promise<void> => {},
): Promise<string> {
  if (isRoot) chownSync(experiment.dir, UNPRIVILEGED_ID, UNPRIVILEGED_ID);
  // A directory on PATH that the user may not read is not a problem.
  const forbidden = join(experiment.dir, 'forbidden');
  mkdirSync(forbidden, { mode: 0 });
  const child = spawn(process.execPath, [UNPRIVILEGED, experiment.config, experiment.runsDir, 'shell'], {
    env: { ...process.env, PATH: [forbidden, process.env['PATH']].join(delimiter) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.stdout.resume();
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const workspace = await within(() => {
    assert.equal(child.exitCode, null, 'the child ended before the run began');
    return globSync(join(experiment.runsDir, 'shell', '*', 'workspace'))[0];
  });
  await meanwhile(workspace);
  assert.equal(await ended, 0);
  return join(workspace, '..');
}

async function within<T>(look: () => T | undefined): Promise<T> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(10)) {
    const found = look();
    if (found !== undefined) return found;
  }
  throw new Error('it did not come to be');
}

const retried = { steps: 2, retries: { max_retries: 1, initial_backoff_seconds: 0 } };

test(
  'files that the framework made unreadable are copied and restored with their modes',
  { skip: whyNoUnprivilegedUser() },
  async () => {
    const script = `
    case $STEPWELL_STEP.$STEPWELL_ATTEMPT in
      1.1) mkdir -p closed/inner; echo in > closed/inner/in; chmod 300 closed/inner; chmod 000 closed; echo own > file; chmod 000 file ;;
      2.1) ls -ld closed file > modes; chmod -R 700 closed; rm -rf closed file; exit 3 ;;
      2.2) stat -c %a closed file > modes; chmod 700 closed file; cat file >> modes; cat closed/inner/in >> modes ;;
    esac`;
    await using experiment = await createShellExperiment({ shell: script }, retried);
    const runDir = await runUnprivileged(experiment);
    const modes = readFileSync(join(runDir, 'workspace/modes'), 'utf8');
    assert.equal(modes, '0\n0\nown\nin\n');
    assert.equal(lstatSync(join(runDir, 'workspace/closed/inner')).mode & 0o777, 0o300);
    assert.deepEqual(
      (await recordsOf(runDir)).filter(({ event }) => event === 'snapshot_incomplete' || event === 'step_error'),
      [],
    );
    assert.ok(!existsSync(join(runDir, '.stepwell/snapshot')));
  },
);

const rootOnly = { skip: whyNoUnprivilegedUser() || (!isRoot && 'needs root, to make files of another user') };
test('files of another user are listed, left unchanged and stop nothing', rootOnly, async () => {
  const script = `
    case $STEPWELL_STEP.$STEPWELL_ATTEMPT in
      1.1) mkdir own; chmod 777 own; echo ready > ready; while [ ! -e go ]; do sleep 0.05; done ;;
      2.1) rm -rf own ready; echo junk > junk; exit 3 ;;
      2.2) ls > listing; ls own >> listing ;;
    esac`;
  await using experiment = await createShellExperiment({ shell: script }, retried);
  const runDir = await runUnprivileged(experiment, async (workspace) => {
    await within(() => existsSync(join(workspace, 'ready')) || undefined);
    for (const name of ['unreadable', 'unwritable', 'shared']) mkdirSync(join(workspace, name));
    for (const name of ['unreadable/in', 'unwritable/in', 'shared/in', 'shared/secret', 'secret']) {
      writeFileSync(join(workspace, name), name);
    }
    for (const name of ['unreadable', 'shared/secret', 'secret']) chmodSync(join(workspace, name), 0o700);
    chmodSync(join(workspace, 'shared'), 0o777);
    writeFileSync(join(workspace, 'go'), '');
  });
  const workspace = join(runDir, 'workspace');
  const kept = ['go', 'listing', 'own', 'ready', 'secret', 'shared', 'unreadable', 'unwritable'];
  assert.deepEqual(readdirSync(workspace).sort(), kept);
  for (const name of ['unreadable/in', 'unwritable/in', 'shared/in', 'shared/secret', 'secret']) {
    assert.equal(readFileSync(join(workspace, name), 'utf8'), name);
  }
  const [warning, ...more] = (await recordsOf(runDir)).filter(({ event }) => event === 'snapshot_incomplete');
  assert.deepEqual(more, []);
  assert.deepEqual([warning?.level, warning?.step, warning?.attempt], ['warn', 2, 1]);
  assert.deepEqual(warning?.metadata, { paths: ['secret', 'shared/secret', 'unreadable', 'unwritable'], paths_total: 4 });
});
