/** What the calls of one attempt, or of a run outside of its attempts, are entered in. */
import { openLedger, type Ledger } from './ledger.ts';

export interface Account {
  /** Null outside of attempts. */
  readonly step: number | null;
  readonly attempt: number | null;
  readonly ledger: Ledger;
  /** Digest of a request → its calls that failed and were not sent again so far, oldest first. */
  readonly failed: Map<string, string[]>;
  readonly inFlight: Set<Promise<void>>;
  /** Aborted when a call was refused for a budget. */
  readonly exceeded: AbortController;
}

/** Opens the account of the log scope in which it is called. */
export function openAccount(at: { readonly step: number; readonly attempt: number } | null): Account {
  return {
    step: at?.step ?? null,
    attempt: at?.attempt ?? null,
    ledger: openLedger(),
    failed: new Map(),
    inFlight: new Set(),
    exceeded: new AbortController(),
  };
}

const CLOSE_LIMIT_MS = 2_000;

/** Resolves when the work has ended, after two seconds at the latest. */
export async function settled(work: Iterable<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_LIMIT_MS);
  });
  await Promise.race([Promise.allSettled(work), limit]);
  clearTimeout(timer);
}
