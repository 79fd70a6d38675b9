/** Each framework is measured by its own checks where it has them, and the record says by which. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { compareRuns, listRuns } from '../../src/catalog/index.ts';
import { differences, metadataOf, recordsOf, createShellExperiment } from '../run/shell-experiment.ts';

const command = ['sh', '-c', 'echo made > common.txt'];
const tool = { adapter: 'command', command };
const http = [{ name: 'list', entity: 'student', operation: 'list', path: '/api/students/' }];
const app = { command: ['sh', '-c', 'exit 3'], start_timeout_seconds: 5 };

test('checks of a framework replace the common ones, and run_start and metadata.json show which were used', async () => {
  const frameworks = {
    plain: tool,
    strict: { ...tool, validation: { artifacts: { require: ['own.txt'] } } },
    served: { ...tool, validation: { app, http } },
    alike: tool,
  };
  await using experiment = await createShellExperiment(
    {},
    { frameworks, validation: { artifacts: { require: ['common.txt'] } } },
  );
  const runs = await experiment.run();
  assert.deepEqual(
    runs.map(({ framework, status }) => [framework, status]),
    [
      ['plain', 'success'],
      ['strict', 'failed'],
      ['served', 'success'],
      ['alike', 'success'],
    ],
  );
  const digests: (string | null)[] = [];
  for (const { runDir, framework } of runs) {
    const records = await recordsOf(runDir);
    const { checks_digest } = await metadataOf(runDir);
    digests.push(checks_digest);
    assert.equal(records.find(({ event }) => event === 'run_start')?.metadata['checks_digest'], checks_digest);
    const end = records.find(({ event }) => event === 'validation_end')?.metadata;
    const served = framework === 'served';
    assert.deepEqual([end?.['app_started'], end?.['checks_total']], served ? [false, 1] : [null, null], framework);
    const snapshot = parse(await readFile(join(runDir, 'config.yaml'), 'utf8')) as { frameworks: typeof frameworks };
    assert.deepEqual(snapshot.frameworks.strict.validation, { artifacts: { require: ['own.txt'], ignore: [] } });
    assert.deepEqual(await differences(runDir), []);
  }
  const [plain, strict, served, alike] = digests;
  assert.match(plain ?? '', /^[0-9a-f]{8}$/);
  assert.equal(plain, alike);
  assert.equal(new Set([plain, strict, served]).size, 3);
  const groups = await compareRuns((await listRuns(experiment.runsDir)).runs);
  assert.deepEqual(Object.fromEntries(groups.map(({ framework, checks }) => [framework, checks])), {
    plain: [plain],
    strict: [strict],
    served: [served],
    alike: [plain],
  });
});
