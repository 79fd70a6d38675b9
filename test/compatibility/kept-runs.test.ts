/**
 * Run directories that earlier versions left, one folder a format version. Every later version must find, read, verify and
 * summarize them, and finish the one whose process was killed. They are never written again: a format that grows gets a
 * folder of its own beside them.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { CLI, cleanEnv, finished, type Finished } from '../cli/child.ts';

const KEPT = join(import.meta.dirname, 'format-1.2');
const SEALED = [
  'baseline/20261201-123926-gbxw',
  'baseline/20261201-123927-dnlp',
  'caller/20261201-123934-q5mn',
  'crashed/20261201-123933-6qyl',
  'failing/20261201-123928-qvl2',
  'interrupted/20261201-123932-pk8i',
  'slow/20261201-123929-6ait',
];
const KILLED = 'crashed/20261201-123933-6qyl';

const here = mkdtempSync(join(tmpdir(), 'stepwell-kept-'));
after(() => rmSync(here, { recursive: true, force: true }));

async function stepwell(...args: string[]): Promise<Finished> {
  return await finished(
    spawn(process.execPath, [CLI, ...args], { cwd: here, env: cleanEnv(), stdio: ['ignore', 'pipe', 'pipe'] }),
  );
}

/** Each value that was known stays; a later version may only know more. */
function assertKept(found: unknown, kept: unknown, path: string): void {
  if (Array.isArray(kept)) {
    assert.ok(Array.isArray(found), path);
    assert.equal(found.length, kept.length, path);
    kept.forEach((item, index) => assertKept(found[index], item, `${path}[${index}]`));
  } else if (typeof kept === 'object' && kept !== null) {
    assert.ok(typeof found === 'object' && found !== null, path);
    for (const [name, value] of Object.entries(kept)) {
      if (name !== 'format_version') assertKept((found as Record<string, unknown>)[name], value, `${path}.${name}`);
    }
  } else {
    assert.equal(found, kept, path);
  }
}

function sumsBelow(dir: string): Record<string, string> {
  const files = globSync('**/*', { cwd: dir }).filter((name) => statSync(join(dir, name)).isFile());
  return Object.fromEntries(
    files.sort().map((name) => [
      name,
      createHash('sha256')
        .update(readFileSync(join(dir, name)))
        .digest('hex'),
    ]),
  );
}

const before = sumsBelow(KEPT);

test('the kept runs are listed, newest first', async () => {
  const { code, stdout, stderr } = await stepwell('list', '--json', '--runs-dir', join(KEPT, 'runs'));
  assert.deepEqual([code, stderr], [0, '']);
  const listed = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { framework: string; run_id: string });
  assert.deepEqual(
    listed.map(({ framework, run_id }) => `${framework}/${run_id}`),
    SEALED.toSorted((a, b) => basename(b).localeCompare(basename(a))),
  );
});

for (const run of SEALED) {
  const dir = join(KEPT, 'runs', run);
  const expected = join(KEPT, 'expected', `${run.replace('/', '.')}.json`);

  test(`${run} verifies, in its directory and as an archive alone`, async () => {
    for (const place of [dir, join(dir, 'run.tar.gz')]) {
      const { code, stdout, stderr } = await stepwell('verify', place, '--json');
      assert.deepEqual([code, (JSON.parse(stdout) as { items: unknown[] }).items], [0, []], `${place}\n${stdout}${stderr}`);
    }
  });

  test(`${run} has the summary that it was sealed with`, async () => {
    const text = await stepwell('summary', dir);
    // The next command is printed as it can be typed here; `verify` compares the file itself.
    const asSealed = text.stdout.replace(/^Next: .*stepwell(?:\.js'?)? logs /m, 'Next: npx stepwell logs ');
    assert.equal(asSealed, readFileSync(join(dir, 'logs_summary.txt'), 'utf8'));
    const json = await stepwell('summary', dir, '--format', 'json');
    assertKept(JSON.parse(json.stdout), JSON.parse(readFileSync(expected, 'utf8')), run);
    const markdown = await stepwell('summary', dir, '--format', 'markdown');
    assert.ok(markdown.code === 0 && markdown.stdout.includes(basename(run)), markdown.stderr);
  });

  test(`every record of ${run} can be read, and the run can be shown`, async () => {
    const logs = globSync('logs/**/*.log', { cwd: dir }).filter((name) => !name.endsWith('reconciliation.log'));
    const lines = logs.reduce((sum, name) => sum + readFileSync(join(dir, name), 'utf8').split('\n').length - 1, 0);
    // What was logged after the seal is in the directory alone.
    const { log_lines: sealed } = JSON.parse(readFileSync(expected, 'utf8')) as { log_lines: number };
    for (const [place, count] of [
      [dir, lines],
      [join(dir, 'run.tar.gz'), sealed],
    ] as const) {
      const { code, stdout, stderr } = await stepwell('logs', place, '--json');
      assert.equal(code, 0, stderr);
      const records = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { component: string });
      assert.equal(records.filter(({ component }) => component !== 'reconciliation').length, count, place);
      assert.equal((await stepwell('show', place)).code, 0);
    }
  });
}

test('a recorded run of the kept ones is replayed', async () => {
  const recorded = join(KEPT, 'runs', SEALED[0] ?? '');
  cpSync(join(import.meta.dirname, '../../config'), join(here, 'config'), { recursive: true });
  const { code, stderr } = await stepwell('run', 'baseline', '--replay', recorded, '--steps', '1,2', '--runs-dir', 'replayed');
  assert.equal(code, 0, stderr);
});

test('the run whose process was killed is folded as it lies, and recovered', async () => {
  const left = join(KEPT, 'killed', KILLED);
  const summary = await stepwell('summary', left);
  assert.equal(summary.stdout, readFileSync(join(KEPT, 'expected', `killed.${KILLED.replace('/', '.')}.txt`), 'utf8'));
  const json = await stepwell('summary', left, '--format', 'json');
  const expected = readFileSync(join(KEPT, 'expected', `killed.${KILLED.replace('/', '.')}.json`), 'utf8');
  assertKept(JSON.parse(json.stdout), JSON.parse(expected), KILLED);

  const copy = join(here, 'killed', KILLED);
  cpSync(left, copy, { recursive: true });
  // Its host is another one, so its process cannot be looked for.
  const refused = await stepwell('recover', copy);
  assert.equal(refused.code, 2, refused.stdout);
  const recovered = await stepwell('recover', copy, '--force');
  assert.equal(recovered.code, 0, recovered.stderr);
  assert.ok(existsSync(join(copy, 'run.tar.gz')));
  assert.equal((await stepwell('verify', copy)).code, 0);
  assert.equal(dirname(copy), join(here, 'killed/crashed'));
});

test('reading has changed nothing', () => {
  assert.deepEqual(sumsBelow(KEPT), before);
});
