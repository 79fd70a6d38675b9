/** What the service of the default scenario has to do after each of its six steps. */
import assert from 'node:assert/strict';
import type { Service } from './started-service.ts';

type Json = Record<string, unknown>;

/** Create, read, list, update in both ways, delete, and the answers to what is wrong. Leaves nothing behind. */
async function checkCollection(
  service: Service,
  path: string,
  record: Json,
  change: Json,
  invalid: readonly Json[],
): Promise<void> {
  const created = await service.call('POST', path, record);
  assert.equal(created.status, 201, `POST ${path}: ${JSON.stringify(created.json)}`);
  const { id } = created.json;
  const whole = { ...created.json, ...record };
  assert.deepEqual(created.json, whole);

  const address = `${path}/${id}`;
  assert.deepEqual(await service.call('GET', address), { status: 200, json: whole });
  const list = await service.call('GET', path);
  assert.equal(list.status, 200);
  assert.deepEqual(list.json.at(-1), whole);

  assert.deepEqual(await service.call('PATCH', address, change), { status: 200, json: { ...whole, ...change } });
  assert.deepEqual(await service.call('PUT', address, record), { status: 200, json: whole });

  for (const body of invalid) {
    for (const [method, target] of [
      ['POST', path],
      ['PUT', address],
    ] as const) {
      const refused = await service.call(method, target, body);
      assert.equal(refused.status, 400, `${method} ${target} ${JSON.stringify(body)}`);
      assert.equal(typeof refused.json.error, 'string');
    }
  }
  assert.equal((await service.call('POST', path, '{"broken')).status, 400);
  assert.deepEqual(await service.call('GET', address), { status: 200, json: whole }, 'invalid input changes nothing');

  assert.deepEqual(await service.call('DELETE', address), { status: 204, json: null });
  for (const method of ['GET', 'DELETE']) assert.equal((await service.call(method, address)).status, 404);
  assert.equal((await service.call('PATCH', address, change)).status, 404);
}

/** The records that stay from step to step, by their ids. */
export interface Kept {
  student?: number;
  email?: string | null;
  course?: number;
  enrolment?: number;
  teacher?: number;
}

const EMAIL = 'ada@example.org';

/** Checks the service as it has to be after `step`, and leaves records for the next one. */
export async function checkAfterStep(service: Service, step: number, kept: Kept): Promise<void> {
  const student = step === 1 ? { name: 'Ada' } : { name: 'Ada', email: EMAIL };
  const badStudents = [
    {},
    { name: '' },
    { name: 3 },
    ...(step === 1 ? [] : [{ name: 'Ada' }, { name: 'Ada', email: 'nowhere' }, { name: 'Ada', email: 'a@b@c' }]),
    // The fixed answer to the question of step 3 bounds every text.
    ...(step < 3 ? [] : [{ ...student, name: 'x'.repeat(201) }]),
  ];
  for (const path of ['//', '/nothing', '/students/__proto__', '/%']) assert.equal((await service.call('GET', path)).status, 404);
  assert.equal((await service.call('HEAD', '/health')).status, 200);
  await checkCollection(service, '/students', student, { name: 'Grace' }, badStudents);
  if (kept.student === undefined) {
    kept.student = (await service.call('POST', '/students', { ...student, name: 'Kept' })).json.id;
    kept.email = step === 1 ? null : EMAIL;
  } else {
    // A student of step 1 was stored before there were e-mail addresses.
    const json = { id: kept.student, name: 'Kept', email: kept.email };
    assert.deepEqual(await service.call('GET', `/students/${kept.student}`), { status: 200, json });
    assert.equal((await service.call('PATCH', `/students/${kept.student}`, { name: 'Kept' })).status, 200);
  }
  if (step >= 3) {
    await checkCollection(service, '/courses', { name: 'Logic', level: 'advanced' }, { level: 'beginner' }, [{}, { name: '' }]);
    kept.course ??= (await service.call('POST', '/courses', { name: 'Kept' })).json.id;
  }
  if (step >= 4) await checkEnrolment(service, kept);
  if (step >= 5) {
    await checkCollection(service, '/teachers', { name: 'Alan', email: 'alan@example.org' }, { name: 'Kurt' }, [
      { name: 'Alan' },
      { email: EMAIL },
    ]);
    kept.teacher ??= (await service.call('POST', '/teachers', { name: 'Kept', email: EMAIL })).json.id;
  }
  if (step >= 6) await checkAssignment(service, kept);
}

async function checkEnrolment(service: Service, kept: Kept): Promise<void> {
  const pair = { student_id: kept.student, course_id: kept.course };
  if (kept.enrolment === undefined) {
    await checkCollection(service, '/enrollments', pair, { grade: 'A' }, [
      {},
      { ...pair, student_id: 999 },
      { ...pair, course_id: 'x' },
      { ...pair, student_id: [kept.student] },
      { ...pair, student_id: { toString: 1 } },
    ]);
    const created = await service.call('POST', '/enrollments', pair);
    assert.equal(created.json.grade, null);
    kept.enrolment = created.json.id;
  }
  assert.equal((await service.call('POST', '/enrollments', pair)).status, 409);
  assert.equal((await service.call('GET', `/enrollments/${kept.enrolment}`)).status, 200);

  const other = (await service.call('POST', '/students', { name: 'Gone', email: EMAIL })).json.id;
  const enrolment = (await service.call('POST', '/enrollments', { ...pair, student_id: other })).json.id;
  assert.equal((await service.call('PATCH', `/enrollments/${enrolment}`, pair)).status, 409);
  assert.equal((await service.call('DELETE', `/students/${other}`)).status, 204);
  assert.equal((await service.call('GET', `/enrollments/${enrolment}`)).status, 404, 'enrolments go with their student');
}

async function checkAssignment(service: Service, kept: Kept): Promise<void> {
  const address = `/courses/${kept.course}`;
  assert.equal((await service.call('GET', address)).json.teacher_id, null, 'a course of an earlier step');
  const teacher = (await service.call('POST', '/teachers', { name: 'Gone', email: EMAIL })).json.id;
  assert.deepEqual((await service.call('GET', `/teachers/${teacher}/courses`)).json, []);
  assert.equal((await service.call('PATCH', address, { teacher_id: teacher })).json.teacher_id, teacher);
  const courses = await service.call('GET', `/teachers/${teacher}/courses`);
  assert.deepEqual(
    courses.json.map((course: Json) => course['id']),
    [kept.course],
  );
  assert.equal((await service.call('PATCH', address, { teacher_id: 999 })).status, 400);
  assert.equal((await service.call('GET', '/teachers/999/courses')).status, 404);
  assert.equal((await service.call('DELETE', `/teachers/${teacher}`)).status, 204);
  assert.equal((await service.call('GET', address)).json.teacher_id, null, 'courses stay when their teacher goes');
}
