import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { keyMasks, openConnectionPools, openUpstream } from '../../../src/meter/transport/upstream.ts';

const CASES: [baseUrl: string, asked: string, sent: string][] = [
  ['https://api.openai.com/v1', '/v1/chat/completions', '/v1/chat/completions'],
  ['https://api.openai.com/v1/', '/v1/responses', '/v1/responses'],
  ['https://api.anthropic.com/v1', '/v1/messages', '/v1/messages'],
  ['https://generativelanguage.googleapis.com/v1beta', '/v1beta/models/m:generateContent', '/v1beta/models/m:generateContent'],
  ['https://generativelanguage.googleapis.com/v1beta', '/v1/models', '/v1beta/models'],
  ['https://openrouter.ai/api/v1', '/v1/chat/completions', '/api/v1/chat/completions'],
  ['https://openrouter.ai/api/v1', '/v1beta/x', '/api/v1beta/x'],
  ['https://host/api/paas/v4', '/v1/chat/completions', '/api/paas/v4/chat/completions'],
  ['https://host/openai/v1.1beta2', '/other', '/openai/other'],
  ['https://api.deepseek.com', '/v1/chat/completions', '/chat/completions'],
  ['https://api.deepseek.com/', '/v1', '/'],
  ['https://host/vendor', '/v2/x', '/vendor/v2/x'],
  ['https://host/v1', '/v10/x', '/v10/x'],
];

test('/v1 paths map to base_url, others to base_url without its version', () => {
  const connections = openConnectionPools();
  for (const [baseUrl, asked, sent] of CASES) {
    assert.equal(openUpstream(baseUrl, null, connections).pathOf(asked), sent, `${baseUrl} ${asked}`);
  }
  connections.close();
});

const KEY = 'aab-aab-aac';

function masked(chunks: readonly Buffer[]): string {
  const mask = keyMasks(KEY)();
  return Buffer.concat([...chunks.map((chunk) => mask.push(chunk)), mask.end()]).toString();
}

test('property: the key is masked wherever chunk boundaries lie, and no other byte changes', () => {
  const piece = fc.oneof(fc.constant(KEY), fc.constantFrom('a', 'aab', 'aab-aab-', 'ü', '\n\n', '{"x":1}'));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.array(fc.nat(60), { maxLength: 8 }), (pieces, cuts) => {
      const bytes = Buffer.from(pieces.join(''));
      const borders = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
      const chunks = borders.slice(1).map((to, at) => bytes.subarray(borders[at], to));
      assert.equal(masked(chunks), bytes.toString().replaceAll(KEY, '*'.repeat(KEY.length)));
      assert.equal(bytes.toString(), pieces.join(''), 'the bytes handed in stay as they are');
    }),
  );
});

test('the key is masked at equal length when escaped, in a URL, or in base64 at any offset', () => {
  const key = 'Zx9/pk+Q"wE\\e<r>&T=0123';
  const json = JSON.stringify(key).slice(1, -1);
  const forms = [
    key,
    json,
    JSON.stringify(json).slice(1, -1),
    json.replaceAll('/', '\\/'),
    json.replace('<', '\\u003c').replace('>', '\\u003e').replace('&', '\\u0026'),
    encodeURIComponent(key),
  ];
  for (const form of forms) {
    for (const cut of [0, 3, form.length - 1, form.length + 4]) {
      const bytes = Buffer.from(`say ${form}!`);
      const mask = keyMasks(key)();
      const out = Buffer.concat([mask.push(bytes.subarray(0, cut)), mask.push(bytes.subarray(cut)), mask.end()]);
      assert.equal(out.toString(), `say ${'*'.repeat(form.length)}!`, form);
    }
    assert.deepEqual(keyMasks(key)().headers({ a: `x${form}`, b: ['y', form] }), {
      a: `x${'*'.repeat(form.length)}`,
      b: ['y', '*'.repeat(form.length)],
    });
  }
  for (const before of ['', 'x', 'xy', 'user:']) {
    const text = Buffer.from(`${before}${key}zz`).toString('base64');
    const out = keyMasks(key)()
      .push(Buffer.from(`${text}\n`))
      .toString();
    assert.equal(out.length, text.length + 1);
    const left = Buffer.from(out.trim().replaceAll('*', 'A'), 'base64').toString('latin1');
    for (let at = 2; at + 4 < key.length - 2; at++) assert.ok(!left.includes(key.slice(at, at + 4)), left);
  }
});

test('a chunk whose end cannot start the key is forwarded at once', () => {
  const mask = keyMasks(KEY)();
  assert.equal(mask.push(Buffer.from('data: aab\n\n')).toString(), 'data: aab\n\n');
  assert.equal(mask.push(Buffer.from('data: aab-')).toString(), 'data: ');
  assert.equal(mask.push(Buffer.from('x')).toString(), 'aab-x');
});

test('without a key, or with one that is too short, nothing is masked', () => {
  for (const key of [null, 'a']) {
    const mask = keyMasks(key)();
    assert.equal(mask.push(Buffer.from('aaa')).toString(), 'aaa');
    assert.deepEqual(mask.headers({ a: 'a' }), { a: 'a' });
  }
});
