/** Programs find their provider through the proxy by the variables that their clients read; each key goes to its own provider. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startUpstreamStub, streamEvents, type StubHandler, type UpstreamStub } from '../meter/upstream-stub.ts';
import { differences, recordsOf, createShellExperiment } from '../run/shell-experiment.ts';

const CALLER = fileURLToPath(new URL('sdk-caller.ts', import.meta.url));
const KEYS = { openai: 'the-openai-key-1', anthropic: 'the-anthropic-key-2', gemini: 'the-gemini-key-3' };
type Name = keyof typeof KEYS;

function json(body: unknown): StubHandler {
  return (response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body));
  };
}

const ANSWERS: Record<Name, StubHandler> = {
  openai(response, { body }) {
    const { stream_options } = JSON.parse(body.toString());
    const { shown, usage, done } = streamEvents(stream_options?.include_usage === true);
    response.setHeader('content-type', 'text/event-stream');
    response.end([...shown, ...(stream_options?.include_usage === true ? [usage] : []), done].join(''));
  },
  anthropic: json({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'some-model',
    content: [{ type: 'text', text: 'Good day' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 11, output_tokens: 7, cache_read_input_tokens: 5, cache_creation_input_tokens: 0 },
  }),
  gemini: json({
    candidates: [{ content: { role: 'model', parts: [{ text: 'Good evening' }] }, finishReason: 'STOP' }],
    modelVersion: 'some-model',
    usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 4, totalTokenCount: 13 },
  }),
};

const VERSIONS: Record<Name, string> = { openai: '/v1', anthropic: '/v1', gemini: '/v1beta' };
/** Where the client puts its key is its own affair, and changes between versions. */
const KEY_HEADERS = ['authorization', 'x-api-key', 'x-goog-api-key'];
const PATHS: Record<Name, string> = {
  openai: '/v1/chat/completions',
  anthropic: '/v1/messages',
  gemini: '/v1beta/models/some-model:generateContent',
};
const EXPECTED: Record<Name, [answer: RegExp, input: number, output: number]> = {
  openai: [/^Grüße 🎓🎓/, 100, 20],
  // Anthropic states cached tokens beside the input, the record has them in it.
  anthropic: [/^Good day$/, 16, 7],
  gemini: [/^Good evening$/, 9, 4],
};

test('clients of OpenAI, Anthropic and Gemini are measured in one experiment', { timeout: 120_000 }, async () => {
  const names = Object.keys(KEYS) as Name[];
  await using stack = new AsyncDisposableStack();
  const upstreams = new Map<Name, UpstreamStub>();
  for (const name of names) upstreams.set(name, stack.use(await startUpstreamStub(ANSWERS[name])));
  const frameworks = Object.fromEntries(
    names.map((name) => [
      name,
      {
        adapter: 'command',
        command: [process.execPath, CALLER, name],
        endpoint: { base_url: upstreams.get(name)!.origin + VERSIONS[name], api_key: `\${${name.toUpperCase()}_TEST_KEY}` },
      },
    ]),
  );
  const experiment = stack.use(await createShellExperiment({}, { model: 'some-model', frameworks }));
  const env = Object.fromEntries(names.map((name) => [`${name.toUpperCase()}_TEST_KEY`, KEYS[name]]));
  const runs = await experiment.run({ jobs: 2, env: { ...env, PATH: process.env['PATH'] } });

  for (const run of runs) {
    const name = run.framework as Name;
    const records = await recordsOf(run.runDir);
    assert.equal(run.status, 'success', records.map(({ message }) => message).join('\n'));
    const [answer, input, output] = EXPECTED[name];
    assert.match(await readFile(join(run.runDir, 'workspace/answer.txt'), 'utf8'), answer);
    const [seen, ...others] = upstreams.get(name)!.seen;
    assert.deepEqual(others, []);
    assert.equal(seen?.url, PATHS[name]);
    const sent = KEY_HEADERS.flatMap((header) => seen.headers[header] ?? []).map((value) => value.replace('Bearer ', ''));
    assert.deepEqual(sent, [KEYS[name]]);
    const [call] = records.filter(({ event }) => event === 'llm_call');
    assert.deepEqual(
      ['path', 'gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'attribution'].map((key) => call?.metadata[key]),
      [PATHS[name], input, output, 'url'],
    );
    assert.deepEqual([call?.step, call?.attempt], [1, 1]);
    assert.deepEqual(await differences(run.runDir), []);
  }
  assert.equal(runs.length, 3);
});
