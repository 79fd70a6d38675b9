import assert from 'node:assert/strict';
import { test } from 'node:test';
import { meteredWire, readStream, dataEvents } from './read-by-wire.ts';

const wire = meteredWire('/v1/chat/completions');
const DONE = 'data: [DONE]\n\n';
const USAGE = { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13 };

function chunk(delta: object, finish_reason: string | null = null, more: object = {}) {
  return { id: 'c', object: 'chat.completion.chunk', model: 'm-2026', choices: [{ index: 0, delta, finish_reason }], ...more };
}

function ask(body: object | string, askStreamUsage = true) {
  return wire.parseRequest(
    Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
    '/v1/chat/completions',
    askStreamUsage,
  );
}

test('usage is requested for a stream, unless the client did or the endpoint does not support it', () => {
  const stream = '{"model":"m","stream":true,"seed":12345678901234567890}';
  assert.equal(
    ask(stream)?.body?.toString(),
    '{"stream_options":{"include_usage":true},"model":"m","stream":true,"seed":12345678901234567890}',
  );
  assert.equal(ask(stream)?.hideUsage, true);
  assert.deepEqual(ask(stream, false), { model: 'm', stream: true, body: null, hideUsage: false });
  const asking = { model: 'm', stream: true, stream_options: { include_usage: true } };
  assert.deepEqual(ask(asking), { model: 'm', stream: true, body: null, hideUsage: false });
  assert.deepEqual(ask({ model: 'm', stream: false }), { model: 'm', stream: false, body: null, hideUsage: false });
  assert.equal(ask('[]'), null);
  assert.equal(ask('{"model":'), null);
});

