/** Several frameworks in one process, each with an endpoint and a key of its own: keys never cross, and no framework has one. */
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sendCompletion, startUpstreamStub, type UpstreamStub } from '../meter/upstream-stub.ts';
import { differences, recordsOf, createShellExperiment } from '../run/shell-experiment.ts';

const CALLER = fileURLToPath(new URL('../run/model-calling-framework.ts', import.meta.url));
const FRAMEWORKS = ['baes', 'chatdev', 'ghspec'] as const;
const ENV = {
  PATH: process.env['PATH'],
  OPENAI_API_KEY_BAES: 'baes-secret-key-1111',
  OPENAI_API_KEY_CHATDEV: 'chatdev-secret-key-2222',
  OPENAI_API_KEY_GHSPEC: 'ghspec-secret-key-3333',
  OPENAI_API_KEY_BAES_ID: 'key_baes00000001',
  OPENAI_API_KEY_CHATDEV_ID: 'key_chatdev00002',
  OPENAI_API_KEY_GHSPEC_ID: 'key_ghspec000003',
  OPEN_AI_KEY_ADM: 'the-admin-key-of-nobody',
};

/** A provider that lets only this key in. */
async function providerFor(key: string): Promise<UpstreamStub> {
  return await startUpstreamStub((response, { headers }) => {
    if (headers.authorization === `Bearer ${key}`) return sendCompletion(response);
    response.statusCode = 401;
    response.end(JSON.stringify({ error: { message: `wrong key: ${headers.authorization}` } }));
  });
}

test('runs of several frameworks at the same time reach their own provider with their own key', async () => {
  const keys = FRAMEWORKS.map((name) => ENV[`OPENAI_API_KEY_${name.toUpperCase() as 'BAES'}`]);
  await using stack = new AsyncDisposableStack();
  const providers = await Promise.all(keys.map(async (key) => stack.use(await providerFor(key))));
  // Whoever goes past the proxy meets this one.
  const elsewhere = stack.use(await startUpstreamStub((response) => void response.end()));
  const direct = `await fetch('${elsewhere.origin}/v1/models', { headers: { authorization: 'Bearer ' + process.env.OPENAI_API_KEY } });`;
  const leak = `require('node:fs').writeFileSync('env.json', JSON.stringify(process.env));`;
  const command = ['sh', '-c', `"$0" -e "${leak} (async () => { ${direct} })()" && exec "$0" "$1" 3`, process.execPath, CALLER];
  const experiment = stack.use(
    await createShellExperiment(
      {},
      {
        model: 'gpt-test',
        endpoint: {
          base_url: 'http://127.0.0.1:9/v1',
          api_key: '${NEVER_SET_KEY}',
          usage_api: { provider: 'openai', admin_key: '${OPEN_AI_KEY_ADM}' },
        },
        frameworks: Object.fromEntries(
          FRAMEWORKS.map((name, index) => {
            const variable = `OPENAI_API_KEY_${name.toUpperCase()}`;
            const usage_api = { provider: 'openai', api_key_id: `\${${variable}_ID}` };
            const endpoint = { base_url: `${providers[index]!.origin}/v1`, api_key: `\${${variable}}`, usage_api };
            return [name, { adapter: 'command', command, endpoint }];
          }),
        ),
        pricing: { models: { 'gpt-test': { input_price: 1, output_price: 2 } } },
        steps: 2,
      },
    ),
  );

  const runs = await experiment.run({ jobs: 2, rounds: 2, env: ENV });
  assert.deepEqual([runs.length, new Set(runs.map(({ status }) => status))], [6, new Set(['success'])]);
  for (const [index, provider] of providers.entries()) {
    assert.equal(provider.seen.length, 12, '2 rounds × 2 steps × 3 calls');
    assert.deepEqual([...new Set(provider.seen.map(({ headers }) => headers.authorization))], [`Bearer ${keys[index]}`]);
  }
  const dummies = new Set(elsewhere.seen.map(({ headers }) => headers.authorization));
  assert.equal(elsewhere.seen.length, 12);
  for (const dummy of dummies)
    for (const secret of Object.values(ENV)) assert.ok(secret === ENV.PATH || !dummy?.includes(secret!));

  const secrets = [...keys, ENV.OPEN_AI_KEY_ADM];
  for (const run of runs) {
    const records = await recordsOf(run.runDir);
    const start = records.find(({ event }) => event === 'run_start');
    assert.deepEqual(start?.metadata['usage_api'], {
      provider: 'openai',
      api_key_id: ENV[`OPENAI_API_KEY_${run.framework.toUpperCase() as 'BAES'}_ID`],
      project_id: null,
      workspace_id: null,
    });
    assert.equal(start?.metadata['replay_of'], null);
    const prices = records.filter(({ event }) => event === 'prices_loaded');
    assert.deepEqual(
      prices.map(({ metadata }) => metadata['overrides']),
      [['gpt-test']],
    );
    assert.equal(run.endpoint, `${providers[FRAMEWORKS.indexOf(run.framework as 'baes')]?.origin}/v1`);
    const environment = await readFile(join(run.runDir, 'workspace', 'env.json'), 'utf8');
    for (const text of [environment, ...(await textsBelow(run.runDir))]) {
      for (const secret of secrets) assert.ok(!text.includes(secret), `${secret} in the run of ${run.framework}`);
    }
    assert.deepEqual(await differences(run.runDir), []);
  }
});

async function textsBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return await Promise.all(files.map(async ({ parentPath, name }) => await readFile(join(parentPath, name), 'latin1')));
}

test('a rehearsal of frameworks with endpoints of their own needs none of their keys, and nothing bills it', async () => {
  await using experiment = await createShellExperiment(
    {},
    {
      model: 'gpt-test',
      frameworks: {
        baseline: {
          endpoint: {
            base_url: 'https://api.openai.com/v1',
            api_key: '${NEVER_SET_KEY}',
            usage_api: { api_key_id: '${NEVER_SET_ID}' },
          },
        },
      },
    },
  );
  const [run] = await experiment.run({ rehearse: true });
  const records = await recordsOf(run?.runDir ?? '');
  const start = records.find(({ event }) => event === 'run_start');
  assert.deepEqual([start?.metadata['rehearsal'], start?.metadata['usage_api']], [true, null]);
  assert.deepEqual(records.find(({ event }) => event === 'prices_loaded')?.metadata, {
    source: null,
    version: null,
    sha256: null,
    overrides: [],
  });
});
