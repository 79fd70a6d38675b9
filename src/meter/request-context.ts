/** A client's request and what is known before its body is read: which run and attempt it belongs to, and their settings. */
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
  /** Relative to the endpoint's root, beginning with `/`; without the query. */
  readonly path: string;
  /** The path that wires are matched against: without a trailing `/`. */
  readonly wirePath: string;
  /** With its `?`, or empty. */
  readonly query: string;
}

/** What all calls of one run share. */
export interface RunSettings {
  readonly upstream: Upstream;
  readonly askStreamUsage: boolean;
  readonly prices: PriceBook;
  /** False when nothing is charged: limits on cost are then ignored. */
  readonly priced: boolean;
  readonly budgets: readonly Budget[];
  readonly recorder: ExchangeRecorder | null;
  readonly estimator: Estimator;
  /** Null when responses reach the client unfiltered. */
  readonly filter: ResponseFilter | null;
  /** Milliseconds on a monotonic clock. */
  readonly now: () => number;
}

/** What the calls of one attempt, or of a run outside its attempts, have in common. */
export interface CallScope {
  /** Null outside attempts. */
  readonly step: number | null;
  readonly attempt: number | null;
  readonly ledger: Ledger;
  /** Digest of a request → ids of its failed calls that have not been retried yet, oldest first. */
  readonly failed: Map<string, string[]>;
  readonly inFlight: Set<Promise<void>>;
  /** Aborted when a budget refused a call. */
  readonly budgetExceeded: AbortController;
}

export interface RequestContext {
  readonly settings: RunSettings;
  readonly scope: CallScope;
  readonly attribution: EventMetadata<'llm_call'>['attribution'];
  /** The framework phase, if the call was sent to the address of one. */
  readonly phase: string | null;
  readonly target: Target;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborts the signals of the endpoint and of the attempt. */
  readonly onBudgetExceeded: (refusal: BudgetRefusal) => void;
}

/** Opens a call scope in the current log scope. */
export function openCallScope(at: { readonly step: number; readonly attempt: number } | null): CallScope {
  return {
    step: at?.step ?? null,
    attempt: at?.attempt ?? null,
    ledger: openLedger(),
    failed: new Map(),
    inFlight: new Set(),
    budgetExceeded: new AbortController(),
  };
}

const CLOSE_LIMIT_MS = 2_000;

/** Resolves when the calls have ended, or after two seconds. */
export async function waitForCalls(calls: Iterable<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_LIMIT_MS);
  });
  await Promise.race([Promise.allSettled(calls), limit]);
  clearTimeout(timer);
}
