import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createParser } from 'eventsource-parser';
import { startRehearsal, type Rehearsal } from '../../src/rehearsal/index.ts';

const RULES = join(import.meta.dirname, '../../config/rehearsal');
const TASK_1 = { model: 'some-model', messages: [{ role: 'user', content: 'Task 1 of 6: student records' }] };
const UNKNOWN = { model: 'm', messages: [{ role: 'user', content: 'Write a poem' }] };

function post(rehearsal: Rehearsal, body: unknown): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${rehearsal.baseUrl}/chat/completions`, { method: 'POST', body: text });
}

async function streamed(response: Response): Promise<any[]> {
  const events: string[] = [];
  createParser({ onEvent: ({ data }) => events.push(data) }).feed(await response.text());
  assert.equal(events.pop(), '[DONE]');
  return events.map((data) => JSON.parse(data));
}

test('a response names the rehearsal as its model and is reproducible byte for byte', async () => {
  await using rehearsal = await startRehearsal({ rulesDir: RULES, strict: true });
  const first = await (await post(rehearsal, TASK_1)).text();
  assert.equal(await (await post(rehearsal, TASK_1)).text(), first);
  const answer = JSON.parse(first);
  assert.equal(answer.model, 'rehearsal');
  assert.match(answer.choices[0].message.content, /=== file: start\.sh \(executable\) ===/);
  assert.equal(answer.usage.prompt_tokens, 4 + 28 / 4);
  assert.equal(answer.usage.completion_tokens, Math.ceil(Buffer.byteLength(answer.choices[0].message.content) / 4));
  assert.equal(answer.usage.prompt_tokens_details.cached_tokens, 0);
});

test('a streamed response has the same text, and usage if requested', async () => {
  await using rehearsal = await startRehearsal({ rulesDir: RULES, strict: true });
  const whole = (await (await post(rehearsal, TASK_1)).json()) as any;
  const plain = await streamed(await post(rehearsal, { ...TASK_1, stream: true }));
  assert.equal(plain.map((chunk) => chunk.choices[0].delta.content ?? '').join(''), whole.choices[0].message.content);
  assert.equal(plain.at(-1).choices[0].finish_reason, 'stop');
  assert.ok(plain.every((chunk) => !('usage' in chunk)));
  const counted = await streamed(await post(rehearsal, { ...TASK_1, stream: true, stream_options: { include_usage: true } }));
  assert.deepEqual(counted.at(-1).choices, []);
  assert.deepEqual(counted.at(-1).usage, whole.usage);
  assert.equal(counted.length, plain.length + 1);
});

test('messages before the last reply count as cache reads, from 1,024 tokens in steps of 128', async () => {
  await using rehearsal = await startRehearsal({ rulesDir: RULES, strict: false });
  const cached = async (characters: number): Promise<number> => {
    const messages = [
      { role: 'user', content: 'x'.repeat(characters) },
      { role: 'assistant', content: 'y' },
      { role: 'user', content: 'z' },
    ];
    return ((await (await post(rehearsal, { model: 'm', messages })).json()) as any).usage.prompt_tokens_details.cached_tokens;
  };
  assert.equal(await cached(4 * 1019), 0);
  assert.equal(await cached(4 * 1020), 1024);
  assert.equal(await cached(4 * 1300), 1280);
});

test('in strict mode, an unknown prompt is an error that shows the prompt and the rules', async () => {
  await using rehearsal = await startRehearsal({ rulesDir: RULES, strict: true });
  const response = await post(rehearsal, UNKNOWN);
  assert.equal(response.status, 422);
  const { error } = (await response.json()) as any;
  assert.equal(error.code, 'rehearsal_no_rule');
  assert.match(error.message, /"Write a poem".*create-student, add-email/);
  await using lenient = await startRehearsal({ rulesDir: RULES, strict: false });
  assert.match(((await (await post(lenient, UNKNOWN)).json()) as any).choices[0].message.content, /^This is a rehearsal/);
});

test('invalid requests and unknown paths get errors in the format of the wire', async () => {
  await using rehearsal = await startRehearsal({ rulesDir: RULES, strict: true });
  for (const body of [
    '{',
    '[]',
    { model: 'm' },
    { model: 'm', messages: [] },
    { model: 'm', messages: [{ role: 'user', content: 3 }] },
  ]) {
    const response = await post(rehearsal, body);
    assert.equal(response.status, 400, JSON.stringify(body));
    assert.match(((await response.json()) as any).error.message, /cannot read this request/);
  }
  assert.equal((await fetch(`${rehearsal.baseUrl}/embeddings`, { method: 'POST', body: '{}' })).status, 404);
  const legacy = await fetch(`${rehearsal.baseUrl}/complete`, { method: 'POST', body: '{}' });
  const { type, error } = (await legacy.json()) as any;
  assert.deepEqual([legacy.status, type, error.type], [404, 'error', 'not_found_error']);
  assert.match(error.message, /^The rehearsal answers POST .*, not POST \/v1\/complete\.$/);
  const models = (await (await fetch(`${rehearsal.baseUrl}/models`)).json()) as any;
  assert.deepEqual(
    models.data.map(({ id }: { id: string }) => id),
    ['rehearsal'],
  );
});

test('content in parts is read as text', async () => {
  await using rehearsal = await startRehearsal({ rulesDir: RULES, strict: true });
  const content = [{ type: 'text', text: 'Task 1 of 6: student records' }];
  assert.equal((await post(rehearsal, { model: 'm', messages: [{ role: 'user', content }] })).status, 200);
});
