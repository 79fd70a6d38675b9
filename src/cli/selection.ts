/** `1,3-5` as a test of step ids. */
import { stepwellError } from '../errors.ts';

/** @throws BAD_OPTION */
export function stepFilter(text: string): (step: number | null) => boolean {
  const ranges = text.split(',').map((part) => {
    const match = /^\s*(\d{1,9})(?:\s*-\s*(\d{1,9}))?\s*$/.exec(part);
    const from = Number(match?.[1]);
    const to = Number(match?.[2] ?? match?.[1]);
    if (match === null || from > to) {
      throw stepwellError('BAD_OPTION', {
        option: '--step',
        value: text,
        reason: 'which names no steps',
        fix: 'Give step numbers and ranges, such as 3 or 1,3-5.',
      });
    }
    return { from, to };
  });
  return (step) => step !== null && ranges.some(({ from, to }) => step >= from && step <= to);
}
