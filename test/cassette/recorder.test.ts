import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRecorder } from '../../src/cassette/index.ts';
import { canonicalText } from '../../src/cassette/lossless-json.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import { realDisk, type Disk } from '../../src/store/index.ts';
import { chatBody, completion, exchange, recorded, runPlace, streamed } from './exchanges.ts';

test('an exchange is one line with request, response and the digest of the request', async (t) => {
  const place = runPlace(t);
  const [line] = (await recorded(place, [exchange(chatBody('hello'), completion('hi'))])).exchanges;
  assert.deepEqual(line, {
    index: 1,
    wire: 'openai.chat',
    method: 'POST',
    path: '/v1/chat/completions',
    step: 1,
    attempt: 1,
    request_sha256: hash('sha256', canonicalText(chatBody('hello'))),
    request: chatBody('hello'),
    status: 200,
    headers: { 'content-type': 'application/json', 'x-request-id': 'req_1' },
    body: completion('hi'),
    complete: true,
    streamed: false,
    duration_seconds: 0.012,
  });
  assert.equal(place.cassetteText().split('\n').length, 2, 'one line, ended');
  assert.deepEqual(await place.records(), [], 'nothing is missing, so nothing is said');
});

test('binary bodies are stored in base64; only listed headers are stored', async (t) => {
  const sound = Buffer.from([0xff, 0xfe, 0, 1, 2]);
  const headers = { 'content-type': 'audio/mpeg', 'set-cookie': 'session=1' };
  const [line] = (await recorded(runPlace(t), [exchange(sound, sound, { headers })])).exchanges;
  assert.deepEqual([line?.request, line?.body], [{ base64: sound.toString('base64') }, { base64: sound.toString('base64') }]);
  assert.deepEqual(line?.headers, { 'content-type': 'audio/mpeg' });
  assert.equal(line?.request_sha256, hash('sha256', sound));
});

test('known secrets and secret patterns never reach the cassette, even escaped, streamed, in paths or headers', async (t) => {
  const place = runPlace(t);
  const known = 'pa"ss\\wörd-1234567';
  const shaped = 'sk-proj-AbCdEf0123456789AbCdEf01';
  const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(3)}-----END PRIVATE KEY-----`;
  const pin = '4711471147';
  const redactor = createRedactor({ values: [known, pin] });
  const said = `one ${known} two ${shaped} three ${key} four`;
  const asciiOnly = (json: string): string =>
    json.replaceAll(/[^\0-\x7f]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  const pieces = said.match(/[^]{1,3}/g) ?? [];
  const tool = JSON.stringify({ env: JSON.stringify({ SECRET: known, OTHER: shaped }) });
  const argumentsOf = (text: string): string =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: text } }] } }] })}\n\n`;
  const lines = await recorded(
    place,
    [
      exchange(chatBody(said), completion(said)),
      exchange(asciiOnly(chatBody(said)), asciiOnly(completion(said))),
      exchange(chatBody(tool), completion(tool)),
      exchange(said, said),
      exchange(chatBody('stream'), streamed(pieces), { streamed: true }),
      exchange(chatBody('tool'), (tool.match(/[^]{1,4}/g) ?? []).map(argumentsOf).join(''), { streamed: true }),
      exchange(chatBody('cut'), streamed(['a', shaped.slice(0, 30)]).slice(0, 300), { streamed: true, complete: false }),
      exchange(`{"pin":${pin}}`, `{"pin":${pin}}`),
      exchange('', '', { method: 'GET', path: `/v1/files?purpose=${shaped}`, headers: { 'x-request-id': shaped } }),
      exchange(Buffer.from([0xff, ...Buffer.from(known)]), Buffer.from([0xff, ...Buffer.from(shaped)])),
    ],
    { redactor },
  );
  const text = place.cassetteText();
  assert.equal(redactor.containsSecret(text), false);
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const { request, body } = JSON.parse(line) as { request: string; body: string };
    for (const each of [request, body]) assert.equal(redactor.containsSecret(each ?? ''), false);
  }
  for (const part of ['wörd-1234567', 'AbCdEf0123456789', 'MIIEvQIBADANBgkqhkiG9w0', Buffer.from(known).toString('base64')]) {
    assert.ok(!text.includes(part), part);
  }
  const answers = lines.exchanges.map(({ body }) => body);
  assert.equal(answers[0], completion('one [redacted] two [redacted] three [redacted] four'));
  const told = (answers[4] as string)
    .split('\n\n')
    .filter((event) => event.startsWith('data: {'))
    .map(
      (event) => (JSON.parse(event.slice(6)) as { choices: { delta: { content?: string } }[] }).choices[0]?.delta.content ?? '',
    );
  assert.equal(
    told.join(''),
    'one [redacted] two [redacted] three [redacted] four',
    'what the model streamed, without its secrets',
  );
  assert.equal(told.length, pieces.length + 1, 'in as many events');
  assert.equal(answers[9], null, 'bytes with a secret in them are not kept');
});

