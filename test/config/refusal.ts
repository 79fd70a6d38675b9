import assert from 'node:assert/strict';
import { StepwellError } from '../../src/errors/index.ts';

/** Sentence and fix of the error of the catalog that `action` throws. */
export function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof StepwellError) return `${error.message} ${error.fix}`;
    throw error;
  }
  return assert.fail('nothing was refused');
}
