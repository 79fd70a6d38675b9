import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { cleanEnv, newPlace } from './child.ts';
import { writeExperiment } from './experiment.ts';

const runner = (name: string): string => fileURLToPath(new URL(`../../runners/${name}`, import.meta.url));

test('run_experiment.sh without arguments says how it is used and exits 2', () => {
  const done = spawnSync(runner('run_experiment.sh'), { env: cleanEnv(), encoding: 'utf8' });
  assert.equal(done.status, 2);
  assert.match(done.stderr, /^usage: .*\nexample: .* baseline 1\nfix: /);
});

test('reconcile_usage.sh says that it is not there yet and exits 2', () => {
  const done = spawnSync(runner('reconcile_usage.sh'), ['baseline'], { env: cleanEnv(), encoding: 'utf8' });
  assert.equal(done.status, 2);
  assert.match(done.stderr, /^error: .*not part of this version.*\nfix: /);
});

test('run_experiment.sh passes every argument on, from any directory, to the clone’s own experiment', () => {
  const place = newPlace();
  try {
    const args = ['baseline', '2', '--steps', '1,3', '--dry-run'];
    const done = spawnSync(runner('run_experiment.sh'), args, { cwd: place.dir, env: cleanEnv(), encoding: 'utf8' });
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /Runs: 2 \(baseline × 2\)/);
    assert.match(done.stdout, /Steps: 2\n/);
  } finally {
    place.remove();
  }
});

test('run_experiment.sh runs the experiment of the current directory where it has one, and --config is relative to it', () => {
  const place = newPlace();
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
