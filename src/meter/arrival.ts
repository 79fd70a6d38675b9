/** A client's request, and what is known of it before anything is read: whose it is, and by which rules it is treated. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { EventMetadata } from '../schema.ts';
import type { Account } from './account.ts';
import type { Budget, BudgetRefusal } from './budget.ts';
import type { Estimator } from './estimator.ts';
import type { ExchangeRecorder } from './exchange.ts';
import type { Omission } from './omission.ts';
import type { PriceBook } from './price.ts';
import type { Target } from './route.ts';
import type { Upstream } from './upstream.ts';

/** What all calls of a run share. */
export interface RunMeters {
  readonly upstream: Upstream;
  readonly askStreamUsage: boolean;
  readonly prices: PriceBook;
  /** False where nothing is charged: a limit on cost then never counts. */
  readonly priced: boolean;
  readonly budgets: readonly Budget[];
  readonly recorder: ExchangeRecorder | null;
  readonly estimator: Estimator;
  /** Null where the client gets answers whole. */
  readonly omission: Omission | null;
  /** Milliseconds on a clock that never runs backwards. */
  readonly now: () => number;
}

export interface Arrival {
  readonly meters: RunMeters;
  readonly account: Account;
  readonly attribution: EventMetadata<'llm_call'>['attribution'];
  /** Of the attempt, where the call was sent to the address of one. */
  readonly phase: string | null;
  readonly target: Target;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Tells those who opened the endpoint that a budget is used up. */
  readonly exceeded: (refusal: BudgetRefusal) => void;
}