test('request bytes that are not text are forwarded unchanged', () => {
  const body = Buffer.concat([Buffer.from('{"stream":true,"x":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]);
  const sent = wire.parseRequest(body, '', true)?.body ?? assert.fail();
  assert.deepEqual(sent.subarray(sent.length - body.length + 1), body.subarray(1));
});

test('usage that only the proxy requested is hidden: the last event and every null before it', () => {
  const asked = dataEvents(
    chunk({ content: 'a' }, null, { usage: null, obfuscation: 'xyz' }),
    chunk({ content: ',"usage":null' }, null, { usage: null }),
    chunk({}, 'stop', { usage: null }),
    { model: 'm-2026', choices: [], usage: USAGE },
  );
  const spaced = `data: {"choices": [], "usage": null}\n\n`;
  const plain = dataEvents(
    chunk({ content: 'a' }, null, { obfuscation: 'xyz' }),
    chunk({ content: ',"usage":null' }),
    chunk({}, 'stop'),
  );
  const read = readStream(wire, [...asked, spaced, DONE], { hideUsage: true });
  assert.equal(read.shown, [...plain, 'data: {"choices": []}\n\n', DONE].join(''));
  assert.equal(read.answered.usage?.inputTokens, 9);
  assert.equal(readStream(wire, [...asked, DONE]).shown, [...asked, DONE].join(''));
});

test('unrequested usage is hidden whether it comes without a choice or with an empty one', () => {
  const text = dataEvents(chunk({ role: 'assistant', content: 'a' }), chunk({}, 'stop'));
  const empty = { role: 'assistant', content: '', provider_specific_fields: null };
  for (const last of [
    { choices: null, usage: USAGE },
    { usage: USAGE },
    chunk({}, null, { usage: USAGE }),
    chunk(empty, null, { usage: USAGE }),
  ]) {
    const read = readStream(wire, [...text, ...dataEvents(last), DONE], { hideUsage: true });
    assert.equal(read.shown, [...text, DONE].join(''));
    assert.equal(read.answered.usage?.outputTokens, 4);
  }
  const kept = [
    chunk({ role: 'assistant', content: '' }, null, { usage: USAGE }),
    chunk({ content: 'b' }, null, { usage: USAGE }),
    chunk({}, 'stop', { usage: USAGE }),
    { error: { message: 'failed' }, usage: USAGE },
  ];
  for (const event of kept)
    assert.equal(readStream(wire, dataEvents(event), { hideUsage: true }).shown, dataEvents(event).join(''));
  // Counts of an answer that goes on are no sign of its end.
  assert.equal(readStream(wire, dataEvents(chunk({}, null, { usage: USAGE })), { ended: false }).answered.finished, false);
});

test('usage is final once the model has finished, and partial before', () => {
  const continuous = (tokens: number) => ({ usage: { ...USAGE, completion_tokens: tokens, total_tokens: 9 + tokens } });
  const beginning = dataEvents(chunk({ content: 'a' }, null, continuous(1)), chunk({ content: 'b' }, null, continuous(2)));
  const cut = readStream(wire, beginning, { ended: false }).answered;
  assert.deepEqual([cut.usage?.inputTokens, cut.usage?.outputTokens, cut.finished], [9, null, false]);
  assert.deepEqual(cut.usage?.raw, { ...USAGE, completion_tokens: 2, total_tokens: 11 });
  const whole = readStream(wire, [...beginning, ...dataEvents(chunk({}, 'stop', continuous(3)))]).answered;
  assert.deepEqual([whole.usage?.outputTokens, whole.finished, whole.closed], [3, true, false]);
});

test('a stream without an end marker is finished after a finish reason or usage', () => {
  const text = dataEvents(chunk({ content: 'a' }));
  const ends = (events: readonly string[]) => {
    const { finished, closed } = readStream(wire, events).answered;
    return { finished, closed };
  };
  assert.deepEqual(ends(text), { finished: false, closed: false });
  assert.deepEqual(ends([...text, ...dataEvents(chunk({}, 'length'))]), { finished: true, closed: false });
  assert.deepEqual(ends([...text, ...dataEvents({ choices: [], usage: USAGE })]), { finished: true, closed: false });
  assert.deepEqual(ends([...text, DONE]), { finished: true, closed: true });
  // The last event may lack its blank line.
  assert.deepEqual(ends([...text, 'data: [DONE]']), { finished: true, closed: true });
});

test('events with multiple data lines, comments, names and ids are parsed', () => {
  const data = JSON.stringify({ model: 'm-2026', choices: [], usage: USAGE }, null, 1);
  const lines = `: keep-alive\nid: 7\nevent: message\nretry: 10\n${data.replace(/^/gm, 'data:')}\n\n`;
  assert.equal(readStream(wire, [lines]).answered.usage?.outputTokens, 4);
  assert.equal(readStream(wire, [lines.replaceAll('\n', '\r\n')]).answered.usage?.outputTokens, 4);
  const named = `event: message\n${data.replace(/^/gm, 'data: ')}\n\n`;
  assert.equal(readStream(wire, [named.slice(named.indexOf('data'))]).answered.usage?.outputTokens, 4);
  assert.equal(readStream(wire, [`\uFEFF${named}`]).answered.usage?.outputTokens, 4);
  assert.deepEqual(readStream(wire, [': comment\n\n', 'data:\n\n', 'event: x\n\n']).answered.usage, null);
});

test('output includes reasoning, even when a provider reports it separately', () => {
  const output = (usage: object) => wire.parseResponse(Buffer.from(JSON.stringify({ usage }))).usage?.outputTokens;
  const details = { completion_tokens_details: { reasoning_tokens: 94 } };
  assert.equal(output({ prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, ...details }), 103);
  assert.equal(output({ prompt_tokens: 32, completion_tokens: 103, total_tokens: 135, ...details }), 103);
  assert.equal(output({ prompt_tokens: 32, completion_tokens: 9 }), 9);
  assert.equal(output({ prompt_tokens: 32, completion_tokens: 9, total_tokens: 0 }), 9);
  assert.equal(output({ prompt_tokens: 32, total_tokens: 135 }), null);
});

test('only non-negative integers are counts', () => {
  for (const [value, count] of [
    [0, 0],
    [7, 7],
    [-1, null],
    [0.5, null],
    [1e300, null],
    ['7', null],
    [null, null],
  ]) {
    const { usage } = wire.parseResponse(Buffer.from(JSON.stringify({ usage: { prompt_tokens: value } })));
    assert.equal(usage?.inputTokens, count);
  }
});

test('an empty model name is ignored, and a later event may set it', () => {
  const filter = dataEvents({ model: '', choices: [], prompt_filter_results: [] });
  assert.equal(readStream(wire, [...filter, ...dataEvents(chunk({ content: 'a' }))]).answered.model, 'm-2026');
});

test('OpenAI output text includes text, refusal, reasoning and tool calls', () => {
  const events = dataEvents(
    chunk({ role: 'assistant', content: '' }),
    chunk({ reasoning_content: 'Hm. ' }),
    chunk({ content: 'Grüße ' }),
    chunk({ content: '🎓' }),
    chunk({ refusal: 'No.' }),
    chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"a"' } }] }),
    chunk({ tool_calls: [{ index: 0, function: { arguments: ':1}' } }] }),
  );
  assert.equal(readStream(wire, events).text, 'Hm. Grüße 🎓No.look{"a":1}');
  const message = {
    role: 'assistant',
    content: 'Hi',
    tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
  };
  assert.equal(wire.outputText(Buffer.from(JSON.stringify({ choices: [{ message }] }))), 'Hi\nf\n{}');
});

test('the text of a stream is complete even beyond the byte buffer', () => {
  const piece = 'word '.repeat(40);
  const events = Array.from({ length: 6000 }, () => dataEvents(chunk({ content: piece }))[0] ?? '');
  assert.equal(readStream(wire, events).text, piece.repeat(6000));
});

test('OpenAI input text includes texts and tools, but no images, audio or files', () => {
  const body = {
    model: 'm',
    messages: [
      { role: 'system', content: 'Be brief.' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA', detail: 'high' } },
          { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } },
          { type: 'file', file: { file_data: 'AAAA' } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'found' },
    ],
    tools: [{ type: 'function', function: { name: 'look', parameters: { properties: { where: { type: 'string' } } } } }],
  };
  const text = wire.inputText(Buffer.from(JSON.stringify(body)));
  for (const part of ['Be brief.', 'What is this?', 'found', 'look', 'where']) assert.ok(text.includes(part), part);
  for (const part of ['AAAA', 'call_1', 'high']) assert.ok(!text.includes(part), part);
});

test('the text of a request is truncated at a limit', () => {
  const messages = [{ content: 'a'.repeat(5_000_000) }, { content: 'b'.repeat(5_000_000) }, { content: 'c' }];
  const text = wire.inputText(Buffer.from(JSON.stringify({ messages })));
  assert.ok(text.length > 8_000_000 && text.length < 9_000_000 && !text.includes('c'), `${text.length}`);
});
