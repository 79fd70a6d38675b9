import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startRehearsal, type Rehearsal } from '../../src/rehearsal/index.ts';
import { shellCall } from '../../src/rehearsal/shell-call.ts';

const RULES = `
rules:
  - { name: done, when: { tool: ["made.txt"] }, answer: "It is made." }
  - { name: failed, when: { assistant: ["made.txt"] }, answer: "It could not be made." }
  - { name: make, when: { user: [Make] }, answer: "a 'quoted' é", shell: "echo {answer} > made.txt; ls" }
  - { name: talk, when: { user: [Make] }, answer: "There is no tool to make it with." }
`;
const COMMAND = String.raw`echo 'a '\''quoted'\'' é' > made.txt; ls`;
const SCHEMA = { type: 'object' as const, properties: { command: { type: 'string' } }, required: ['command'] };
const ASK = 'Make it.';
/** Results of a three-request dialog: command, usage of the first response, final text after success and after failure. */
type Dialogue = { command: unknown; usage: number[]; done: string | null; failed: string | null };

async function started(t: TestContext): Promise<Rehearsal> {
  const rulesDir = mkdtempSync(join(tmpdir(), 'stepwell-rules-'));
  t.after(() => rmSync(rulesDir, { recursive: true, force: true }));
  writeFileSync(join(rulesDir, 'rules.yaml'), RULES);
  const rehearsal = await startRehearsal({ rulesDir, strict: true });
  t.after(() => rehearsal.close());
  return rehearsal;
}

async function overChat(baseURL: string, stream: boolean): Promise<Dialogue> {
  const client = new OpenAI({ baseURL, apiKey: 'k' });
  const tools = [{ type: 'function' as const, function: { name: 'bash', parameters: SCHEMA } }];
  const ask = async (messages: OpenAI.ChatCompletionMessageParam[]) => {
    const body = { model: 'm', messages, tools };
    if (!stream) return await client.chat.completions.create(body);
    const streaming = client.chat.completions.stream({ ...body, stream_options: { include_usage: true } });
    return await streaming.finalChatCompletion();
  };
  const user = { role: 'user' as const, content: ASK };
  const first = await ask([user]);
  const message = first.choices[0]!.message;
  const call = message.tool_calls![0]!;
  assert.ok(call.type === 'function' && call.function.name === 'bash' && first.choices[0]!.finish_reason === 'tool_calls');
  const after = async (content: string) => {
    const last = await ask([user, message, { role: 'tool', tool_call_id: call.id, content }]);
    return last.choices[0]!.message.content;
  };
  const { prompt_tokens, completion_tokens } = first.usage!;
  return {
    command: JSON.parse(call.function.arguments),
    usage: [prompt_tokens, completion_tokens],
    done: await after('made.txt'),
    failed: await after('no space'),
  };
}

async function overResponses(baseURL: string, stream: boolean): Promise<Dialogue> {
  const client = new OpenAI({ baseURL, apiKey: 'k' });
  const tools = [{ type: 'function' as const, name: 'bash', parameters: SCHEMA, strict: false }];
  const ask = async (input: OpenAI.Responses.ResponseInput) => {
    const body = { model: 'm', input, tools };
    return stream ? await client.responses.stream(body).finalResponse() : await client.responses.create(body);
  };
  const user = { role: 'user' as const, content: [{ type: 'input_text' as const, text: ASK }] };
  const first = await ask([user]);
  const call = first.output[0]!;
  assert.ok(call.type === 'function_call' && call.name === 'bash');
  const after = async (output: string) =>
    (await ask([user, call, { type: 'function_call_output', call_id: call.call_id, output }])).output_text;
  const { input_tokens, output_tokens } = first.usage!;
  return {
    command: JSON.parse(call.arguments),
    usage: [input_tokens, output_tokens],
    done: await after('made.txt'),
    failed: await after('no space'),
  };
}

