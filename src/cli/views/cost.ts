/** Dollars in a table: cents are too coarse for runs that cost less than a dollar. */
import { formatUsd, UNKNOWN } from '../../format/index.ts';

export function costText(usd: number | null, absent = UNKNOWN): string {
  return formatUsd(usd, usd !== null && usd < 0.995 ? 4 : 2, absent);
}
