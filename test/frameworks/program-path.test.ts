import assert from 'node:assert/strict';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { planExperiment } from '../../src/experiment/index.ts';
import { createShellExperiment } from '../run/shell-experiment.ts';

test('the path of a program is relative to the configuration file, its arguments are not touched', async () => {
  await using here = await createShellExperiment(
    {},
    { frameworks: { tool: { adapter: 'command', command: ['./bin/tool.sh', './argument'] } } },
  );
  await mkdir(join(here.dir, 'bin'));
  const tool = join(here.dir, 'bin/tool.sh');
  await writeFile(tool, '#!/bin/sh\necho "$1" > argument\n');
  await chmod(tool, 0o755);
  const [run] = await here.run();
  assert.equal(run?.status, 'success');
  assert.equal(await readFile(join(run.runDir, 'workspace/argument'), 'utf8'), './argument\n');
  assert.match(await readFile(join(run.runDir, 'config.yaml'), 'utf8'), /- \.\/bin\/tool\.sh/);
});

test('a program that is not there is named with its whole path', async () => {
  await using here = await createShellExperiment(
    {},
    { frameworks: { tool: { adapter: 'command', command: ['../missing.sh'] } } },
  );
  const { findings } = await planExperiment({ config: here.config, runsDir: here.runsDir, frameworks: ['all'] });
  assert.deepEqual(
    findings.map(({ what }) => what),
    [`tool: The program "${join(here.dir, '..', 'missing.sh')}" was not found.`],
  );
});
