/** What the provider's minutes show about single steps. */
import type { StepResolution } from '../../schema/index.ts';
import { ledgerTotals } from '../totals.ts';
import type { LedgerCall } from '../ledger.ts';
import type { ProviderMinutes } from './reading.ts';
import { MINUTE_MS, minutesOfCall, minuteStarts, unionOf } from './window.ts';

/**
 * One entry per step. A step shorter than a minute is not resolvable, even if no other step shares its minute: its usage cannot
 * be separated from other usage in that minute.
 *
 * @param sharedStarts the minutes that the run shares with others
 */
export function stepResolutions(
  steps: readonly number[],
  run: { readonly calls: readonly LedgerCall[]; readonly endedAt: number },
  sharedStarts: ReadonlySet<number>,
  provider: ProviderMinutes,
): StepResolution[] {
  return steps.map((step) => {
    const calls = run.calls.filter((call) => call.step === step);
    const ledger = ledgerTotals(calls);
    const unknown = { step, ledger, at_least: null, at_most: null };
    const [first] = calls;
    if (first === undefined) return { ...unknown, resolution: 'no_calls', seconds: null };
    const ends = calls.map(({ endedAt, startedAt }) => Math.max(startedAt, endedAt ?? run.endedAt));
    const milliseconds =
      ends.reduce((a, b) => Math.max(a, b)) - calls.reduce((least, { startedAt }) => Math.min(least, startedAt), first.startedAt);
    const seconds = milliseconds / 1000;
    if (milliseconds < MINUTE_MS) return { ...unknown, resolution: 'not_resolvable', seconds };

    const minutes = unionOf(calls.map((call) => minutesOfCall(call, run.endedAt)));
    const rest = run.calls.filter((call) => call.step !== step).map((call) => minutesOfCall(call, run.endedAt));
    const shared = minuteStarts(rest, minutes);
    const within = (at: number): boolean => at >= minutes.start && at < minutes.end;
    const isOwn = (at: number): boolean => within(at) && !shared.has(at) && !sharedStarts.has(at);
    const isWhole = [...minuteStarts([minutes], minutes)].every(isOwn);
    return {
      step,
      resolution: isWhole ? 'whole' : 'bound',
      seconds,
      ledger,
      at_least: provider.sum(isOwn),
      at_most: provider.sum(within),
    };
  });
}
