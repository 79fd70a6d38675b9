import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { packRun } from '../../src/archive/index.ts';
import { describeRun, findRun, listRuns, openRun, rebuildManifest, updateManifest } from '../../src/catalog/index.ts';
import { StepwellError } from '../../src/errors/index.ts';
import { ENDED, sealRun, writeRun as writeSealable } from '../archive/sealed-run.ts';
import { writeRun } from './fixtures.ts';

let runsDir: string;
let run: string;
beforeEach(() => {
  runsDir = mkdtempSync(join(tmpdir(), 'stepwell-format-'));
  run = writeRun(runsDir, { runId: '20261122-141503-k3f9' });
});
afterEach(() => rmSync(runsDir, { recursive: true, force: true }));

function setVersion(version: unknown): void {
  const file = join(run, 'metadata.json');
  const metadata = JSON.parse(readFileSync(file, 'utf8')) as object;
  writeFileSync(file, JSON.stringify({ ...metadata, format_version: version, stepwell_version: '7.8.9' }));
}

for (const version of ['1.0', '1.7', undefined]) {
  test(`a run of format version ${version} is read`, async () => {
    setVersion(version);
    const found = await findRun(runsDir, 'k3f9');
    assert.equal(found.kind, 'directory');
  });
}

for (const [version, code, sentence, fix] of [
  ['2.0', 'RUN_TOO_NEW', /has format version 2\.0, which is newer than 1\.2/, /stepwell 7\.8\.9, which wrote it, or a later one/],
  ['0.9', 'RUN_TOO_OLD', /has format version 0\.9, which is older than 1\.2/, /stepwell 7\.8\.9, which wrote it/],
  ['two', 'RUN_FORMAT_UNKNOWN', /format version "two", which is not a valid version/, /run\.tar\.gz/],
  [2, 'RUN_FORMAT_UNKNOWN', /format version "2", which is not a valid version/, /run\.tar\.gz/],
] as const) {
  test(`a run of format version ${version} is refused with what to do, by name and by path; it is listed all the same`, async () => {
    setVersion(version);
    for (const name of ['k3f9', run]) {
      await assert.rejects(findRun(runsDir, name), (error) => {
        assert.ok(error instanceof StepwellError);
        assert.equal(error.code, code);
        assert.match(error.message, sentence);
        assert.ok(error.message.includes(run));
        assert.match(error.fix, fix);
        return true;
      });
    }
    const { runs } = await listRuns(runsDir);
    assert.deepEqual(
      runs.map(({ entry }) => entry.run_id),
      ['20261122-141503-k3f9'],
    );
  });
}

test('an archive of a newer format version is refused when it is opened', async () => {
  const dir = join(runsDir, 'sealed');
  await writeSealable(dir);
  const metadata = await sealRun(dir);
  const archive = join(dir, 'run.tar.gz');
  await (await openRun({ kind: 'archive', archive }))[Symbol.asyncDispose]();
  rmSync(archive);
  await packRun({ runDir: dir, exclude: [], modifiedAt: ENDED, metadata: { ...metadata, format_version: '2.0' } });
  await assert.rejects(openRun({ kind: 'archive', archive }), { code: 'RUN_TOO_NEW' });
});

test('an index of a newer major version is neither read nor rewritten', async () => {
  const index = join(runsDir, 'runs_manifest.json');
  const text = JSON.stringify({ version: '2.0', runs: 'of another shape' });
  writeFileSync(index, text);
  const { runs, unusedIndex } = await listRuns(runsDir);
  assert.equal(runs.length, 1);
  assert.match(unusedIndex ?? '', /has version 2\.0, which is newer/);
  const entry = await describeRun(runsDir, 'baseline/20261122-141503-k3f9');
  await assert.rejects(updateManifest(runsDir, entry), { code: 'INDEX_TOO_NEW' });
  await assert.rejects(rebuildManifest(runsDir), { code: 'INDEX_TOO_NEW' });
  assert.equal(readFileSync(index, 'utf8'), text);
});
