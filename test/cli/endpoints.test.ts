/** What `run --dry-run` and `doctor` say of endpoints, of one and of several. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { newPlace } from './child.ts';

const place = newPlace();
after(() => place.remove());

const CONFIG = `model: gpt-4o-mini
endpoint: { base_url: "https://api.openai.com/v1", api_key: "\${A_TEST_KEY}" }
frameworks:
  one: { adapter: command, command: ["true"] }
  two: { adapter: command, command: ["true"], endpoint: { base_url: "http://127.0.0.1:9/v1" } }
steps: [{ id: 1, name: first, prompt_file: prompt.txt }]
`;

test('one endpoint is named once, several with their frameworks; a key is said to be set, and not shown', async () => {
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