test('an oversized exchange is recorded without its body, and a warning in the run’s log says so', async (t) => {
  const place = runPlace(t);
  const { exchanges } = await recorded(
    place,
    [
      exchange(chatBody('small'), completion('fits')),
      exchange(chatBody('large'), completion('x'.repeat(2000))),
      exchange(chatBody('told large'), completion('begin'), { oversized: true }),
      exchange(chatBody('x'), completion('y'), { request: null }),
      exchange(chatBody('z'.repeat(600)), completion('z'.repeat(600))),
      exchange(chatBody('none'), completion('z'.repeat(600))),
    ],
    { maxBytes: 1000, maxTotalBytes: 4000 },
  );
  assert.deepEqual(
    exchanges.map(({ body, complete, request_sha256 }) => [body !== null, complete, request_sha256 !== null]),
    [
      [true, true, true],
      [false, false, true],
      [false, false, true],
      [true, true, false],
      [true, true, true],
      [false, false, true],
    ],
  );
  const [record] = await place.records();
  assert.equal(record?.event, 'cassette_incomplete');
  assert.equal(record.level, 'warn');
  assert.equal(record.metadata['exchanges'], 4);
  assert.match(String(record.metadata['reason']), /^2 × larger than .*; 1 × the request .*; 1 × the cassette had reached/);
});

test('a truncated stream ends with its last complete event, a truncated text with its last complete character', async (t) => {
  const whole = streamed(['grüße', 'ü']);
  const cut = Buffer.from(whole).subarray(0, whole.indexOf('data: [DONE]') + 6);
  const text = Buffer.from('grüße');
  // As the meter cuts a stream: a line may end otherwise than the one before it.
  const mixed = 'data: 1\r\n\ndata: 2\n\r\ndata: 3\n';
  const { exchanges } = await recorded(runPlace(t), [
    exchange(chatBody('m'), mixed, { streamed: true, complete: false }),
    exchange(chatBody('a'), cut, { streamed: true, complete: false }),
    exchange(chatBody('b'), text.subarray(0, 3), { complete: false }),
    exchange(chatBody('c'), '', { complete: false, status: null, headers: {} }),
  ]);
  assert.deepEqual(
    exchanges.map(({ body, complete }) => [body, complete]),
    [
      [mixed.slice(0, mixed.indexOf('data: 3')), false],
      [whole.slice(0, whole.indexOf('data: [DONE]')), false],
      ['gr', false],
      ['', false],
    ],
  );
});

test('a full disk loses only the exchanges that do not fit, and leaves no torn line for the reader', async (t) => {
  const place = runPlace(t);
  let room = 900;
  const disk: Disk = {
    ...realDisk,
    write(fd, bytes, offset, length) {
      if (room === 0) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      const wrote = realDisk.write(fd, bytes, offset, Math.min(length, room));
      room -= wrote;
      return wrote;
    },
  };
  const one = exchange(chatBody('a'), completion('b'));
  await place.inRun(async () => {
    const recorder = createRecorder({ ...place, redactor: createRedactor({ values: [] }), disk });
    recorder.record(one);
    recorder.record(one);
    recorder.record(one);
    room = 100_000;
    recorder.record(one);
    await recorder[Symbol.asyncDispose]();
  });
  const { exchanges, damaged } = await place.readBack();
  assert.deepEqual(
    exchanges.map(({ index }) => index),
    [1, 4],
  );
  assert.equal(damaged.length, 1);
  const [record] = await place.records();
  assert.equal(record?.metadata['exchanges'], 2);
});

test('a cassette that cannot be created does not affect the run', async (t) => {
  const place = runPlace(t);
  await place.inRun(async () => {
    const nowhere = { ...place, runDir: join(place.runDir, 'not/there') };
    await using recorder = createRecorder({ ...nowhere, redactor: createRedactor({ values: [] }) });
    recorder.record(exchange(chatBody('a'), completion('b')));
  });
  await assert.rejects(place.readBack(), { code: 'CASSETTE_MISSING' });
  assert.match((await place.records())[0]?.message ?? '', /1 × the cassette could not be written/);
});

test('a killed process keeps every exchange whose recording call returned', async (t) => {
  const place = runPlace(t);
  const child = spawn(process.execPath, [join(import.meta.dirname, 'child/record.ts'), place.runDir, place.runId], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let told = '';
  const closed = once(child, 'close');
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    told += text;
    if (told.includes('\n40\n')) child.kill('SIGKILL');
  });
  const [, signal] = (await closed) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  const last = Number(told.slice(0, told.lastIndexOf('\n')).split('\n').at(-1));
  const { exchanges, damaged } = await place.readBack();
  assert.ok(exchanges.length >= last, `${exchanges.length} of ${last}`);
  assert.ok(damaged.length <= 1);
  for (const [at, line] of exchanges.entries()) assert.equal(line.index, at + 1);
});

test('damaged lines are reported and skipped; a file with nothing else is an error', async (t) => {
  const place = runPlace(t);
  await recorded(place, [exchange(chatBody('a'), completion('b'))]);
  const file = join(place.runDir, 'cassette.jsonl');
  appendFileSync(file, '{"index":"two"}\n\n{"index":3,"wi');
  const { exchanges, damaged } = await place.readBack();
  assert.equal(exchanges.length, 1);
  assert.deepEqual(
    damaged.map(({ line, reason }) => [line, reason.slice(0, 11)]),
    [
      [2, 'no exchange'],
      [4, 'cut off'],
    ],
  );
  writeFileSync(file, 'nothing of the kind\n');
  await assert.rejects(place.readBack(), { code: 'CASSETTE_UNREADABLE' });
  writeFileSync(file, '');
  assert.deepEqual((await place.readBack()).exchanges, [], 'a run that asked nothing has a cassette all the same');
});
