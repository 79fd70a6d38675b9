import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { LogSummarizer } from '../../src/summary/index.ts';
import { CASES } from './cases.ts';
import { Recording, RUN_ID } from './recording.ts';

const root = mkdtempSync(join(tmpdir(), 'stepwell-summarizer-'));
after(() => rmSync(root, { recursive: true, force: true }));

function runDir(name: string, recording: Recording, others: Record<string, string> = {}): string {
  recording.write(join(root, name), others);
  return join(root, name);
}

test('writes what it generated, as a whole, and returns the path', async () => {
  const dir = runDir('ok', new Recording().start(1).goodStep(1, 1).end());
  const summarizer = new LogSummarizer(RUN_ID, 'baseline', dir);
  const text = await summarizer.generateSummary();
  const path = await summarizer.writeSummary(text);
  assert.equal(path, join(dir, 'logs_summary.txt'));
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.deepEqual(readdirSync(dir).sort(), ['logs', 'logs_summary.txt']);
  assert.equal(await summarizer.generateSummary(), text);
});

test('prints the archive once metadata.json names it, and leaves out what was logged after sealing', async () => {
  const make = CASES['ok'];
  assert.ok(make);
  const { recording, others } = make();
  const dir = runDir('sealed', recording, { ...others });
  const sealed = Object.fromEntries([...recording.files.keys()].map((path) => [path, readFileSync(join(dir, path)).length]));
  const metadata = JSON.parse(others?.['metadata.json'] ?? '{}') as Record<string, unknown>;
  writeFileSync(join(dir, 'metadata.json'), JSON.stringify({ ...metadata, sealed: { files: sealed, logged_after: [] } }));
  const summarizer = new LogSummarizer(RUN_ID, 'baseline', dir);
  const before = await summarizer.generateSummary();
  assert.match(before, /^Archive: run\.tar\.gz$/m);
  recording.record('orchestrator', 'log', 'after sealing', {}, { level: 'error' });
  recording.write(dir, { 'metadata.json': readFileSync(join(dir, 'metadata.json'), 'utf8') });
  assert.equal(await summarizer.generateSummary(), before);
});

test('logs of another run are rejected with the names of both runs', async () => {
  const dir = runDir('other', new Recording('baseline', '20261122-000000-aaaa').start(1));
  await assert.rejects(new LogSummarizer(RUN_ID, 'baseline', dir).generateSummary(), (error: Error & { code?: string }) => {
    assert.equal(error.code, 'SUMMARY_OF_OTHER_RUN');
    assert.match(error.message, /20261122-000000-aaaa/);
    return true;
  });
  await assert.rejects(new LogSummarizer('20261122-000000-aaaa', 'mytool', dir).generateSummary(), {
    code: 'SUMMARY_OF_OTHER_RUN',
  });
});

test('a run directory without a single record has a summary too', async () => {
  const dir = runDir('empty', new Recording(), { 'config.yaml': 'model: x\n' });
  const text = await new LogSummarizer(RUN_ID, 'baseline', dir).generateSummary();
  assert.match(text, new RegExp(`^Run ID: ${RUN_ID}$`, 'm'));
  assert.match(text, /^Total Tokens: unknown$/m);
});

test('invalid JSON in metadata.json is reported, not ignored', async () => {
  const dir = runDir('broken', new Recording().start(1), { 'metadata.json': '{"archive":' });
  await assert.rejects(new LogSummarizer(RUN_ID, 'baseline', dir).generateSummary(), { code: 'METADATA_UNREADABLE' });
});
