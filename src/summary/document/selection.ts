/** Which steps of a long run are shown when there is not room for all. */
import type { StepSummary } from '../../schema/index.ts';
import { statusWord } from './phrases.ts';

/** Share of the room that steps without success may take before the first ones are considered. */
const TROUBLE_SHARE = 0.6;

/** Numbers of the steps to list: all if they fit, else the failing one, others without success, and the first ones. */
export function chooseSteps(
  steps: readonly StepSummary[],
  failingStep: number | null,
  budget: number,
  cost: (step: StepSummary) => number,
): ReadonlySet<number> {
  const chosen = new Set<number>();
  let used = 0;
  const chooseWithin = (candidates: readonly StepSummary[], limit: number): void => {
    for (const step of candidates) {
      if (chosen.has(step.step)) continue;
      const price = cost(step);
      if (used + price > limit) return;
      chosen.add(step.step);
      used += price;
    }
  };
  chooseWithin(
    steps.filter((step) => step.step === failingStep),
    budget,
  );
  chooseWithin(
    steps.filter((step) => step.status !== 'success'),
    budget * TROUBLE_SHARE,
  );
  chooseWithin(steps, budget);
  return chosen;
}

/** `486 SUCCESS, 2 FAILED`, the most frequent first. */
export function statusCounts(steps: readonly StepSummary[]): string {
  const counts = new Map<string, number>();
  for (const step of steps) counts.set(statusWord(step.status), (counts.get(statusWord(step.status)) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([word, count]) => `${count} ${word}`)
    .join(', ');
}
