/** Secrets in every form, whole and in chunks cut at every place. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as fc from 'fast-check';
import { collectSecrets, createRedactor } from '../../src/secrets/index.ts';
import { examples } from './examples.ts';

const secret = 'pa$$"wörd/+ \\ tab\t&=é~x9';
const plain = 'Zq7-plain_secret.value+1/2=';
const multiline = ['first line of the secret', 'second line of the secret, longer'].join('\n');
const values = [secret, plain, multiline];

/** Each form of `value` in some surroundings. */
function formsOf(value: string): Record<string, string> {
  const json = JSON.stringify(value).slice(1, -1);
  return {
    raw: value,
    'JSON-escaped': json,
    'JSON-escaped twice': JSON.stringify(json).slice(1, -1),
    'URL-encoded': encodeURIComponent(value),
    'form-encoded': encodeURIComponent(value).replaceAll('%20', '+'),
    'URL-encoded, small': encodeURIComponent(value).replaceAll(/%../g, (code) => code.toLowerCase()),
    ...Object.fromEntries(
      ['', 'a', 'ab'].map((before, shift) => [
        `base64, shift ${shift}`,
        Buffer.from(`${before}${value}${'.'.repeat(5)}`).toString('base64'),
      ]),
    ),
    'base64url, shift 1': Buffer.from(`a${value}.....`).toString('base64url'),
  };
}

const keys = Object.values(examples).flatMap((example) => example.keys);

function throughStream(redactor: ReturnType<typeof createRedactor>, chunks: string[]): string {
  const stream = redactor.stream();
  return chunks.map((chunk) => stream.push(chunk)).join('') + stream.end();
}

describe('known values', () => {
  for (const value of values) {
    for (const [form, text] of Object.entries(formsOf(value))) {
      test(`a known value is masked as ${form}: ${JSON.stringify(value).slice(0, 24)}`, () => {
        const redactor = createRedactor({ values });
        const shown = redactor.redact(`before ${text} after`);
        assert.match(shown, /^before .*\[redacted\].* after$/s);
        assert.ok(shown.length < `before ${text} after`.length - value.length + 30, shown);
        assert.ok(redactor.containsSecret(Buffer.from(`before ${text} after`)));
        assert.ok(redactor.containsSecret(`before ${text} after`));
        const whole = `before ${text} after`;
        for (let cut = 0; cut <= whole.length; cut++) {
          assert.equal(throughStream(redactor, [whole.slice(0, cut), whole.slice(cut)]), shown, `cut at ${cut}`);
        }
        assert.equal(throughStream(redactor, whole.split('')), shown, 'character by character');
      });
    }
  }

  test('a value that is a prefix of another does not reveal its end', () => {
    const redactor = createRedactor({ values: ['12345678', '12345678-and-more'] });
    assert.equal(redactor.redact('x 12345678-and-more y 12345678 z'), 'x [redacted] y [redacted] z');
    assert.equal(throughStream(redactor, ['x 12345678', '-and-more y 123', '45678 z']), 'x [redacted] y [redacted] z');
  });

  test('overlapping values are redacted together, in streams with any chunk borders, too', () => {
    const overlapping = ['abcd-1234-SHARED', 'SHARED-tail-of-it', 'of-it/and a third', 'SHARED-t'];
    const piece = fc.constantFrom('abcd-1234-', 'SHARED', '-tail-', 'of-it', '/and a third', ' ', 'sk-ant-', 'a', '\n');
    const text = fc.array(piece, { maxLength: 14 }).map((parts) => parts.join(''));
    const redactor = createRedactor({ values: overlapping });
    assert.equal(redactor.redact('x abcd-1234-SHARED-tail-of-it/and a third y'), 'x [redacted] y');
    assert.equal(redactor.count, 1);
    fc.assert(
      fc.property(text, fc.array(fc.nat(80), { maxLength: 8 }), (whole, cuts) => {
        const shown = redactor.redact(whole);
        assert.ok(!overlapping.some((value) => shown.includes(value)), shown);
        const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, index) => whole.slice(at[index], end));
        assert.equal(throughStream(redactor, chunks), shown);
        assert.equal(redactor.containsSecret(Buffer.from(whole)), shown !== whole);
      }),
      { numRuns: 3000 },
    );
  });

  test('values shorter than 8 characters are not masked', () => {
    assert.equal(createRedactor({ values: ['short', ''] }).redact('a short text'), 'a short text');
  });

  test('redactors are independent, and those with the same values count separately', () => {
    const [one, other, same] = [['first-secret'], ['other-secret'], ['first-secret']].map((values) => createRedactor({ values }));
    assert.equal(one?.redact('first-secret other-secret'), '[redacted] other-secret');
    assert.equal(other?.redact('first-secret other-secret'), 'first-secret [redacted]');
    assert.deepEqual([one?.count, other?.count, same?.count], [1, 1, 0]);
  });

  test('every replacement is counted', () => {
    const redactor = createRedactor({ values: ['12345678'] });
    redactor.redact('12345678 12345678');
    throughStream(redactor, ['1234', '5678']);
    assert.equal(redactor.count, 3);
  });
});

