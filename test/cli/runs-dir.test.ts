import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { runsDirFlag } from '../../src/cli/runs-dir.ts';

test('a command to type next finds the runs wherever they are', () => {
  assert.equal(runsDirFlag('/srv/runs-1'), ' --runs-dir /srv/runs-1');
  for (const dir of ['/srv/my "own" runs', "/srv/it's", '/srv/é $(x) `y`', '/srv/~a*']) {
    const words = execFileSync('sh', ['-c', `printf '%s\\n'${runsDirFlag(dir)}`], { encoding: 'utf8' });
    assert.equal(words, `--runs-dir\n${dir}\n`);
  }
});
