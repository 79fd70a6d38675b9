/** Words that may come from a log mean nothing but themselves, in every place of a report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldRecords, renderMarkdown } from '../../../src/summary/index.ts';
import { Recording } from '../recording.ts';

const HOSTILE = '<img src=x> | ![](http://evil) `code` \u202e**bold**\n# title';

test('model, cause, notes, messages and last lines are escaped', async () => {
  const recording = new Recording(HOSTILE).start(1, { model: HOSTILE, adapter: HOSTILE }).prepare().phaseStart('steps');
  recording.stepStart(1).attemptStart(1, 1).output(1, 1, '```').output(1, 1, HOSTILE);
  recording.call({ step: 1, attempt: 1 }, { 'gen_ai.request.model': HOSTILE, cost_nano_usd: null });
  recording.attemptEnd(1, 1, { status: 'failed', reason: 'exit_code' }, HOSTILE).stepEnd(1, 1, 1, 'failed');
  recording.end({ status: 'failed', failing_phase: 'steps', failing_step: 1 }, { type: 'E', message: HOSTILE });
  const markdown = renderMarkdown(await foldRecords(recording.items()), null);
  // The last lines of output are fenced, by more marks than any of them has.
  const [outside = '', fenced = ''] = markdown.split(/^````.*$/m);
  assert.match(fenced, /^```$/m);
  const rest = outside + (markdown.split(/^````$/m)[1] ?? '');
  assert.ok(rest.split('\\<img src=x\\>').length > 6, rest);
  assert.doesNotMatch(rest, /(?<!\\)<img|(?<!\\)!\[|\u202e|^# title/mu);
});
