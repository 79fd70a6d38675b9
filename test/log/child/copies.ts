/** Loads two copies of the package; each must see the other's context. */
import { strict as assert } from 'node:assert';
import type * as log from '../../../src/log/index.ts';

const [logsDir = '', one = '', two = ''] = process.argv.slice(2);
type Copy = typeof log;
const a = (await import(one)) as Copy;
const b = (await import(two)) as Copy;
assert.notEqual(a.withRun, b.withRun);
assert.equal(a.LogContext.getInstance(), b.LogContext.getInstance());
a.withRun({ runId: 'r1', framework: 'f', logsDir }, () =>
  b.withStep(2, () => {
    a.getLogger('m', { component: 'adapter' }).info('by a');
    b.getLogger('m', { component: 'adapter' }).info('by b');
    assert.deepEqual(a.currentScope(), b.currentScope());
  }),
);
