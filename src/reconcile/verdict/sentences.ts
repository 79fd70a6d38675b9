/** Sentences about the result of an attempt. */
import { formatPercentNear, formatSigned, formatUtc } from '../../format/index.ts';
import type { UsageComparison, UsageFigures } from '../../schema/index.ts';
import { subtract } from '../totals.ts';

/** `2026-11-22 14:15:03 UTC` */
export function instantText(time: string | number): string {
  return `${formatUtc(time)} UTC`;
}

/** Shown in place of an unknown number. */
const UNKNOWN_COUNT = 'an unknown number of';

/** `+12 input and -3 output tokens`; null when neither differs. */
function differenceText({ input_tokens, output_tokens }: Pick<UsageFigures, 'input_tokens' | 'output_tokens'>): string | null {
  const parts = [
    ...(input_tokens === 0 ? [] : [`${formatSigned(input_tokens, UNKNOWN_COUNT)} input`]),
    ...(output_tokens === 0 ? [] : [`${formatSigned(output_tokens, UNKNOWN_COUNT)} output`]),
  ];
  return parts.length === 0 ? null : `${parts.join(' and ')} tokens`;
}

/** Whether the provider agrees with the ledger, and by how much it differs. */
export function agreementText(comparison: UsageComparison, thresholdPercent: number): string {
  const { difference, difference_percent: percent, within_threshold: within } = comparison;
  const differs = differenceText(difference);
  if (differs === null) return 'the provider has the same tokens as the ledger';
  const shown = percent === null ? '' : `, ${formatPercentNear(percent, thresholdPercent)} of this run`;
  const threshold = `${within ? 'within' : 'outside'} the threshold of ${thresholdPercent}%`;
  return `the provider differs from the ledger by ${differs}${shown}, ${threshold}`;
}

/** What changed from one reading to the next. */
export function changeText(before: UsageFigures, now: UsageFigures): string {
  const change = {
    input_tokens: subtract(now.input_tokens, before.input_tokens),
    output_tokens: subtract(now.output_tokens, before.output_tokens),
  };
  const text = differenceText(change);
  if (text === null) return 'figures other than its tokens changed';
  const { input_tokens, output_tokens } = change;
  const all = [input_tokens ?? 0, output_tokens ?? 0];
  const verb = all.every((value) => value >= 0) ? 'grew' : all.every((value) => value <= 0) ? 'shrank' : 'changed';
  return `the provider's figures ${verb} by ${text}`;
}
