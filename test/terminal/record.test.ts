/** One record as lines for people. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LogRecord } from '../../src/schema/index.ts';
import { formatRecord } from '../../src/terminal/record.ts';
import { sanitizeJson } from '../../src/terminal/sanitize.ts';
import { colored, plain } from '../../src/terminal/style.ts';
import { assertHarmless, HOSTILE } from './hostile.ts';

function record(fields: Partial<LogRecord> = {}): LogRecord {
  return {
    level: 'warn',
    timestamp: '2026-11-22T14:15:03.123Z',
    module: 'm',
    component: 'adapter',
    run_id: 'r1',
    framework: 'baes',
    step: 3,
    event: 'log',
    message: 'hello',
    metadata: {},
    ...fields,
  };
}

describe('no part of a record can steer the terminal or look like another record', () => {
  for (const [what, text] of Object.entries(HOSTILE)) {
    const parts: Record<string, Partial<LogRecord>> = {
      message: { message: text },
      'message of an event': { message: text, event: 'step_end' },
      event: { event: text },
      component: { component: text },
      metadata: { metadata: { [text]: text } },
      'name of a framework event': { event: 'framework_event', metadata: { name: text } },
      error: { error: { type: text, message: text, stack: text, code: text } },
      cause: { error: { type: 'Error', message: 'x', stack: 'x', cause: { type: text, message: text, stack: text } } },
    };
    test(what, () => {
      for (const [part, fields] of Object.entries(parts)) {
        for (const details of [false, true]) {
          assertHarmless(formatRecord(record(fields), { paint: plain, details }), `${part}, details ${details}`);
          const painted = formatRecord(record(fields), { paint: colored, details });
          // eslint-disable-next-line no-control-regex
          assertHarmless(painted.replaceAll(/\u001b\[\d+m/g, ''), `${part} in color, details ${details}`);
        }
        assertHarmless(sanitizeJson(record(fields)), `${part} as JSON`);
      }
    });
  }
});

test('further lines of a message are indented below the record', () => {
  assert.equal(
    formatRecord(record({ message: 'one\n14:15:03.123 INFO  003 adapter      two' }), { paint: plain }),
    '14:15:03.123 WARN  003 adapter      one\n    14:15:03.123 INFO  003 adapter      two',
  );
});

test('metadata and stacks are shown only with details; outside of steps a dash replaces the step number', () => {
  const failed = record({
    step: null,
    message: 'failed',
    metadata: { count: 2 },
    error: {
      type: 'Error',
      message: 'no answer',
      stack: 'Error: no answer\n    at work',
      cause: { type: 'Error', message: 'deep' },
    },
  });
  const first = '14:15:03.123 WARN    - adapter      failed';
  assert.equal(formatRecord(failed, { paint: plain }), `${first}\n    Error: no answer\n    caused by Error: deep`);
  assert.equal(
    formatRecord(failed, { paint: plain, details: true }),
    `${first}\n    {"count":2}\n    Error: no answer\n        at work\n    caused by Error: deep`,
  );
});
