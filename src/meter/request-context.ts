/** A client's request, and what is known of it before anything is read: whose it is, and by which rules it is treated. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventMetadata } from '../schema/index.ts';
import type { Budget, BudgetRefusal } from './budget.ts';
import type { Estimator } from './estimates/estimator.ts';
import type { ExchangeRecorder } from './exchange.ts';
import { openLedger, type Ledger } from './ledger.ts';
import type { PriceBook } from './pricing/prices.ts';
import type { ResponseFilter } from './response-reader.ts';
import type { Upstream } from './transport/upstream.ts';

export interface Target {
  /** Below the endpoint's root, beginning with `/`; without the query. */
  readonly path: string;
  /** As wires know it: without a `/` at its end. */
  readonly known: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** What all calls of a run share. */
export interface RunSettings {
  readonly upstream: Upstream;
  readonly askStreamUsage: boolean;
  readonly prices: PriceBook;
  /** False where nothing is charged: a limit on cost then never counts. */
  readonly priced: boolean;
  readonly budgets: readonly Budget[];
  readonly recorder: ExchangeRecorder | null;
  readonly estimator: Estimator;
  /** Null where the client gets answers whole. */
  readonly filter: ResponseFilter | null;
  /** Milliseconds on a clock that never runs backwards. */
  readonly now: () => number;
}

/** What the calls of one attempt, or of a run outside of its attempts, are entered in. */
export interface CallScope {
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

export interface RequestContext {
  readonly settings: RunSettings;
  readonly scope: CallScope;
  readonly attribution: EventMetadata<'llm_call'>['attribution'];
  /** Of the attempt, where the call was sent to the address of one. */
  readonly phase: string | null;
  readonly target: Target;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Tells those who opened the endpoint that a budget is used up. */
  readonly exceeded: (refusal: BudgetRefusal) => void;
}

/** Opens the call scope of the log scope in which it is called. */
export function openCallScope(at: { readonly step: number; readonly attempt: number } | null): CallScope {
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

/** Resolves when the calls have ended, after two seconds at the latest. */
export async function callsEnded(calls: Iterable<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_LIMIT_MS);
  });
  await Promise.race([Promise.allSettled(calls), limit]);
  clearTimeout(timer);
}