async function overMessages(baseURL: string, stream: boolean): Promise<Dialogue> {
  const client = new Anthropic({ baseURL: baseURL.replace(/\/v1$/, ''), apiKey: 'k' });
  const tools = [{ name: 'bash', input_schema: SCHEMA }];
  const ask = async (messages: Anthropic.MessageParam[]) => {
    const body = { model: 'm', max_tokens: 1000, messages, tools };
    return stream ? await client.messages.stream(body).finalMessage() : await client.messages.create(body);
  };
  const user = { role: 'user' as const, content: ASK };
  const first = await ask([user]);
  const call = first.content[0]!;
  assert.ok(call.type === 'tool_use' && call.name === 'bash' && first.stop_reason === 'tool_use');
  const after = async (content: string) => {
    const result = { type: 'tool_result' as const, tool_use_id: call.id, content: [{ type: 'text' as const, text: content }] };
    const last = await ask([user, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }]);
    return last.content[0]!.type === 'text' ? last.content[0]!.text : null;
  };
  const { input_tokens, output_tokens } = first.usage;
  return {
    command: call.input,
    usage: [input_tokens, output_tokens],
    done: await after('made.txt'),
    failed: await after('no space'),
  };
}

async function overGemini(baseURL: string, stream: boolean): Promise<Dialogue> {
  const declaration = {
    name: 'bash',
    // Both forms are allowed.
    ...(stream
      ? { parametersJsonSchema: SCHEMA }
      : { parameters: { type: 'OBJECT', properties: { command: { type: 'STRING' } }, required: ['command'] } }),
  };
  const ask = async (contents: object[]): Promise<any[]> => {
    const method = stream ? 'streamGenerateContent?alt=sse' : 'generateContent';
    const response = await fetch(`${baseURL.replace(/\/v1$/, '')}/v1beta/models/m:${method}`, {
      method: 'POST',
      body: JSON.stringify({ contents, tools: [{ functionDeclarations: [declaration] }] }),
    });
    const text = await response.text();
    if (!stream) return [JSON.parse(text)];
    return text.split('\r\n\r\n').flatMap((event) => (event === '' ? [] : [JSON.parse(event.replace(/^data: /, ''))]));
  };
  const user = { role: 'user', parts: [{ text: ASK }] };
  const first = await ask([user]);
  const { content } = first[0].candidates[0];
  const call = content.parts[0].functionCall;
  assert.equal(call.name, 'bash');
  const after = async (output: string) => {
    const result = { functionResponse: { name: 'bash', response: { output } } };
    const chunks = await ask([user, content, { role: 'user', parts: [result] }]);
    return chunks.map((chunk) => chunk.candidates[0].content.parts[0].text).join('');
  };
  const { promptTokenCount, candidatesTokenCount } = first.at(-1).usageMetadata;
  return {
    command: call.args,
    usage: [promptTokenCount, candidatesTokenCount],
    done: await after('made.txt'),
    failed: await after('no space'),
  };
}

const WIRES = { chat: overChat, responses: overResponses, messages: overMessages, gemini: overGemini };

for (const [name, dialogue] of Object.entries(WIRES)) {
  for (const stream of [false, true]) {
    test(`the rehearsal calls a shell tool, and its result selects the next rule: ${name}${stream ? ', streamed' : ''}`, async (t) => {
      const { baseUrl } = await started(t);
      assert.deepEqual(await dialogue(baseUrl, stream), {
        command: { command: COMMAND },
        usage: [4 + ASK.length / 4, Math.ceil(Buffer.byteLength(JSON.stringify({ command: COMMAND })) / 4)],
        done: 'It is made.',
        failed: 'It could not be made.',
      });
    });
  }
}

