/** Frameworks of every kind in one experiment, two at a time, in rehearsal: list and compare tell how each of them did. */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { parse, stringify } from 'yaml';
import { recipes } from '../../src/frameworks/index.ts';
import type { ComparedGroup } from '../../src/catalog/index.ts';
import type { ManifestEntry } from '../../src/schema/index.ts';
import { fakeChatDev } from '../frameworks/chatdev-experiment.ts';
import { fakeSetup, PYTHON } from '../frameworks/fake-setup.ts';
import { newCliDirectory } from '../cli/child.ts';
import { widthOf } from '../../src/terminal/index.ts';

const place = newCliDirectory();
after(() => place.remove());

const skip = PYTHON === null ? 'python3 is not on PATH' : false;

/** A program that says its version, and else does what `lines` say. */
function program(name: string, lines: string): string {
  const file = join(place.dir, name);
  writeFileSync(file, `#!/bin/sh\ncase "$1" in --version) echo "pi 1.2.3"; exit ;; esac\n${lines}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** What Spec Kit wants of its agent in each phase. */
const PHASES = `case "$(cat)" in
*"Now specify."*) d=specs/00$(($(ls specs 2>/dev/null | wc -l) + 1))-f; mkdir -p $d; echo "# Spec" > $d/spec.md; echo $d > .specify/d ;;
*"Now plan."*) echo "# Plan" > $(cat .specify/d)/plan.md ;;
*"Now tasks."*) echo "- [x] T001 write" > $(cat .specify/d)/tasks.md ;;
*"Now implement."*) echo made >> made.txt ;;
esac`;

function fakeSpecKit(): void {
  const recipe = recipes['ghspec']!;
  const specify = join(fakeSetup(place.dir, recipe, []), `${recipe.name}@${recipe.commit}`, 'env/bin/specify');
  const script = resolve(import.meta.dirname, '../frameworks/fake/specify.mjs');
  writeFileSync(specify, `#!/bin/sh\nexec '${process.execPath}' '${script}' "$@"\n`);
  chmodSync(specify, 0o755);
}

test('run all --jobs 2, list and compare work with frameworks of every kind', { skip }, async () => {
  cpSync(resolve(import.meta.dirname, '../../config'), join(place.dir, 'config'), { recursive: true });
  const agent = program('agent.sh', 'cat > /dev/null; echo x >> made.txt');
  const file = join(place.dir, 'config/experiment.yaml');
  const written = parse(readFileSync(file, 'utf8')) as { frameworks: Record<string, object> };
  const install_dir = fakeSetup(place.dir, recipes['baes']!, ['bae_noninteractive.py']);
  fakeChatDev(place.dir);
  fakeSpecKit();
  const made = { artifacts: 'changed' };
  const frameworks = {
    baseline: {},
    baes: { ...written.frameworks['baes'], enabled: true, install_dir, validation: { ...made, http: [] } },
    pi: { command: [agent], validation: { ...made, app: { command: ['no-service'], start_timeout_seconds: 1 } } },
    chatdev: { install_dir },
    ghspec: { install_dir, command: [program('phases.sh', PHASES)], validation: { ...made, http: [] } },
    tool: { adapter: 'command', command: ['sh', '-c', 'exit 3'] },
    spare: { adapter: 'command', command: ['true'], enabled: false },
  };
  const timeouts = { shutdown_grace_seconds: 1, health_check_interval_seconds: 1 };
  writeFileSync(file, stringify({ ...written, frameworks, timeouts, retries: { max_retries: 0 } }));

  const done = await place.stepwell(['run', 'all', '--jobs', '2', '--steps', '1,2']);
  assert.equal(done.code, 4, done.stderr);
  assert.match(done.stderr, /^Left out: spare /);
  // The table at the end is that of `compare`.
  const compared = await place.stepwell(['compare']);
  assert.ok(done.stdout.includes(compared.stdout.trimEnd()), done.stdout);
  for (const line of compared.stdout.split('\n').filter((text) => !/^[A-Z]/.test(text))) assert.ok(widthOf(line) <= 80, line);

  const list = (await place.stepwell(['list', '--json'])).stdout.trim().split('\n');
  const runs = list.map((line) => JSON.parse(line) as ManifestEntry);
  const byName = (entries: [string, unknown][]) => Object.fromEntries(entries);
  assert.deepEqual(byName(runs.map((run) => [run.framework, [run.status, run.steps_succeeded, run.rehearsal]])), {
    baseline: ['success', 2, true],
    baes: ['success', 2, true],
    pi: ['success', 2, true],
    chatdev: ['success', 2, true],
    ghspec: ['success', 2, true],
    tool: ['failed', 0, true],
  });
  const stoodOn = runs.filter(({ framework, run_id }) =>
    readFileSync(join(place.dir, 'runs', framework, run_id, 'logs/run.log'), 'utf8').includes('"event":"framework_setup"'),
  );
  assert.deepEqual(stoodOn.map(({ framework }) => framework).sort(), ['baes', 'chatdev', 'ghspec']);
  const groups = (await place.stepwell(['compare', '--json'])).stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as ComparedGroup);
  const figures = (name: string) => groups.find(({ framework }) => framework === name)!.figures;
  for (const { framework: name } of groups) {
    assert.equal(figures(name).steps_total?.median, 2, name);
    assert.ok((figures(name).duration_seconds?.median ?? 0) > 0, name);
  }
  assert.ok((figures('baseline').api_calls?.median ?? 0) >= 2);
  assert.ok((figures('baseline').tokens_in?.median ?? 0) > 1000);
  // Calls of a rehearsal have no price; none at all cost nothing.
  assert.deepEqual([figures('baseline').cost_usd, figures('pi').cost_usd?.median], [null, 0]);
  assert.equal(figures('pi').api_calls?.median, 0);
  assert.deepEqual([figures('baseline').crud_score?.median, figures('baseline').downtime_seconds?.median], [1, 0]);
  assert.equal(figures('chatdev').crud_score?.median, 1);
  assert.ok((figures('chatdev').api_calls?.median ?? 0) >= 2);
  // Its service never started: each check of it has failed. BAEs was asked nothing, which is not 0.
  assert.equal(figures('pi').crud_score?.median, 0);
  assert.equal(figures('baes').crud_score, null);
  assert.equal(new Set(groups.map(({ checks }) => checks.join())).size, 3);

  const markdown = (await place.stepwell(['compare', '--markdown'])).stdout.split('\n');
  assert.match(markdown[0]!, /^\| +\| baes \| baseline \| chatdev \| ghspec \| pi \| tool \|$/);
  for (const row of [
    'succeeded',
    'steps done',
    'calls',
    'tokens in',
    'tokens out',
    'cost',
    'duration',
    'downtime',
    'CRUD score',
    'checks',
  ])
    assert.ok(
      markdown.some((line) => line.startsWith(`| ${row} |`) && line.split('|').length === 9),
      row,
    );
  assert.ok(markdown.some((line) => line.startsWith('Measured by different checks')));
});
