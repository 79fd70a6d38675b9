/** The verdict of an attempt: the new state of the run. A pure function of the earlier attempts and this one. */
import { pluralize } from '../../format/index.ts';
import type {
  ReconciliationAttempt,
  ReconciliationSettings,
  ReconciliationState,
  UsageComparison,
  UsageFigures,
} from '../../schema/index.ts';
import { compareUsage } from './comparison.ts';
import { hasUnknownTokens, ZERO_USAGE } from '../totals.ts';
import { agreementText, changeText, instantText } from './sentences.ts';
import { countedReadings, EMPTY_READING, isDue, readingKey, type CountedReading, type RecordedQuery } from './stable-readings.ts';

export type Outcome =
  | {
      readonly kind: 'reading';
      readonly reading: NonNullable<ReconciliationAttempt['reading']>;
      readonly comparison: UsageComparison;
    }
  | { readonly kind: 'failed'; /** A sentence. */ readonly reason: string };

export interface VerdictInput {
  /** Oldest first. */
  readonly earlier: readonly ReconciliationAttempt[];
  readonly query: RecordedQuery;
  readonly outcome: Outcome;
  readonly settings: ReconciliationSettings;
  /** Since the run's end. */
  readonly ageHours: number;
}

export type Verdict = Pick<
  ReconciliationAttempt,
  'state' | 'reason' | 'equal_readings' | 'first_equal_at' | 'verified_at' | 'comparison' | 'waiting_ended'
> & {
  /** True for a reading that counts. */
  readonly counts: boolean;
};

/** States that need no further reading, regardless of the run's age. */
export function isSettled(state: ReconciliationState): boolean {
  return state === 'verified' || state === 'mismatch' || state === 'not_applicable';
}

export function verdictOf(input: VerdictInput): Verdict {
  return input.outcome.kind === 'failed'
    ? verdictAfterFailure(input.earlier, input.outcome.reason)
    : verdictOnReading(input, input.outcome);
}

/** A settled state is kept, and earlier readings still count. */
function verdictAfterFailure(earlier: readonly ReconciliationAttempt[], reason: string): Verdict {
  const last = earlier.at(-1);
  const wasSettled = last !== undefined && isSettled(last.state);
  return {
    state: wasSettled ? last.state : 'unavailable',
    reason: wasSettled ? `${reason} The earlier result is kept.` : reason,
    equal_readings: last?.equal_readings ?? 0,
    first_equal_at: last?.first_equal_at ?? null,
    verified_at: last?.verified_at ?? null,
    comparison: last?.comparison ?? null,
    waiting_ended: last?.waiting_ended ?? false,
    counts: false,
  };
}

function verdictOnReading(input: VerdictInput, { reading, comparison }: Extract<Outcome, { kind: 'reading' }>): Verdict {
  const { earlier, query, settings, ageHours } = input;
  const before = countedReadings(earlier, query);
  const last = before.at(-1) ?? null;
  const newest: CountedReading = { fetchedAt: reading.fetched_at, key: readingKey(reading, comparison), comparison };
  const counts = isDue(reading.fetched_at, last, settings);
  const stableReadings = counts ? [...before, newest] : before;
  // The first reading counts, so there is one.
  const decisive = stableReadings.at(-1) ?? newest;
  const equal = stableReadings.slice(stableReadings.findLastIndex(({ key }) => key !== decisive.key) + 1);
  const firstAt = (equal[0] ?? decisive).fetchedAt;
  const newComparison = decisive === newest ? comparison : recompare(decisive, comparison, settings);

  const tooOld = ageHours > settings.max_age_hours;
  const verdict = decideState(
    { equal: equal.length, empty: decisive.key === EMPTY_READING, comparison: newComparison, tooOld },
    settings,
  );
  const { state, awaitsFigures } = verdict;
  const waitingEnded = tooOld && !isSettled(state);
  const notes = [
    verdict.sentence,
    counts ? changeNote(last, newest, earlier) : uncountedNote(newest, decisive, settings),
    waitingEnded ? `The run ended more than ${settings.max_age_hours} hours ago, so no further reading is needed.` : null,
    state === 'provisional' && !waitingEnded ? nextNote(decisive, settings) : null,
  ];
  const previous = earlier.at(-1);
  const verifiedBefore = previous?.state === 'verified' && previous.first_equal_at === firstAt ? previous.verified_at : null;
  return {
    state,
    reason: notes.filter((note) => note !== null).join(' '),
    equal_readings: awaitsFigures ? 0 : equal.length,
    first_equal_at: awaitsFigures ? null : firstAt,
    verified_at: state === 'verified' ? (verifiedBefore ?? reading.fetched_at) : null,
    // Compared with a ledger that has tokens, an empty reading would look like a loss of all of them.
    comparison: awaitsFigures && decisive.key === EMPTY_READING ? null : newComparison,
    waiting_ended: waitingEnded,
    counts,
  };
}

