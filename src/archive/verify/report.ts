/** What verification found. */

/** One difference: what is printed or recorded is not what the logs in the archive say. */
export interface VerifyItem {
  /** What was compared: `run.tar.gz sha256`, `logs_summary.txt FINAL METRICS: Total Tokens`, `workspace/start.sh`. */
  readonly item: string;
  /** As printed or recorded. */
  readonly expected: string;
  /** As recomputed from the archive, or found on disk. */
  readonly actual: string;
}

/** What `verifyRun` found. */
export interface VerifyReport {
  /** True when there is no item: nothing differs. */
  readonly ok: boolean;
  /** The run directory or archive that was checked. */
  readonly location: string;
  /** The differences, in the order in which they were found. */
  readonly items: VerifyItem[];
  /** What could not be checked, and why; no difference. */
  readonly notes: readonly string[];
  /** How much was compared, so that nothing checked is not taken for nothing wrong. */
  readonly checked: Readonly<Record<CheckedThing, number>>;
}

/** What verification counts, each by its own unit: members, records, lines, fields, events, files, attempts. */
export type CheckedThing =
  | 'archive_members'
  | 'log_records'
  | 'summary_lines'
  | 'metrics_fields'
  | 'metadata_fields'
  | 'hitl_events'
  | 'files_on_disk'
  | 'reconciliation_attempts';

/** Collects differences; every check reports through it. */
export class Differences {
  readonly items: VerifyItem[] = [];
  readonly notes: string[] = [];
  readonly checked: Record<CheckedThing, number> = {
    archive_members: 0,
    log_records: 0,
    summary_lines: 0,
    metrics_fields: 0,
    metadata_fields: 0,
    hitl_events: 0,
    files_on_disk: 0,
    reconciliation_attempts: 0,
  };

  add(item: string, expected: string, actual: string): void {
    this.items.push({ item, expected, actual });
  }

  note(text: string): void {
    this.notes.push(text);
  }

  count(thing: CheckedThing, by = 1): void {
    this.checked[thing] += by;
  }

  /** Compares two values by their JSON; true when they are the same. */
  compare(item: string, expected: unknown, actual: unknown): boolean {
    const [printed, found] = [shown(expected), shown(actual)];
    if (printed !== found) this.add(item, printed, found);
    return printed === found;
  }
}

/** As a person reads it: text as it is, everything else as JSON. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent');
}
