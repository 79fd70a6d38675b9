/** From a framework's calls through the proxy to a verified run: what the provider was sent is what stands in the record. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { reconcileRuns } from '../../../src/reconcile/index.ts';
import type { RunMetrics } from '../../../src/schema/index.ts';
import { differences, createShellExperiment } from '../../run/shell-experiment.ts';
import { HOUR } from '../sealed-runs.ts';
import { startUsageServer } from '../usage-server/server.ts';

const CALLS = `
const base = process.env.OPENAI_BASE_URL;
for (let n = 1; n <= 3; n++) {
  const answer = await fetch(base + "/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", authorization: "Bearer " + process.env.OPENAI_API_KEY },
    body: JSON.stringify({ model: "gpt-x", messages: [{ role: "user", content: "call " + n }] }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}
await (await import("node:fs/promises")).writeFile("made-by-" + process.env.STEPWELL_STEP, "x");
`;

test('a metered run is verified by its provider’s usage', async () => {
  await using usage = await startUsageServer({ provider: 'openai' });
  let sent = 0;
  await using provider = await startProvider((tokens) => {
    sent += tokens;
    usage.record({ at: new Date(), model: 'gpt-x', apiKeyId: 'key_run', input: tokens, output: 7 });
  });
  await using experiment = await createShellExperiment(
    { shell: `${process.execPath} --input-type=module -e '${CALLS}'` },
    {
      steps: 2,
      model: 'gpt-x',
      endpoint: {
        base_url: provider.baseUrl,
        api_key: '${THE_API_KEY}',
        usage_api: { provider: 'openai', base_url: usage.baseUrl, admin_key: '${THE_ADMIN_KEY}', api_key_id: 'key_run' },
      },
    },
  );
  const env = { ...process.env, THE_API_KEY: 'sk-real-key-0123456789', THE_ADMIN_KEY: usage.adminKey };
  const [run] = await experiment.run({ env });
  assert.equal(run?.status, 'success');
  const began = Date.now();
  const states: string[] = [];
  for (const hours of [1, 2]) {
    const now = new Date(began + hours * HOUR);
    usage.setNow(now);
    const { results } = await reconcileRuns({ runsDir: experiment.runsDir, env, now: () => now });
    states.push(...results.map(({ state, reason }) => `${state}: ${reason}`));
    assert.deepEqual(await differences(run.runDir), []);
  }
  assert.match(states[0] ?? '', /^provisional/);
  assert.match(states[1] ?? '', /^verified: 2 equal readings/);
  const metrics = JSON.parse(await readFile(join(run.runDir, 'metrics.json'), 'utf8')) as RunMetrics;
  const { comparison } = metrics.usage_api_reconciliation!;
  assert.ok(sent > 0);
  assert.deepEqual(
    [metrics.aggregate_metrics.TOK_IN, comparison?.ledger.input_tokens, comparison?.provider.input_tokens],
    [sent, sent, sent],
  );
  assert.deepEqual([comparison?.ledger.api_calls, comparison?.provider.api_calls], [6, 6]);
  const log = await readFile(join(run.runDir, 'logs/reconciliation.log'), 'utf8');
  assert.equal(log.includes(usage.adminKey) || log.includes(env.THE_API_KEY), false);
});

/** Answers each call with a usage of its own. */
async function startProvider(book: (tokens: number) => void): Promise<AsyncDisposable & { readonly baseUrl: string }> {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      calls += 1;
      const tokens = 100 * calls;
      book(tokens);
      const usage = { prompt_tokens: tokens, completion_tokens: 7, total_tokens: tokens + 7 };
      const choices = [{ index: 0, message: { role: 'assistant', content: 'yes' }, finish_reason: 'stop' }];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ id: 'c', object: 'chat.completion', model: 'gpt-x', choices, usage }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
