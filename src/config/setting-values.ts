/** What a setting outside the file may be. Without zod, since the directory of runs is such a setting and every command reads it. */
import { LEVELS } from '../schema/vocabulary.ts';
import { hasKeyShape } from '../secrets/index.ts';

/** Accepts values of one type. */
export interface SettingValue<T> {
  /** For a sentence: `must be …`. */
  readonly expected: string;
  readonly accepts: (value: unknown) => value is T;
}

/** Anything that is not blank. */
export const text: SettingValue<string> = {
  expected: 'non-empty text',
  accepts: (value): value is string => typeof value === 'string' && /\S/.test(value),
};

/** Text that is understood only later. */
export const anyText: SettingValue<string> = { expected: 'text', accepts: (value) => typeof value === 'string' };

export const flag: SettingValue<boolean> = { expected: 'true or false', accepts: (value) => typeof value === 'boolean' };

export const level: SettingValue<(typeof LEVELS)[number]> = {
  expected: `one of ${LEVELS.join(', ')}`,
  accepts: (value): value is (typeof LEVELS)[number] => (LEVELS as readonly unknown[]).includes(value),
};

export const usageId: SettingValue<string> = {
  expected: 'the id that the provider shows, not the key itself',
  accepts: (value): value is string => typeof value === 'string' && /^[\w.-]+$/.test(value) && !hasKeyShape(value),
};

export function number(min: number, max: number): SettingValue<number> {
  return {
    expected: `a number from ${min} to ${max}`,
    accepts: (value): value is number => typeof value === 'number' && value >= min && value <= max,
  };
}

export function wholeNumber(min: number, max: number): SettingValue<number> {
  return {
    expected: `a whole number from ${min} to ${max}`,
    accepts: (value): value is number => Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}
