import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { runsDirFlag } from '../../src/cli/runs-dir.ts';

test('a suggested command names the directory of runs, quoted for a shell where needed', () => {
  assert.equal(runsDirFlag('/srv/runs-1'), ' --runs-dir /srv/runs-1');
  for (const dir of ['/srv/my "own" runs', "/srv/it's", '/srv/é $(x) `y`', '/srv/~a*']) {
    const words = execFileSync('sh', ['-c', `printf '%s\\n'${runsDirFlag(dir)}`], { encoding: 'utf8' });
    assert.equal(words, `--runs-dir\n${dir}\n`);
  }
});
