/** What `run --dry-run` and `doctor` say of endpoints, of one and of several. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newCliDirectory } from './child.ts';

const place = newCliDirectory();
after(() => place.remove());

const CONFIG = `model: gpt-4o-mini
endpoint: { base_url: "https://api.openai.com/v1", api_key: "\${A_TEST_KEY}" }
frameworks:
  one: { adapter: command, command: ["true"] }
  two: { adapter: command, command: ["true"], endpoint: { base_url: "http://127.0.0.1:9/v1" } }
steps: [{ id: 1, name: first, prompt_file: prompt.txt }]
`;

test('the plan names one endpoint once, several with their frameworks, and tells that a key is set without showing it', async () => {
  await writeFile(join(place.dir, 'experiment.yaml'), CONFIG);
  await writeFile(join(place.dir, 'prompt.txt'), 'Prompt\n');
  const env = { A_TEST_KEY: 'the-key-of-this-test' };
  const file = ['--config', 'experiment.yaml'];

  const both = await place.stepwell(['run', 'all', '--dry-run', ...file], env);
  assert.match(both.stdout, /\nEndpoint of one: https:\/\/api\.openai\.com\/v1\nEndpoint of two: http:\/\/127\.0\.0\.1:9\/v1\n/);
  const single = await place.stepwell(['run', 'one', '--dry-run', ...file], env);
  assert.match(single.stdout, /\nEndpoint: https:\/\/api\.openai\.com\/v1\n/);
  const doctor = await place.stepwell(['doctor', ...file], env);
  assert.match(doctor.stdout, /one: model gpt-4o-mini at https:\/\/api\.openai\.com\/v1, key set/);
  assert.match(doctor.stdout, /two: model gpt-4o-mini at http:\/\/127\.0\.0\.1:9\/v1, no key configured/);
  // The other framework needs no key at all.
  const alone = await place.stepwell(['run', 'two', '--dry-run', ...file]);
  assert.equal(alone.code, 0, alone.stderr);
  for (const { stdout, stderr } of [both, single, doctor, alone]) assert.doesNotMatch(stdout + stderr, /the-key-of-this-test/);
});

const BILLED = `model: gpt-4o-mini
endpoint:
  base_url: https://api.openai.com/v1
  api_key: \${A_TEST_KEY}
  usage_api: { admin_key: "\${AN_ADMIN_KEY}", project_id: proj_1 }
frameworks:
  one: { adapter: command, command: ["true"], endpoint: { api_key: "\${A_TEST_KEY}", usage_api: { api_key_id: key_1 } } }
  two: { adapter: command, command: ["true"], endpoint: { api_key: "\${A_TEST_KEY}", usage_api: { api_key_id: key_2 } } }
steps: [{ id: 1, name: first, prompt_file: prompt.txt }]
`;

test('doctor names the provider to reconcile with, and a missing admin key is not a problem of the run', async () => {
  await writeFile(join(place.dir, 'billed.yaml'), BILLED);
  await writeFile(join(place.dir, 'prompt.txt'), 'Prompt\n');
  const env = { A_TEST_KEY: 'the-key-of-this-test', AN_ADMIN_KEY: '', OPENAI_ADMIN_KEY: '' };
  const file = ['doctor', '--config', 'billed.yaml'];

  const without = await place.stepwell(file, env);
  assert.equal(without.code, 0, without.stdout);
  assert.match(
    without.stdout,
    /^later {6}reconcile: The configuration takes usage_api\.admin_key from \$\{AN_ADMIN_KEY\}, which is not set\.\n {11}fix: Set it: export AN_ADMIN_KEY=…$/m,
  );
  const given = await place.stepwell(file, { ...env, AN_ADMIN_KEY: 'the-admin-key-of-this-test' });
  assert.match(given.stdout, /^ok {9}one: reconcile: openai, admin key set; figures of key_1, proj_1$/m);
  assert.match(given.stdout, /^ok {9}two: reconcile: openai, admin key set; figures of key_2, proj_1$/m);
  assert.doesNotMatch(given.stdout, /of-this-test/);

  await writeFile(join(place.dir, 'own.yaml'), CONFIG.replace('https://api.openai.com/v1', 'http://127.0.0.1:8/v1'));
  const own = await place.stepwell(['doctor', '--config', 'own.yaml'], env);
  assert.match(own.stdout, /^ok {9}reconcile: no provider usage API is configured/m);
  assert.doesNotMatch(
    (await place.stepwell(['doctor', '--config', 'own.yaml'], { ...env, STEPWELL_MODEL: 'rehearsal' })).stdout,
    /reconcile/,
  );
});
