import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { startReplay, type Cassette } from '../../src/cassette/index.ts';
import { canonicalText } from '../../src/cassette/lossless-json.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import type { LogRecord } from '../../src/schema/index.ts';
import { CHAT, chatBody, completion, exchange, recorded, runPlace, streamed, type RunPlace } from './exchanges.ts';

const A = '20261122-141503-k3f9';
const B = '20261201-010203-zzzz';

interface Player {
  /** Root, without `/v1`. */
  readonly root: string;
  readonly ask: (body: string | null, path?: string) => Promise<{ status: number; text: string; type: string | null }>;
}

/** Plays the cassette for the run of `place` and returns what was recorded of it. */
async function replayed(
  place: RunPlace,
  cassette: Cassette,
  work: (player: Player) => Promise<void>,
  { strict = true, secrets = [] as string[] } = {},
): Promise<LogRecord[]> {
  await place.inRun(async () => {
    await using replay = await startReplay({ strict });
    using upstream = replay.open({ cassette, ...place, redactor: createRedactor({ values: secrets }) });
    const root = upstream.baseUrl.replace(/\/v1$/, '');
    await work({
      root,
      async ask(body, path = CHAT) {
        const method = body === null ? 'GET' : 'POST';
        const response = await fetch(root + path, { method, body, headers: { 'content-type': 'application/json' } });
        return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
      },
    });
  });
  return await place.records();
}

const ofEvent = (records: readonly LogRecord[], event: string): LogRecord[] => records.filter((each) => each.event === event);

test('a query matches in the replay, however it is encoded', async (t) => {
  const paths = ['/v1/models?limit=5&', '/v1/models?limit=5', '/v1/models?', '/v1beta/models?a=1&&b=2'];
  const given = { method: 'GET', wire: 'openai.models', request: Buffer.alloc(0) };
  const cassette = await recorded(
    runPlace(t, A),
    paths.map((path, index) => exchange('', `{"data":[${index}]}`, { ...given, path })),
  );
  await replayed(runPlace(t, B), cassette, async ({ ask }) => {
    for (const [index, path] of paths.entries())
      assert.deepEqual([path, (await ask(null, path)).text], [path, `{"data":[${index}]}`]);
  });
});

test('a request recorded before its key pattern was known still matches', async (t) => {
  const shape = 'xoxb-1234567890-abcdefghij';
  const asked = chatBody(`post it with ${shape}`);
  const [unmasked] = (await recorded(runPlace(t, A), [exchange(chatBody('post it with a key'), completion('posted'))])).exchanges;
  assert.ok(unmasked);
  // As a version wrote it that did not know the shape.
  const before = { ...unmasked, request: asked, request_sha256: hash('sha256', canonicalText(asked)) };
  const records = await replayed(runPlace(t, B), { runId: A, exchanges: [before], damaged: [] }, async ({ ask }) => {
    assert.equal((await ask(asked)).text, completion('posted'));
  });
  assert.deepEqual(
    ofEvent(records, 'replay_end').map(({ metadata }) => metadata),
    [{ exchanges: 1, used: 1, mismatches: 0 }],
  );
});