async function post(baseUrl: string, path: string, body: object): Promise<any> {
  const response = await fetch(baseUrl.replace(/\/v1$/, path), { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200);
  return await response.json();
}

test('earlier messages count as cache reads on every wire', async (t) => {
  const { baseUrl } = await started(t);
  const text = ASK.padEnd(8000, ' and again');
  const said = [
    { role: 'user', content: text },
    { role: 'assistant', content: 'made.txt' },
    { role: 'user', content: 'Well?' },
  ];
  const contents = said.map(({ role, content }) => ({ role: role === 'user' ? 'user' : 'model', parts: [{ text: content }] }));
  const expected = { input: 4 + 2000 + 4 + 2 + 4 + 2, cached: 15 * 128 };
  const chat = (await post(baseUrl, '/v1/chat/completions', { model: 'm', messages: said })).usage;
  assert.deepEqual({ input: chat.prompt_tokens, cached: chat.prompt_tokens_details.cached_tokens }, expected);
  const responses = (await post(baseUrl, '/v1/responses', { model: 'm', input: said })).usage;
  assert.deepEqual({ input: responses.input_tokens, cached: responses.input_tokens_details.cached_tokens }, expected);
  const messages = (await post(baseUrl, '/v1/messages', { model: 'm', messages: said })).usage;
  const read = messages.cache_read_input_tokens;
  assert.deepEqual({ input: messages.input_tokens + read, cached: read }, expected);
  const gemini = (await post(baseUrl, '/v1beta/models/m:generateContent', { contents })).usageMetadata;
  assert.deepEqual({ input: gemini.promptTokenCount, cached: gemini.cachedContentTokenCount }, expected);
});

test('a tool call without arguments is accepted', async (t) => {
  const { baseUrl } = await started(t);
  const [user, result] = [{ text: ASK }, { text: 'made.txt' }];
  const contents = [
    { role: 'user', parts: [user] },
    { role: 'model', parts: [{ functionCall: { name: 'look' } }] },
    { role: 'user', parts: [{ functionResponse: { name: 'look', response: result } }] },
  ];
  const gemini = await post(baseUrl, '/v1beta/models/m:generateContent', { contents });
  assert.equal(gemini.candidates[0].content.parts[0].text, 'It is made.');
  const messages = [
    { role: 'user', content: ASK },
    { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'look' }] },
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: 'made.txt' }] },
  ];
  assert.equal((await post(baseUrl, '/v1/messages', { model: 'm', messages })).content[0].text, 'It is made.');
});

test('without a shell tool the next rule answers', async (t) => {
  const { baseUrl } = await started(t);
  const client = new OpenAI({ baseURL: baseUrl, apiKey: 'k' });
  const tools = [{ type: 'function' as const, function: { name: 'read', parameters: SCHEMA } }];
  const answer = await client.chat.completions.create({ model: 'm', messages: [{ role: 'user', content: ASK }], tools });
  assert.equal(answer.choices[0]!.message.content, 'There is no tool to make it with.');
});

test('a tool call has the arguments that the tool requires', () => {
  const call = (name: string, properties: object, required: string[]) =>
    shellCall(
      [
        { name: 'read', schema: SCHEMA },
        { name, schema: { properties, required } },
      ],
      'ls',
    )?.args;
  assert.deepEqual(call('exec_command', { cmd: { type: 'string' }, tty: { type: 'boolean' } }, ['cmd']), { cmd: 'ls' });
  assert.deepEqual(call('shell', { command: { type: 'array' } }, ['command']), { command: ['sh', '-c', 'ls'] });
  const more = { command: { type: 'STRING' }, description: { type: 'STRING' }, is_background: { type: 'BOOLEAN' } };
  assert.deepEqual(
    call('Bash', { ...more, kind: { enum: ['a', 'b'] }, n: { type: 'integer' } }, [...Object.keys(more), 'kind', 'n']),
    {
      command: 'ls',
      description: 'rehearsal',
      is_background: false,
      kind: 'a',
      n: 1,
    },
  );
  assert.equal(call('other', { command: { type: 'string' } }, []), undefined);
  assert.equal(call('bash', { restart: { type: 'boolean' } }, ['restart']), undefined);
});
