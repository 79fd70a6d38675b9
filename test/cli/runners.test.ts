import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanEnv, newCliDirectory } from './child.ts';
import { writeExperiment } from './experiment.ts';

const runner = (name: string): string => fileURLToPath(new URL(`../../runners/${name}`, import.meta.url));

test('run_experiment.sh without arguments prints its usage and exits 2', () => {
  const done = spawnSync(runner('run_experiment.sh'), { env: cleanEnv(), encoding: 'utf8' });
  assert.equal(done.status, 2);
  assert.match(done.stderr, /^usage: .*\nexample: .* baseline 1\nfix: /);
});

test('reconcile_usage.sh accepts the original’s command line, and finds the clone’s runs from any directory', () => {
  const place = newCliDirectory();
  try {
    const reconcile = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
      spawnSync(runner('reconcile_usage.sh'), args, { cwd: place.dir, env: cleanEnv(), encoding: 'utf8' });
    for (const flag of ['--help', '-h']) {
      const help = reconcile(flag);
      assert.equal(help.status, 0, help.stderr);
      for (const option of ['--min-age', '--max-age', '--force', '--list', '--verbose'])
        assert.ok(help.stdout.includes(option), option);
    }
    const runs = fileURLToPath(new URL('../../runs', import.meta.url));
    assert.equal(reconcile('--list', '--no-such-option').status, 2);
    const elsewhere = reconcile('no-such-framework', 'latest', '--min-age', '30', '--max-age', '24', '--force');
    assert.equal(elsewhere.status, 2);
    assert.match(elsewhere.stderr, /There are no runs of "no-such-framework"/);
    assert.ok(elsewhere.stderr.includes(runs), elsewhere.stderr);

    mkdirSync(join(place.dir, 'runs'));
    const here = reconcile('--list', '--verbose');
    assert.deepEqual([here.status, here.stdout], [0, 'There is nothing to reconcile: there are no runs in runs.\n']);
    const named = reconcile('--list', '--runs-dir', 'others');
    assert.match(named.stdout, /no runs in others\.$/m);
  } finally {
    place.remove();
  }
});

test('run_experiment.sh passes every argument on, from any directory, to the clone’s own experiment', () => {
  const place = newCliDirectory();
  try {
    const args = ['baseline', '2', '--steps', '1,3', '--dry-run'];
    const done = spawnSync(runner('run_experiment.sh'), args, { cwd: place.dir, env: cleanEnv(), encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /Runs: 2 \(baseline × 2\)/);
    assert.match(done.stdout, /Steps: 2\n/);
    const frameworks = fileURLToPath(new URL('../../frameworks', import.meta.url));
    // Where somebody has set it up, it would really run.
    if (existsSync(frameworks)) return;
    const env = cleanEnv();
    const missing = spawnSync(runner('run_experiment.sh'), ['baes', '1'], { cwd: place.dir, env, encoding: 'utf8' });
    assert.deepEqual([missing.status, missing.stdout], [2, '']);
    assert.match(missing.stderr, /error\[CHECKS_FAILED\]: .*baes: not set up: .*\nfix: Type `npx stepwell setup baes`\.\n$/);
    assert.ok(missing.stderr.includes(`${frameworks}/baes@`), missing.stderr);
  } finally {
    place.remove();
  }
});

test('run_experiment.sh runs the experiment of the current directory where it has one, and --config is relative to it', () => {
  const place = newCliDirectory();
  try {
    writeExperiment(place.dir, 'true');
    const planned = (...args: string[]): string => {
      const done = spawnSync(runner('run_experiment.sh'), [...args, '--dry-run'], {
        cwd: place.dir,
        env: cleanEnv(),
        encoding: 'utf8',
      });
      assert.equal(done.status, 0, done.stderr);
      return done.stdout;
    };
    assert.match(planned('tool'), /^Configuration: config\/experiment\.yaml\n[^]*Records: runs\//);
    renameSync(join(place.dir, 'config'), join(place.dir, 'other'));
    assert.match(
      planned('tool', '--config', 'other/experiment.yaml'),
      /^Configuration: other\/experiment\.yaml\n[^]*Records: runs\//,
    );
    assert.match(planned('baseline'), /Records: \/.*\/runs\//, 'else the clone’s own, named in full');
  } finally {
    place.remove();
  }
});
