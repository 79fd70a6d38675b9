import type { ClaimedUsage } from '../../schema.ts';

/** The sum of two reports; null where one of them does not say. */
export function addedUsage(one: ClaimedUsage, other: ClaimedUsage): ClaimedUsage {
  const sum = (key: keyof ClaimedUsage): number | null => {
    const [a, b] = [one[key], other[key]];
    return a === null || b === null ? null : a + b;
  };
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), calls: sum('calls') };
}
