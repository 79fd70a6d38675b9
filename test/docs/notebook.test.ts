/** docs/notebook.md leads from an empty folder to the table that it shows. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { blocksOf } from './blocks.ts';
import { root } from '../checkout.ts';
import { cloneCheckout, type Clone } from './clone.ts';
import { runShell } from './shell.ts';

const blocks = blocksOf(readFileSync(join(root, 'docs/notebook.md'), 'utf8'));

/** A model server that answers every chat request alike and counts 100 tokens in and 20 out. */
const model = createServer((request, response) => {
  request.resume().on('end', () => {
    const authorized = request.headers.authorization === 'Bearer my-own-key';
    response.writeHead(authorized ? 200 : 401, { 'content-type': 'application/json' }).end(
      JSON.stringify({
        object: 'chat.completion',
        model: 'my-model',
        choices: [{ index: 0, message: { role: 'assistant', content: 'Stone by stone, downward' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 100, completion_tokens: 20, total_tokens: 120 },
      }),
    );
  });
});

let clone: Clone;
let folder: string;

before(async () => {
  clone = cloneCheckout();
  folder = mkdtempSync(join(tmpdir(), 'stepwell-notebook-'));
  await once(model.listen(0, '127.0.0.1'), 'listening');
});
after(() => {
  model.closeAllConnections();
  model.close();
  clone[Symbol.dispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** Why the page cannot be executed here, or null. */
function reasonToSkip(): string | null {
  const python = spawnSync('python3', ['-c', 'import ensurepip, venv'], { encoding: 'utf8' });
  return python.status === 0 ? null : 'python3 has no venv (Debian: python3-venv)';
}

/** What pip prints when it reaches no package index, which is not a mistake of the page. */
const NO_INDEX = /NewConnectionError|Temporary failure in name resolution|ConnectTimeout|Network is unreachable|ProxyError/;

/** The rows of the tables that DuckDB drew, without borders and types, which differ from version to version. */
const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('│') && !/\b(?:u?int\d+|varchar|double)\b/.test(line))
    .map((line) => line.split('│').map((cell) => cell.trim()));

test('docs/notebook.md leads from an empty folder to the table that it shows', async (t) => {
  const reason = reasonToSkip();
  if (reason !== null) return t.skip(reason);
  const env = {
    ...clone.env,
    PATH: [join(clone.dir, 'node_modules/.bin'), clone.env['PATH']].join(delimiter),
    MODEL_URL: `http://127.0.0.1:${(model.address() as AddressInfo).port}/v1`,
    MODEL_KEY: 'my-own-key',
  };
  let printed = '';
  for (const { language, line, text } of blocks) {
    if (language !== 'sh') continue;
    const { status, output } = await runShell(text, { cwd: folder, env });
    if (status !== 0 && NO_INDEX.test(output)) return t.skip('pip reaches no package index');
    assert.equal(status, 0, `docs/notebook.md:${line} ended with ${status}:\n${output}`);
    printed = output;
  }
  const shown = blocks.findLast(({ language }) => language === 'text');
  assert.deepEqual(rowsOf(printed), rowsOf(shown?.text ?? ''));
  assert.equal(rowsOf(printed).length, 5);
});