test('each request gets its recorded response, repeated requests in recording order', async (t) => {
  const cassette = await recorded(runPlace(t, A), [
    exchange(chatBody('one'), completion('1')),
    exchange(chatBody('two'), completion('first')),
    exchange(chatBody('two'), completion('second')),
    exchange('', '{"data":[]}', { method: 'GET', path: '/v1/models', wire: 'openai.models', request: Buffer.alloc(0) }),
    exchange('no JSON', 'plain', { headers: { 'content-type': 'text/plain' } }),
  ]);
  const records = await replayed(runPlace(t, B), cassette, async ({ ask }) => {
    assert.equal((await ask(chatBody('two'))).text, completion('first'));
    // Other white space, other order of keys: the same request.
    const shuffled = '{ "messages": [ {"content":"\\u006fne", "role":"user"} ],\n "model":"m" }';
    assert.deepEqual(await ask(shuffled), { status: 200, text: completion('1'), type: 'application/json' });
    assert.equal((await ask(chatBody('two'))).text, completion('second'));
    assert.equal((await ask(null, '/v1/models?key=dummy')).text, '{"data":[]}');
    assert.deepEqual(await ask('no JSON'), { status: 200, text: 'plain', type: 'text/plain' });
    const again = await ask(chatBody('two'));
    assert.equal(again.status, 422);
    assert.match(
      again.text,
      /has this request \(POST \/v1\/chat\/completions\) 2 times, last as exchange 3 \(step 1, attempt 1,/,
    );
  });
  assert.deepEqual(ofEvent(records, 'replay_start')[0]?.metadata, {
    replay_of: A,
    strict: true,
    exchanges: 5,
    not_kept: 0,
    damaged_lines: 0,
  });
  const [end] = ofEvent(records, 'replay_end');
  assert.deepEqual([end?.level, end?.metadata], ['warn', { exchanges: 5, used: 5, mismatches: 1 }]);
});

test('a request matches even if only one of the two directories needs escapes', async (t) => {
  const folders = ['plain', 'my "own" é'];
  const asked = ({ runDir }: RunPlace): string =>
    chatBody(`${runDir} ${encodeURI(runDir)} ${encodeURIComponent(runDir)} ${JSON.stringify({ runDir })}`);
  for (const [from, to] of [folders, folders.toReversed()]) {
    const [a, b] = [runPlace(t, A, from), runPlace(t, B, to)];
    const cassette = await recorded(a, [exchange(asked(a), completion('1'))]);
    await replayed(b, cassette, async ({ ask }) => assert.equal((await ask(asked(b))).text, completion('1')));
  }
});

test('an unrecorded request is refused with its difference from the closest one', async (t) => {
  const cassette = await recorded(runPlace(t, A), [
    exchange(chatBody('Write a poem about the sea.'), completion('1')),
    exchange(chatBody('Today is Monday. Write a test.'), completion('2'), { step: 2 }),
    exchange('{}', '{}', { path: '/v1/embeddings' }),
  ]);
  const records = await replayed(runPlace(t, B), cassette, async ({ ask }) => {
    const { status, text } = await ask(chatBody('Today is Friday. Write a test.'));
    assert.equal(status, 422);
    const { error } = JSON.parse(text) as { error: { message: string; code: string } };
    assert.equal(error.code, 'not_on_cassette');
    assert.equal(
      error.message,
      `This request (POST /v1/chat/completions) is not on the cassette of run ${A}. Nearest is exchange 2 (step 2, attempt 1, ` +
        'POST /v1/chat/completions); they first differ at messages.0.content, character 10: ' +
        'recorded "Today is Monday. Write a test.", asked "Today is Friday. Write a test.".',
    );
    const elsewhere = await ask('{}', '/v1/embeddings?beta=true');
    assert.match(
      elsewhere.text,
      /exchange 3 .* differ at the path: recorded POST \/v1\/embeddings, asked POST \/v1\/embeddings\?beta=true/,
    );
  });
  const [mismatch] = ofEvent(records, 'replay_mismatch');
  assert.equal(mismatch?.level, 'error');
  assert.deepEqual(mismatch.metadata, {
    method: 'POST',
    path: '/v1/chat/completions',
    answered_by: null,
    nearest: 2,
    place: 'messages.0.content, character 10',
    recorded: '"Today is Monday. Write a test."',
    asked: '"Today is Friday. Write a test."',
  });
  assert.deepEqual(ofEvent(records, 'replay_end')[0]?.metadata, { exchanges: 3, used: 0, mismatches: 2 });
});

test('the error of an empty cassette says that it is empty', async (t) => {
  const cassette = await recorded(runPlace(t, A), []);
  await replayed(runPlace(t, B), cassette, async ({ ask }) => {
    assert.match((await ask(chatBody('x'))).text, /has no exchange at all/);
  });
});

test('in loose mode, the next unused exchange of the path answers an unrecorded request, with a warning', async (t) => {
  const cassette = await recorded(runPlace(t, A), [
    exchange('{}', '{}', { path: '/v1/embeddings' }),
    exchange(chatBody('a'), completion('1')),
    exchange(chatBody('b'), completion('2')),
  ]);
  const records = await replayed(
    runPlace(t, B),
    cassette,
    async ({ ask }) => {
      assert.equal((await ask(chatBody('b'))).text, completion('2'), 'what fits goes first');
      assert.equal((await ask(chatBody('changed'))).text, completion('1'));
      assert.equal((await ask(chatBody('changed'))).status, 422, 'no exchange of the path is left');
    },
    { strict: false },
  );
  const [instead, refused] = ofEvent(records, 'replay_mismatch');
  assert.deepEqual([instead?.level, instead?.metadata['answered_by']], ['warn', 2]);
  assert.match(
    instead?.message ?? '',
    /that is not on the cassette was answered by exchange 2 .*character 1: recorded "a", asked "changed"/,
  );
  assert.deepEqual([refused?.level, refused?.metadata['answered_by']], ['error', null]);
});

test('error statuses, truncated and missing responses are replayed as recorded; an unstored response is an error', async (t) => {
  const stream = streamed(['one', 'two']);
  const beginning = stream.slice(0, stream.indexOf('data: [DONE]'));
  const limited = JSON.stringify({ error: { message: 'slow down' } });
  const cassette = await recorded(
    runPlace(t, A),
    [
      exchange(chatBody('busy'), limited, { status: 429 }),
      exchange(chatBody('busy'), completion('now')),
      exchange(chatBody('cut'), beginning, { streamed: true, complete: false }),
      exchange(chatBody('gone'), '', { status: null, headers: {}, complete: false }),
      exchange(chatBody('large'), completion('x'.repeat(3000))),
    ],
    { maxBytes: 2000 },
  );
  const records = await replayed(runPlace(t, B), cassette, async ({ ask, root }) => {
    assert.deepEqual(await ask(chatBody('busy')), { status: 429, text: limited, type: 'application/json' });
    assert.equal((await ask(chatBody('busy'))).status, 200);
    const response = await fetch(root + CHAT, { method: 'POST', body: chatBody('cut') });
    assert.equal(response.status, 200);
    let came = '';
    await assert.rejects(async () => {
      for await (const chunk of response.body ?? []) came += Buffer.from(chunk as Uint8Array).toString();
    });
    assert.equal(came, beginning);
    await assert.rejects(ask(chatBody('gone')), { message: 'fetch failed' });
    const large = await ask(chatBody('large'));
    assert.equal(large.status, 422);
    assert.match(large.text, /its answer was not kept/);
  });
  const [start] = ofEvent(records, 'replay_start');
  assert.deepEqual([start?.level, start?.metadata['not_kept']], ['warn', 1]);
});

test('run-specific text is restored in responses, even across streamed pieces', async (t) => {
  const [a, b] = [runPlace(t, A), runPlace(t, B)];
  const said = `written to ${a.runDir}/workspace/x.js by ${A}.`;
  const cassette = await recorded(a, [
    exchange(chatBody(`You work in ${a.runDir}/workspace.`), completion(said)),
    exchange(chatBody('stream'), streamed(said.match(/[^]{1,4}/g) ?? []), { streamed: true }),
    exchange(chatBody('tool'), completion(JSON.stringify({ path: `${a.runDir}/workspace` }))),
  ]);
  assert.ok(!a.cassetteText().includes(A));
  assert.ok(!a.cassetteText().includes(a.runDir));
  const expected = `written to ${b.runDir}/workspace/x.js by ${B}.`;
  await replayed(b, cassette, async ({ ask, root }) => {
    const first = await ask(chatBody(`You work in ${b.runDir}/workspace.`));
    assert.equal(first.text, completion(expected));
    const client = new OpenAI({ baseURL: `${root}/v1`, apiKey: 'x', maxRetries: 0 });
    const body = JSON.parse(chatBody('stream')) as OpenAI.ChatCompletionCreateParamsNonStreaming;
    let text = '';
    const response = await client.chat.completions.create(body).asResponse();
    for (const event of (await response.text()).split('\n\n')) {
      if (!event.startsWith('data: {')) continue;
      text += (JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '';
    }
    assert.equal(text, expected);
    const tool = JSON.parse((await ask(chatBody('tool'))).text) as { choices: { message: { content: string } }[] };
    assert.deepEqual(JSON.parse(tool.choices[0]?.message.content ?? ''), { path: `${b.runDir}/workspace` });
  });
});

test('a secret in a prompt matches its masked form on the cassette', async (t) => {
  const secret = 'hunter2-hunter2';
  const a = runPlace(t, A);
  const cassette = await recorded(a, [exchange(chatBody(`log in with ${secret}`), completion(`used ${secret}`))], {
    redactor: createRedactor({ values: [secret] }),
  });
  assert.ok(!a.cassetteText().includes(secret));
  await replayed(
    runPlace(t, B),
    cassette,
    async ({ ask }) => assert.equal((await ask(chatBody(`log in with ${secret}`))).text, completion('used [redacted]')),
    { secrets: [secret] },
  );
});

test('real clients read recorded responses, and do not retry unrecorded requests', async (t) => {
  const message = JSON.stringify({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'hi' }],
    stop_reason: 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: 3, output_tokens: 1 },
  });
  const asked = { model: 'm', max_tokens: 10, messages: [{ role: 'user' as const, content: 'hello' }] };
  const chat = { model: 'm', messages: [{ role: 'user' as const, content: 'hello' }], stream: true as const };
  const cassette = await recorded(runPlace(t, A), [
    exchange(JSON.stringify(asked), message, { path: '/v1/messages', wire: 'anthropic.messages' }),
    exchange(JSON.stringify(chat), streamed(['h', 'i']), { streamed: true }),
  ]);
  const records = await replayed(runPlace(t, B), cassette, async ({ root }) => {
    const anthropic = new Anthropic({ baseURL: root, apiKey: 'x', maxRetries: 5 });
    assert.deepEqual((await anthropic.messages.create(asked)).content, [{ type: 'text', text: 'hi' }]);
    const openai = new OpenAI({ baseURL: `${root}/v1`, apiKey: 'x', maxRetries: 5 });
    let text = '';
    for await (const chunk of await openai.chat.completions.create(chat)) text += chunk.choices[0]?.delta.content ?? '';
    assert.equal(text, 'hi');

    await assert.rejects(anthropic.messages.create({ ...asked, max_tokens: 11 }), (error) => {
      assert.ok(error instanceof Anthropic.UnprocessableEntityError);
      assert.match(error.message, /differ at max_tokens: recorded 10, asked 11/);
      assert.equal((error.error as { type?: string }).type, 'error', 'in the format of its own wire');
      return true;
    });
    await assert.rejects(openai.chat.completions.create({ ...chat, seed: 1 }), (error) => {
      assert.ok(error instanceof OpenAI.UnprocessableEntityError);
      assert.match(error.message, /differ at seed: recorded nothing, asked 1/);
      return true;
    });
  });
  assert.equal(ofEvent(records, 'replay_mismatch').length, 2, 'each was asked once');
});

test('every run replays the cassette from its beginning; unknown addresses are refused', async (t) => {
  const cassette = await recorded(runPlace(t, A), [exchange(chatBody('one'), completion('1'))]);
  await using replay = await startReplay({ strict: true });
  const redactor = createRedactor({ values: [] });
  const places = [runPlace(t, B), runPlace(t, B)];
  const upstreams = await Promise.all(
    places.map((place) => place.inRun(async () => replay.open({ cassette, ...place, redactor }))),
  );
  const ask = async (baseUrl: string): Promise<number> =>
    (await fetch(`${baseUrl}/chat/completions`, { method: 'POST', body: chatBody('one') })).status;
  for (const { baseUrl } of upstreams) assert.equal(await ask(baseUrl), 200);
  const [first] = upstreams;
  first?.[Symbol.dispose]();
  assert.equal(await ask(first?.baseUrl ?? ''), 404);
});
