/** An attempt is one record, whatever the number of steps, runs and models: what would not fit is left out by rule. */
import type { ProviderReading, StepResolution } from '../../schema/index.ts';
import { sumFigures } from '../figures.ts';

const MOST_STEPS = 400;
const MOST_RUNS = 200;
const MOST_MODELS = 50;
const MOST_NAMES = 10;

/** Those of which the provider's minutes tell something come before the others. */
export function boundedSteps(steps: readonly StepResolution[]): StepResolution[] {
  if (steps.length <= MOST_STEPS) return [...steps];
  const told = steps.filter(({ at_most }) => at_most !== null);
  const rest = steps.filter(({ at_most }) => at_most === null);
  return [...told, ...rest].slice(0, MOST_STEPS).sort((a, b) => a.step - b.step);
}

export function boundedReading(reading: ProviderReading): ProviderReading {
  const { models, shared_with } = reading;
  const rest = models.slice(MOST_MODELS);
  const others = rest.length === 0 ? [] : [{ model: '(other models)', ...sumFigures(rest) }];
  return { ...reading, models: [...models.slice(0, MOST_MODELS), ...others], shared_with: shared_with.slice(0, MOST_RUNS) };
}

/** `a, b and 3 more` */
export function boundedNames(names: readonly string[]): string {
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}
