/** The flow of HTTP checks against a service that behaves, and against one that does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appOf, validated } from './recorded-validation.ts';

const create = {
  name: 'create',
  entity: 'student',
  operation: 'create',
  method: 'POST',
  path: '/students',
  body: { name: 'Ada {{unique}}' },
  expect: { status: 201, json: { name: 'Ada {{unique}}' } },
  save: { student_id: 'id' },
};
const read = {
  name: 'read',
  entity: 'student',
  operation: 'read',
  path: '/students/{{student_id}}',
  expect: { json: { id: '{{student_id}}' } },
};

test('checks create, read, list, update and delete a record with values saved by earlier checks', async () => {
  const http = [
    create,
    read,
    { name: 'list', operation: 'list', path: '/students', expect: { status: 200, json: [{ id: '{{student_id}}' }] } },
    {
      name: 'update',
      operation: 'update',
      method: 'PATCH',
      path: '/students/{{student_id}}',
      body: { step: '{{step}}' },
      expect: { json: { step: 1 } },
    },
    { name: 'delete', operation: 'delete', method: 'DELETE', path: '/students/{{student_id}}', expect: { status: [200, 204] } },
    { name: 'gone', path: '/students/{{student_id}}', expect: { status: 404 } },
  ];
  const { result, of, checks, records } = await validated({ app: appOf(), http }, 'healthy');
  assert.deepEqual(checks(), ['create: ok', 'read: ok', 'list: ok', 'update: ok', 'delete: ok', 'gone: ok']);
  assert.equal(of('http_check')[1]?.path, '/students/1');
  assert.equal(of('http_check')[1]?.status, 200);
  const { duration_seconds, ...counts } = of('validation_end')[0]!;
  assert.ok(duration_seconds >= 0);
  assert.deepEqual(counts, {
    artifacts_passed: 0,
    artifacts_total: 0,
    app_started: true,
    checks_passed: 6,
    checks_total: 6,
    crud_passed: 5,
    crud_total: 5,
    polls: 1,
    polls_failed: 0,
    down_seconds: 0,
  });
  assert.deepEqual(result, { ...counts, duration_seconds, interrupted: false });
  assert.deepEqual(
    records
      .map((record) => record.event)
      .filter((event) => !['log', 'http_check', 'process_start', 'process_end'].includes(event)),
    ['app_start', 'process_output', 'app_ready', 'validation_end'],
  );
  assert.match(records.find((record) => record.event === 'process_output')!.message, /^listening on \d+$/);
  assert.deepEqual(
    records.filter((record) => ['warn', 'error', 'fatal'].includes(record.level)).map((record) => record.message),
    [],
    'a good validation warns of nothing',
  );
});

test('values in a path are encoded, headers are sent, and a partial match ignores other fields', async () => {
  const http = [
    { ...create, body: { name: 'a/b?c&d ü' }, expect: {}, save: { name: 'name' } },
    {
      name: 'echo',
      path: '/echo?q={{name}}&n={{unique}}',
      headers: { 'X-Test': '{{unique}}' },
      expect: { json: { query: { q: 'a/b?c&d ü', n: 'uabc' }, headers: { 'x-test': 'uabc', accept: 'application/json' } } },
    },
  ];
  assert.deepEqual((await validated({ app: appOf(), http }, 'healthy')).checks(), ['create: ok', 'echo: ok']);
});

test('a check applies from its first to its last step', async () => {
  const http = [
    { name: 'always', path: '/students' },
    { name: 'from 2', path: '/students', from_step: 2 },
    { name: 'until 2', path: '/students', until_step: 2 },
    { name: 'only 3', path: '/students', from_step: 3, until_step: 3 },
  ];
  const at = async (step: number) =>
    (await validated({ app: appOf(), http }, 'healthy', { step })).checks().map((check) => check.replace(': ok', ''));
  assert.deepEqual(await at(1), ['always', 'until 2']);
  assert.deepEqual(await at(3), ['always', 'from 2', 'only 3']);
});

test('a check fails with a reason when a value it needs was not saved', async () => {
  const { checks, of } = await validated({ app: appOf(), http: [create, read] }, 'error500');
  assert.deepEqual(checks(), [
    'create: answered 500, expected 201: "{\\"error\\":\\"out of order\\"}"',
    'read: not sent: it needs {{student_id}}, which no earlier check could save',
  ]);
  assert.deepEqual([of('http_check')[0]?.status, of('http_check')[1]?.status], [500, null]);
  assert.equal(of('http_check')[1]?.path, '/students/{{student_id}}');
  const { checks_passed, checks_total, crud_passed, crud_total } = of('validation_end')[0]!;
  assert.deepEqual([checks_passed, checks_total, crud_passed, crud_total], [0, 2, 0, 2]);
});

test('a wrong value fails the check and is not saved', async () => {
  const { checks } = await validated({ app: appOf(), http: [create, read] }, 'wrong');
  assert.equal(checks()[0], 'create: answered 201, but $.name is "somebody else", expected "Ada uabc"');
  assert.match(checks()[1]!, /^read: not sent/);
});

test('a value to be saved that is not in the answer fails the check', async () => {
  const http = [{ ...create, save: { student_id: 'data.items[0].id' } }];
  const { checks } = await validated({ app: appOf(), http }, 'healthy');
  assert.match(checks()[0]!, /^create: answered 201, but \$\.data is missing, to be saved as student_id; the body is \{/);
});

const misbehavior: [mode: string, says: RegExp][] = [
  ['reset', /^create: (connection reset|socket hang up)$/],
  ['not-json', /^create: answered 201, but the body is not JSON: "<html>no<\/html>"$/],
  ['redirect', /^create: answered 302, expected 201$/],
  ['cut', /^create: the answer broke off/],
  ['huge', /^create: answered 201 with a body of more than \d+ bytes$/],
  ['headers', /^create: .*[Hh]eader/],
  ['html', /^create: ok$/],
];
for (const [mode, says] of misbehavior) {
  test(`a wrong answer fails the check, not the run: ${mode}`, async () => {
    const { checks, result } = await validated({ app: appOf(), http: [{ ...create, expect: { status: 201, json: {} } }] }, mode);
    assert.match(checks()[0]!, says);
    assert.equal(result.app_started, true);
  });
}

for (const [mode, says] of [
  ['silent', /^create: no answer within 0\.3 s$/],
  ['endless', /^create: the answer did not end within 0\.3 s$/],
] as const) {
  test(`an answer that does not end within the time limit fails the check: ${mode}`, async () => {
    const { checks } = await validated({ app: appOf({ request_timeout_seconds: 0.3 }), http: [create] }, mode);
    assert.match(checks()[0]!, says);
  });
}

test('a saved value with invalid Unicode can be sent in a later check', async () => {
  const http = [
    { name: 'odd', method: 'POST', path: '/students', body: { odd: '\ud800' }, save: { odd: 'odd' } },
    { name: 'sent', path: '/echo?q={{odd}}', expect: { json: { query: { q: '\ufffd' } } } },
  ];
  const { checks } = await validated({ app: appOf(), http }, 'healthy');
  assert.deepEqual(checks(), ['odd: ok', 'sent: ok']);
});
