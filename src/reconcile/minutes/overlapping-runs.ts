/** Finds other runs of the runs directory that may have used the same minutes under the same key or project. */
import { openRun, type CatalogRun } from '../../catalog/index.ts';
import { canBeBilledBy, readLedger, type LedgerCall, type RunLedger, type RunUsageApi } from '../ledger.ts';
import { visibilityOf, joinMinutes, type JointMinutes, type OverlappingRun } from './shared-minutes.ts';
import { minutesOfRun, overlaps, type MinuteRange } from './window.ts';

export interface OverlappingRuns {
  readonly joint: JointMinutes;
  /** Runs whose usage is not known yet: live ones, and crashed ones without a finished record. */
  readonly unfinished: readonly CatalogRun[];
  /** Names of runs that may have used the minutes and cannot be read. */
  readonly unreadable: readonly string[];
}

/** Ledgers of finished runs by directory; these no longer change. */
export type LedgerCache = Map<string, RunLedger>;

/**
 * Checks every run whose time overlaps the window, and repeats this each time the window has grown.
 *
 * @param runs all runs of the runs directory
 */
export async function findOverlappingRuns(
  self: {
    readonly dir: string;
    readonly window: MinuteRange;
    readonly usageApi: RunUsageApi;
    /** False when `run` configures another admin key or address, so it may belong to another account. */
    readonly isSameAccount: (run: CatalogRun) => Promise<boolean>;
  },
  runs: readonly CatalogRun[],
  cache: LedgerCache = new Map(),
): Promise<OverlappingRuns> {
  const isBilled = (call: LedgerCall): boolean => canBeBilledBy(self.usageApi.provider, call);
  const overlappingRuns: OverlappingRun[] = [];
  const unfinished: CatalogRun[] = [];
  const unreadable: string[] = [];
  let remaining = runs.filter((run) => run.dir !== self.dir && mayBeBilled(run));
  let joint = joinMinutes(self.window, []);
  for (;;) {
    const overlapping = remaining.filter((run) => mayOverlap(run, joint.minutes));
    if (overlapping.length === 0) return { joint, unfinished, unreadable };
    remaining = remaining.filter((run) => !overlapping.includes(run));
    for (const run of overlapping) {
      const { framework, run_id: runId } = run.entry;
      const ledger = await cachedLedger(run, cache);
      if (ledger === null) {
        unreadable.push(`${framework}/${runId}`);
        continue;
      }
      const { start } = ledger;
      if (start === null || start.rehearsal || start.replay) continue;
      if (start.usageApi === null || start.usageApi === 'unrecorded') continue;
      let visibility = visibilityOf(self.usageApi, start.usageApi);
      if (visibility === null) continue;
      if (visibility === 'certain' && !(await self.isSameAccount(run))) visibility = 'possible';
      if (run.state === 'finished')
        overlappingRuns.push({ framework, runId, visibility, ledger: { ...ledger, calls: ledger.calls.filter(isBilled) } });
      else unfinished.push(run);
    }
    joint = joinMinutes(self.window, overlappingRuns);
  }
}

function mayBeBilled({ entry }: CatalogRun): boolean {
  return entry.rehearsal !== true && entry.verification_status !== 'not_applicable';
}

/** Uses the times in the index; a run without times may overlap anything. */
function mayOverlap({ entry }: CatalogRun, minutes: MinuteRange): boolean {
  const start = entry.start_time === null ? Number.NEGATIVE_INFINITY : Date.parse(entry.start_time);
  const end = entry.end_time === null ? Number.POSITIVE_INFINITY : Date.parse(entry.end_time);
  return overlaps(minutesOfRun(start, end), minutes);
}

/** Null when the run is gone or cannot be read. */
async function cachedLedger(run: CatalogRun, cache: LedgerCache): Promise<RunLedger | null> {
  const known = cache.get(run.dir);
  if (known !== undefined) return known;
  if (run.state === 'missing') return null;
  try {
    await using source = await openRun({ kind: 'directory', ...run });
    const ledger = await readLedger(source);
    if (run.state === 'finished') cache.set(run.dir, ledger);
    return ledger;
  } catch {
    // The error is reported when that run itself is reconciled; here its usage is just unknown.
    return null;
  }
}
