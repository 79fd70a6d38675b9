import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runGit, gitCommit, gitDirty } from '../../src/store/git.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

async function inDirectory(work: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'stepwell-git-'));
  try {
    await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

test('commit and changes of a checkout are known, and null outside of one', async () => {
  await inDirectory(async (dir) => {
    assert.deepEqual([await gitCommit(dir), await gitDirty(dir)], [null, null]);
    const git = (...args: string[]): void => {
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.org', ...args], { cwd: dir, stdio: 'ignore' });
    };
    git('init');
    await writeFile(join(dir, 'file'), 'one');
    git('add', 'file');
    git('commit', '-m', 'first');
    assert.match((await gitCommit(dir)) ?? '', /^[0-9a-f]{40}$/);
    await writeFile(join(dir, 'untracked'), '');
    assert.equal(await gitDirty(dir), false);
    await writeFile(join(dir, 'file'), 'two, and longer');
    assert.equal(await gitDirty(dir), true);
  });
});

test('git gets neither secrets nor GIT_DIR of the caller and is killed when it hangs', async () => {
  await inDirectory(async (dir) => {
    await mkdir(join(dir, 'bin'));
    await writeFile(join(dir, 'bin/git'), '#!/bin/sh\n[ "$1" = hang ] && { trap "" TERM; exec sleep 300; }\nenv\n');
    await chmod(join(dir, 'bin/git'), 0o755);
    const env = {
      PATH: [join(dir, 'bin'), process.env['PATH']].join(delimiter),
      GIT_DIR: '/elsewhere',
      OPENAI_API_KEY: 'sk-example',
    };
    const seen = (await runGit(dir, ['show'], { env }))!.split('\n').map((line) => line.split('=')[0]);
    assert.ok(seen.includes('PATH'));
    assert.deepEqual(
      seen.filter((name) => name === 'GIT_DIR' || name === 'OPENAI_API_KEY'),
      [],
    );
    assert.equal(await runGit(dir, ['hang'], { env, timeoutMs: 100 }), null);
  });
});

test('only store/git.ts runs git on a checkout', async () => {
  const asking: string[] = [];
  for (const path of globSync('src/**/*.ts', { cwd: root })) {
    if (/'(rev-parse|--porcelain)'/.test(await readFile(join(root, path), 'utf8'))) asking.push(path);
  }
  assert.deepEqual(asking, [join('src', 'store', 'git.ts')]);
});
