/** Records logged before any run directory exists. */

/** A logger's identity; the number is the same for the same names in all copies of the package. */
export interface Origin {
  readonly id: number;
  readonly module: string;
  readonly component: string;
}

/** What a caller gives. */
export interface Content {
  readonly event: string;
  readonly message: string;
  readonly metadata: unknown;
  /** Undefined for none. */
  readonly error: unknown;
}

export interface HeldRecord {
  readonly level: number;
  readonly ms: number;
  readonly origin: Origin;
  readonly content: Content;
}

/** More than this before a run begins is a fault; the rest goes where records without a run go. */
const MAX_HELD = 10_000;

export class HeldRecords {
  readonly #outer: HeldRecords | null;
  readonly #records: HeldRecord[] = [];
  /** How many of the records each run has received, by its logs directory. */
  readonly #delivered = new Map<string, number>();

  constructor(outer: HeldRecords | null) {
    this.#outer = outer;
  }

  /** False when there is no room. */
  hold(record: HeldRecord): boolean {
    if (this.#records.length >= MAX_HELD) return false;
    this.#records.push(record);
    return true;
  }

  /** What was held here and around and the run of this logs directory has not received yet, oldest first. */
  deliver(logsDir: string): HeldRecord[] {
    const from = this.#delivered.get(logsDir) ?? 0;
    this.#delivered.set(logsDir, this.#records.length);
    return [...(this.#outer?.deliver(logsDir) ?? []), ...this.#records.slice(from)];
  }

  /** Takes out what no run has received. */
  takeUndelivered(): HeldRecord[] {
    const from = Math.max(0, ...this.#delivered.values());
    this.#delivered.clear();
    return this.#records.splice(0).slice(from);
  }
}
