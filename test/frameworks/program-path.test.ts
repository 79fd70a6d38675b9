import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { planExperiment } from '../../src/experiment/index.ts';
import { createShellExperiment } from '../run/shell-experiment.ts';

test('the path of a program is relative to the configuration file, its arguments are not touched', async () => {
  await using experiment = await createShellExperiment(
    {},
    { frameworks: { tool: { adapter: 'command', command: ['./bin/tool.sh', './argument'] } } },
  );
  await mkdir(join(experiment.dir, 'bin'));
  const tool = join(experiment.dir, 'bin/tool.sh');
  await writeFile(tool, '#!/bin/sh\necho "$1" > argument\n');
  await chmod(tool, 0o755);
  const [run] = await experiment.run();
  assert.equal(run?.status, 'success');
  assert.equal(await readFile(join(run.runDir, 'workspace/argument'), 'utf8'), './argument\n');
  assert.match(await readFile(join(run.runDir, 'config.yaml'), 'utf8'), /- \.\/bin\/tool\.sh/);
});

test('a missing program is reported with its full path', async () => {
  await using experiment = await createShellExperiment(
    {},
    { frameworks: { tool: { adapter: 'command', command: ['../missing.sh'] } } },
  );
  const { findings } = await planExperiment({ config: experiment.config, runsDir: experiment.runsDir, frameworks: ['all'] });
  assert.deepEqual(
    findings.map(({ what }) => what),
    [`tool: The program "${join(experiment.dir, '..', 'missing.sh')}" was not found.`],
  );
});