describe('shapes', () => {
  test('ordinary text is not changed', () => {
    const texts = [
      'task-management-system-with-a-long-name-2 and risk-assessment-2026-report-final',
      'class="sk-fading-circle-container" and the disk-usage-report-20261122-141503',
      'the bearer of this letter; Bearer authentication; bearer tokens',
      'through high_level_ghosts, ghp_short, AKIA, AKIAshort, sk-1',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
      '--- a/file\n+++ b/file\n-----',
      'x'.repeat(10_000),
    ];
    const redactor = createRedactor({ values });
    for (const text of texts) {
      assert.equal(redactor.redact(text), text);
      assert.equal(throughStream(redactor, text.split('')), text);
      assert.equal(redactor.containsSecret(Buffer.from(text)), false);
    }
    assert.equal(redactor.count, 0);
  });

  test('a private key spread over many chunks is masked, and the text after it is shown', () => {
    const redactor = createRedactor({ values: [] });
    const key = `-----BEGIN RSA PRIVATE KEY-----\n${'MIIEpAIBAAKCAQEA7bq3\n'.repeat(20)}-----END RSA PRIVATE KEY-----`;
    const lines = [...key.split('\n').map((line) => `${line}\n`), 'done\n'];
    assert.equal(throughStream(redactor, ['start\n', ...lines]), 'start\n[redacted]\ndone\n');
    assert.equal(redactor.count, 1);
  });

  test('a private key without an end does not mask the rest of the output', () => {
    const out = throughStream(createRedactor({ values: [] }), [
      '-----BEGIN PRIVATE KEY-----\n',
      ...Array.from({ length: 100 }, () => 'x'.repeat(1000)),
      'the end',
    ]);
    assert.match(out, /^\[redacted\]x*the end$/);
  });
});

describe('streams', () => {
  test('a stream with any chunk borders gives the same output as the whole text', () => {
    const pieces = fc.oneof(
      fc.constantFrom(...values, ...keys, 'sk-', 'Bearer ', '-----BEGIN ', '\n', ' ', 'gh', 'AKIA', 'p', 'Z'),
      fc.string({ maxLength: 5 }),
    );
    // A break between pieces, since two secrets that touch are one run of letters to a stream and to a text alike.
    const text = fc.array(pieces, { maxLength: 8 }).map((parts) => parts.join('|'));
    fc.assert(
      fc.property(text, fc.array(fc.nat(200), { maxLength: 10 }), (whole, cuts) => {
        const redactor = createRedactor({ values });
        const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, index) => whole.slice(at[index], end));
        assert.equal(throughStream(redactor, chunks), redactor.redact(whole));
      }),
      { numRuns: 3000 },
    );
  });

  test('a complete line is not held back', () => {
    const stream = createRedactor({ values }).stream();
    assert.equal(stream.push('Listening on port 3000\n'), 'Listening on port 3000\n');
    assert.equal(stream.push('tasks'), 'task');
    assert.equal(stream.push(' done\n'), 's done\n');
  });

  test('the amount of text held back is bounded', () => {
    const stream = createRedactor({ values }).stream();
    let shown = 0;
    for (let index = 0; index < 1000; index++) shown += stream.push('sk-'.repeat(100)).length;
    assert.ok(shown > 290_000);
  });
});

test('secrets are collected by name and length', () => {
  const env = {
    OPENAI_API_KEY: 'value-of-the-key',
    GITHUB_TOKEN: 'value-of-the-token',
    db_password: 'value-of-the-password',
    SESSION_SECRET: 'value-of-the-secret',
    SHORT_KEY: '1234567',
    KEYBOARD: 'not-a-secret',
    PATH: '/usr/bin:/bin',
    MY_CREDENTIAL: 'named-by-the-configuration',
    OTHER_TOKEN: 'value-of-the-token',
    UNSET_KEY: undefined,
  };
  assert.deepEqual(collectSecrets(env, ['MY_CREDENTIAL']), [
    'value-of-the-key',
    'value-of-the-token',
    'value-of-the-password',
    'value-of-the-secret',
    'named-by-the-configuration',
  ]);
});
