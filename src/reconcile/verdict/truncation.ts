/** Limits the lists of an attempt so that it always fits into one record. */
import type { ProviderReading, StepResolution } from '../../schema/index.ts';
import { sumUsage } from '../totals.ts';

const MAX_STEPS = 400;
const MAX_RUNS = 200;
const MAX_MODELS = 50;
const MAX_NAMES = 10;

/** Steps with provider figures are kept before the others. */
export function truncateSteps(steps: readonly StepResolution[]): StepResolution[] {
  if (steps.length <= MAX_STEPS) return [...steps];
  const resolved = steps.filter(({ at_most }) => at_most !== null);
  const rest = steps.filter(({ at_most }) => at_most === null);
  return [...resolved, ...rest].slice(0, MAX_STEPS).sort((a, b) => a.step - b.step);
}

export function truncateReading(reading: ProviderReading): ProviderReading {
  const { models, shared_with } = reading;
  const rest = models.slice(MAX_MODELS);
  const others = rest.length === 0 ? [] : [{ model: '(other models)', ...sumUsage(rest) }];
  return { ...reading, models: [...models.slice(0, MAX_MODELS), ...others], shared_with: shared_with.slice(0, MAX_RUNS) };
}

/** `a, b and 3 more` */
export function truncateNames(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? ` and ${names.length - MAX_NAMES} more` : '';
  return `${names.slice(0, MAX_NAMES).join(', ')}${more}`;
}
