/**
 * Recorded runs × golden outputs. After a wanted change: `STEPWELL_UPDATE_GOLDENS=1 node --test test/summary/golden.test.ts`,
 * then read the difference before it is committed.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { RunMetrics, RunSummary } from '../../src/schema/index.ts';
import { openRunDirectory } from '../../src/store/index.ts';
import {
  computeMetrics,
  foldRecords,
  foldRun,
  LogSummarizer,
  renderJson,
  renderMarkdown,
  renderText,
} from '../../src/summary/index.ts';
import { fileWidthOf } from '../../src/terminal/wrap.ts';
import { CASES, longRun } from './cases.ts';
import { GOLDEN, INPUT } from './generate.ts';

const UPDATE = process.env['STEPWELL_UPDATE_GOLDENS'] === '1';
const made = mkdtempSync(join(tmpdir(), 'stepwell-summary-'));
after(() => rmSync(made, { recursive: true, force: true }));

function assertGolden(name: string, actual: string): void {
  const path = join(GOLDEN, name);
  if (UPDATE) writeFileSync(path, actual);
  assert.equal(actual, existsSync(path) ? readFileSync(path, 'utf8') : '(there is no golden of that name)');
}

/** What holds for every text, however the run went. */
function checkText(text: string): void {
  for (const line of text.split('\n'))
    assert.ok(fileWidthOf(line) <= 80, `${fileWidthOf(line)} columns: ${JSON.stringify(line)}`);
  assert.ok(Buffer.byteLength(text) <= 10_240, `${Buffer.byteLength(text)} bytes`);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(text, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e]/);
  assert.ok(text.endsWith('\n') && !text.endsWith('\n\n'));
  assert.doesNotMatch(text, /[^\S\n]\n/);
}

describe('recorded runs', () => {
  for (const name of readdirSync(INPUT)) {
    test(name, async () => {
      const dir = join(INPUT, name);
      await using source = await openRunDirectory(dir);
      const summary = await foldRun(source);
      const metrics = computeMetrics(summary);
      assert.deepEqual(RunSummary.parse(JSON.parse(JSON.stringify(summary))), summary);
      assert.deepEqual(RunMetrics.parse(JSON.parse(JSON.stringify(metrics))), metrics);
      const text = await new LogSummarizer(summary.run_id ?? '', summary.framework ?? '', dir).generateSummary();
      checkText(text);
      assertGolden(`${name}.txt`, text);
      assertGolden(`${name}.md`, renderMarkdown(summary, null));
      assertGolden(`${name}.json`, renderJson(summary, null));
      assertGolden(`${name}.metrics.json`, `${JSON.stringify(metrics, null, 2)}\n`);
    });
  }

  test('the inputs are what the generator writes', () => {
    for (const [name, make] of Object.entries(CASES)) {
      const { recording, others } = make();
      recording.write(join(made, name), others);
      assert.deepEqual(treeOf(join(made, name)), treeOf(join(INPUT, name)), name);
    }
  });

  test('500 steps', async () => {
    const summary = await foldRecords(longRun(500).items());
    const text = renderText(summary, null);
    checkText(text);
    assertGolden('500-steps.txt', text);
    assertGolden('500-steps.md', renderMarkdown(summary, null));
  });

  test('a run of 5,000 steps still fits', async () => {
    checkText(renderText(await foldRecords(longRun(5000).items()), null));
  });

  test('no logs at all', async () => {
    const summary = await foldRecords([]);
    assert.equal(summary.status, 'running');
    assert.equal(summary.usage.tokens_in, null);
    const text = renderText(summary, null);
    checkText(text);
    assertGolden('empty.txt', text);
  });
});

function treeOf(dir: string): Record<string, string> {
  const paths = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    paths
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path): [string, string] => [path.slice(dir.length), readFileSync(path, 'utf8')])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
