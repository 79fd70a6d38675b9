/** How an attempt says what it found. */
import type { UsageComparison, UsageFigures } from '../schema.ts';

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** `2026-11-22 14:15:03 UTC` */
export function instantText(time: string | number): string {
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `+12 input and -3 output tokens`; null when neither differs. */
function differenceText({ input_tokens, output_tokens }: Pick<UsageFigures, 'input_tokens' | 'output_tokens'>): string | null {
  const parts = [
    ...(input_tokens === 0 ? [] : [`${signed(input_tokens)} input`]),
    ...(output_tokens === 0 ? [] : [`${signed(output_tokens)} output`]),
  ];
  return parts.length === 0 ? null : `${parts.join(' and ')} tokens`;
}

function signed(value: number | null): string {
  if (value === null) return 'an unknown number of';
  return value > 0 ? `+${value}` : String(value);
}

/** How the provider stands to the ledger. */
export function agreementText(comparison: UsageComparison, thresholdPercent: number): string {
  const { difference, difference_percent: percent, within_threshold: within } = comparison;
  const differs = differenceText(difference);
  if (differs === null) return 'the provider has the same tokens as the ledger';
  const shown = percent === null ? '' : `, ${percentText(percent, thresholdPercent)} of this run`;
  const threshold = `${within ? 'within' : 'outside'} the threshold of ${thresholdPercent}%`;
  return `the provider has ${differs} against the ledger${shown}, ${threshold}`;
}

/** With two decimals, or with as many as tell it from the threshold. */
function percentText(percent: number, threshold: number): string {
  const rounded = Number(percent.toFixed(2));
  return `${rounded <= threshold === percent <= threshold ? rounded : percent}%`;
}

/** What changed from one reading to the next. */
export function changeText(before: UsageFigures, now: UsageFigures): string {
  const change = {
    input_tokens: minus(now.input_tokens, before.input_tokens),
    output_tokens: minus(now.output_tokens, before.output_tokens),
  };
  const text = differenceText(change);
  if (text === null) return 'other figures than its tokens changed';
  const { input_tokens, output_tokens } = change;
  const all = [input_tokens ?? 0, output_tokens ?? 0];
  const verb = all.every((value) => value >= 0) ? 'grew' : all.every((value) => value <= 0) ? 'shrank' : 'changed';
  return `the provider's figures ${verb} by ${text}`;
}

function minus(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a - b;
}