/** Compares an earlier reading again, with the current settings. */
function recompare(
  { comparison }: CountedReading,
  now: UsageComparison,
  { threshold_percent: thresholdPercent }: ReconciliationSettings,
): UsageComparison {
  const { claim, ledger, joint_ledger: joint, explanations } = comparison ?? now;
  const provider = comparison?.provider ?? ZERO_USAGE;
  return { ...compareUsage({ claim, ledger, joint, provider, thresholdPercent }), explanations };
}

interface StateDecision {
  readonly state: ReconciliationState;
  readonly sentence: string;
  /** There is nothing to compare yet; equal readings without figures do not prove completeness. */
  readonly awaitsFigures: boolean;
}

function decideState(
  readings: { equal: number; empty: boolean; comparison: UsageComparison; tooOld: boolean },
  { required_readings: required, threshold_percent: threshold, interval_minutes: interval }: ReconciliationSettings,
): StateDecision {
  const { equal, comparison, tooOld } = readings;
  const waiting: ReconciliationState = tooOld ? 'unavailable' : 'pending';
  const spacing = required > 1 ? `, at least ${pluralize(interval, 'minute')} apart` : '';
  if (hasUnknownTokens(comparison.provider)) {
    return { state: waiting, sentence: 'The provider’s answer lacks some token figures.', awaitsFigures: true };
  }
  if (readings.empty && expectsTokens(comparison.joint_ledger ?? comparison.ledger)) {
    if (!tooOld || equal < required)
      return { state: waiting, sentence: 'The provider has no figures for these minutes.', awaitsFigures: true };
    const says = `The provider has no figures for these minutes in ${pluralize(equal, 'reading')}${spacing}.`;
    return { state: 'mismatch', sentence: says, awaitsFigures: false };
  }
  const agrees = agreementText(comparison, threshold);
  if (equal < required) {
    const says = `${equal} of ${pluralize(required, 'equal reading')}: ${agrees}.`;
    return { state: 'provisional', sentence: says, awaitsFigures: false };
  }
  const says = `${pluralize(equal, 'equal reading')}${spacing}: ${agrees}.`;
  return { state: comparison.within_threshold ? 'verified' : 'mismatch', sentence: says, awaitsFigures: false };
}

/** Also true when the ledger's figures are unknown. */
function expectsTokens({ input_tokens, output_tokens }: UsageFigures): boolean {
  return input_tokens !== 0 || output_tokens !== 0;
}

function changeNote(
  last: CountedReading | null,
  newest: CountedReading,
  earlier: readonly ReconciliationAttempt[],
): string | null {
  if (last === null) {
    const asked = earlier.some(({ reading }) => reading !== null);
    return asked ? 'Earlier readings used another filter or window, so they do not count.' : null;
  }
  if (last.key === newest.key) return null;
  const change = changeText(last.comparison?.provider ?? ZERO_USAGE, newest.comparison?.provider ?? ZERO_USAGE);
  return `Since ${instantText(last.fetchedAt)} ${change}, so the count restarts.`;
}

function uncountedNote(
  newest: CountedReading,
  decisive: CountedReading,
  { interval_minutes: interval }: ReconciliationSettings,
): string {
  const minutes = Math.floor((Date.parse(newest.fetchedAt) - Date.parse(decisive.fetchedAt)) / 60_000);
  const change =
    newest.key === decisive.key
      ? ''
      : `; ${changeText(decisive.comparison?.provider ?? ZERO_USAGE, newest.comparison?.provider ?? ZERO_USAGE)}`;
  return `This reading is ${pluralize(minutes, 'minute')} after the last counted one, less than the interval of ${interval}, so it does not count${change}.`;
}

function nextNote({ fetchedAt }: CountedReading, { interval_minutes: interval }: ReconciliationSettings): string {
  return `The next reading counts from ${instantText(Date.parse(fetchedAt) + interval * 60_000)}.`;
}
