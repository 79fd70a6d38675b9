/** Where a run stands after an attempt. A pure function of the attempts so far and this one. */
import { counted } from '../../format/index.ts';
import type {
  ReconciliationAttempt,
  ReconciliationSettings,
  ReconciliationState,
  UsageComparison,
  UsageFigures,
} from '../../schema/index.ts';
import { compare } from './comparison.ts';
import { isIncomplete, NO_USE } from '../figures.ts';
import { agreementText, changeText, instantText } from './sentences.ts';
import { countedReadings, EMPTY, isDue, readingKey, type CountedReading, type Question } from './stable-readings.ts';

export type Outcome =
  | {
      readonly kind: 'reading';
      readonly reading: NonNullable<ReconciliationAttempt['reading']>;
      readonly comparison: UsageComparison;
    }
  | { readonly kind: 'failed'; /** A sentence. */ readonly reason: string };

export interface Case {
  /** Oldest first. */
  readonly earlier: readonly ReconciliationAttempt[];
  readonly question: Question;
  readonly outcome: Outcome;
  readonly settings: ReconciliationSettings;
  /** Since the run's end. */
  readonly ageHours: number;
}

export type Judgement = Pick<
  ReconciliationAttempt,
  'state' | 'reason' | 'equal_readings' | 'first_equal_at' | 'verified_at' | 'comparison' | 'waiting_ended'
> & {
  /** True for a reading that counts. */
  readonly counts: boolean;
};

/** Nothing further is awaited in these states, whatever the run's age. */
export function isSettled(state: ReconciliationState): boolean {
  return state === 'verified' || state === 'mismatch' || state === 'not_applicable';
}

export function judge(it: Case): Judgement {
  return it.outcome.kind === 'failed' ? judgeFailure(it.earlier, it.outcome.reason) : judgeReading(it, it.outcome);
}

/** What was settled stays settled, and earlier readings go on counting. */
function judgeFailure(earlier: readonly ReconciliationAttempt[], reason: string): Judgement {
  const last = earlier.at(-1);
  const stands = last !== undefined && isSettled(last.state);
  return {
    state: stands ? last.state : 'unavailable',
    reason: stands ? `${reason} What was settled before stands.` : reason,
    equal_readings: last?.equal_readings ?? 0,
    first_equal_at: last?.first_equal_at ?? null,
    verified_at: last?.verified_at ?? null,
    comparison: last?.comparison ?? null,
    waiting_ended: last?.waiting_ended ?? false,
    counts: false,
  };
}

function judgeReading(it: Case, { reading, comparison }: Extract<Outcome, { kind: 'reading' }>): Judgement {
  const { earlier, question, settings, ageHours } = it;
  const before = countedReadings(earlier, question);
  const last = before.at(-1) ?? null;
  const newest: CountedReading = { fetchedAt: reading.fetched_at, key: readingKey(reading, comparison), comparison };
  const counts = isDue(reading.fetched_at, last, settings);
  const series = counts ? [...before, newest] : before;
  // The first reading counts, so there is one.
  const decisive = series.at(-1) ?? newest;
  const equal = series.slice(series.findLastIndex(({ key }) => key !== decisive.key) + 1);
  const firstAt = (equal[0] ?? decisive).fetchedAt;
  const decided = decisive === newest ? comparison : comparisonOf(decisive, comparison, settings);

  const tooOld = ageHours > settings.max_age_hours;
  const verdict = verdictOf({ equal: equal.length, empty: decisive.key === EMPTY, comparison: decided, tooOld }, settings);
  const { state, awaitsFigures } = verdict;
  const ended = tooOld && !isSettled(state);
  const notes = [
    verdict.says,
    counts ? changeNote(last, newest, earlier) : uncountedNote(newest, decisive, settings),
    ended ? `The run ended more than ${settings.max_age_hours} hours ago, so nothing further is awaited.` : null,
    state === 'provisional' && !ended ? nextNote(decisive, settings) : null,
  ];
  const previous = earlier.at(-1);
  const verifiedBefore = previous?.state === 'verified' && previous.first_equal_at === firstAt ? previous.verified_at : null;
  return {
    state,
    reason: notes.filter((note) => note !== null).join(' '),
    equal_readings: awaitsFigures ? 0 : equal.length,
    first_equal_at: awaitsFigures ? null : firstAt,
    verified_at: state === 'verified' ? (verifiedBefore ?? reading.fetched_at) : null,
    // Beside a ledger with tokens, nothing would read as a loss of all of them.
    comparison: awaitsFigures && decisive.key === EMPTY ? null : decided,
    waiting_ended: ended,
    counts,
  };
}

/** The comparison of an earlier reading, by the settings of today. */
function comparisonOf(
  { comparison }: CountedReading,
  now: UsageComparison,
  { threshold_percent: thresholdPercent }: ReconciliationSettings,
): UsageComparison {
  const { claim, ledger, joint_ledger: joint, explanations } = comparison ?? now;
  const provider = comparison?.provider ?? NO_USE;
  return { ...compare({ claim, ledger, joint, provider, thresholdPercent }), explanations };
}

interface Verdict {
  readonly state: ReconciliationState;
  readonly says: string;
  /** There is nothing to compare yet, and equal readings of nothing are no sign of completeness. */
  readonly awaitsFigures: boolean;
}

function verdictOf(
  it: { equal: number; empty: boolean; comparison: UsageComparison; tooOld: boolean },
  { required_readings: required, threshold_percent: threshold, interval_minutes: interval }: ReconciliationSettings,
): Verdict {
  const { equal, comparison, tooOld } = it;
  const waiting: ReconciliationState = tooOld ? 'unavailable' : 'pending';
  const apart = required > 1 ? `, at least ${counted(interval, 'minute')} apart` : '';
  if (isIncomplete(comparison.provider)) {
    return { state: waiting, says: 'The provider left out figures of tokens that it counted.', awaitsFigures: true };
  }
  if (it.empty && expectsTokens(comparison.joint_ledger ?? comparison.ledger)) {
    if (!tooOld || equal < required)
      return { state: waiting, says: 'The provider has no figures for these minutes.', awaitsFigures: true };
    const says = `The provider has no figures for these minutes in ${counted(equal, 'reading')}${apart}.`;
    return { state: 'mismatch', says, awaitsFigures: false };
  }
  const agrees = agreementText(comparison, threshold);
  if (equal < required) {
    const says = `${equal} of ${counted(required, 'equal reading')}: ${agrees}.`;
    return { state: 'provisional', says, awaitsFigures: false };
  }
  const says = `${counted(equal, 'equal reading')}${apart}: ${agrees}.`;
  return { state: comparison.within_threshold ? 'verified' : 'mismatch', says, awaitsFigures: false };
}

/** True also where the ledger does not know. */
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
    return asked ? 'Earlier readings asked for something else, so that they do not count.' : null;
  }
  if (last.key === newest.key) return null;
  const change = changeText(last.comparison?.provider ?? NO_USE, newest.comparison?.provider ?? NO_USE);
  return `Since ${instantText(last.fetchedAt)} ${change}, so that the count begins anew.`;
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
      : `; ${changeText(decisive.comparison?.provider ?? NO_USE, newest.comparison?.provider ?? NO_USE)}`;
  return `This reading is ${counted(minutes, 'minute')} after the last that counts, less than the interval of ${interval}, and does not count${change}.`;
}

function nextNote({ fetchedAt }: CountedReading, { interval_minutes: interval }: ReconciliationSettings): string {
  return `The next reading counts from ${instantText(Date.parse(fetchedAt) + interval * 60_000)} on.`;
}
