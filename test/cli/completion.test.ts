import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { writeRun } from '../catalog/fixtures.ts';
import { CLI, cleanEnv, newCliDirectory, type CliDirectory } from './child.ts';

describe('completion', () => {
  let place: CliDirectory;
  let env: NodeJS.ProcessEnv;
  before(() => {
    place = newCliDirectory();
    writeRun(join(place.dir, 'runs'), { runId: '20261122-141503-k3f9' });
    mkdirSync(join(place.dir, 'bin'));
    writeFileSync(join(place.dir, 'bin/stepwell'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`);
    chmodSync(join(place.dir, 'bin/stepwell'), 0o755);
    env = cleanEnv({ PATH: `${join(place.dir, 'bin')}:${process.env['PATH'] ?? ''}` });
  });
  after(() => place.remove());

  const inShell = (t: TestContext, shell: string, args: readonly string[]): string | null => {
    const done = spawnSync(shell, args, { cwd: place.dir, env, encoding: 'utf8' });
    if (done.error !== undefined) {
      t.skip(`${shell} is not installed`);
      return null;
    }
    assert.equal(done.stderr, '');
    assert.equal(done.status, 0);
    return done.stdout;
  };

  /** What bash would offer for a command line whose last word is being typed. */
  const inBash = (t: TestContext, ...words: string[]): string[] => {
    const script = `source <(stepwell completion bash)
      COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _stepwell; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return (
      inShell(t, 'bash', ['-c', script, 'bash', ...words])
        ?.trim()
        .split('\n') ?? []
    );
  };

  test('bash completes commands, options, fixed values and runs', (t) => {
    assert.deepEqual(inBash(t, 'stepwell', 'su'), ['summary']);
    assert.deepEqual(inBash(t, 'stepwell', 'logs', '--st'), ['--step']);
    assert.deepEqual(inBash(t, 'stepwell', 'summary', 'x', '--format', 'm'), ['markdown']);
    assert.deepEqual(inBash(t, 'stepwell', 'show', '2026'), ['20261122-141503-k3f9']);
    assert.deepEqual(inBash(t, 'stepwell', 'show', 'l'), ['latest']);
    assert.deepEqual(inBash(t, 'stepwell', 'completion', ''), ['bash', 'zsh', 'fish']);
    assert.deepEqual(inBash(t, 'stepwell', 'reconcile', ''), ['baseline', 'latest', '20261122-141503-k3f9']);
    assert.deepEqual(inBash(t, 'stepwell', 'reconcile', '--m'), ['--min-age', '--max-age']);
    assert.deepEqual(inBash(t, 'stepwell', 'reconcile', '--min-age', ''), [''], 'no run is a number');
    assert.deepEqual(inBash(t, 'stepwell', 'run', '--replay', '2026'), ['20261122-141503-k3f9']);
  });

  test('zsh loads its script and defines the function', (t) => {
    const script = 'autoload -Uz compinit && compinit -u -D; source <(stepwell completion zsh); whence -w _stepwell';
    const out = inShell(t, 'zsh', ['-f', '-c', script]);
    if (out !== null) assert.match(out, /_stepwell: function/);
  });

  test('fish loads its script and completes commands and runs', (t) => {
    const script = 'stepwell completion fish | source; complete -C "stepwell su"; complete -C "stepwell show 2026"';
    const out = inShell(t, 'fish', ['--no-config', '-c', script]);
    if (out !== null) assert.match(out, /summary[^]*20261122-141503-k3f9/);
    const further =
      'stepwell completion fish | source; complete -C "stepwell reconcile b"; complete -C "stepwell run --replay 2026"; complete -C "stepwell reconcile --f"';
    const more = inShell(t, 'fish', ['--no-config', '-c', further]);
    if (more !== null) assert.match(more, /^baseline\n20261122-141503-k3f9\t[^]*\n--force\t/);
  });
});
