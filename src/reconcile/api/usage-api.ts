/** The provider-independent interface of usage APIs. */
import type { EventMetadata, UsageFigures, UsageFilter, UsageProvider } from '../../schema/index.ts';

export interface UsageQuery {
  /** A whole minute; the window may not be empty. */
  readonly start: Date;
  /** A whole minute, exclusive. */
  readonly end: Date;
  readonly filter: UsageFilter;
  readonly signal?: AbortSignal | undefined;
}

/** Usage of one model (and key) in one minute. A figure that the provider did not report is null. */
export interface UsageRow extends UsageFigures {
  readonly model: string | null;
  readonly api_key_id: string | null;
  readonly report: 'completions' | 'embeddings' | 'messages';
}

/** One clock minute. A minute without rows had no usage. Times are ISO 8601, UTC, with milliseconds. */
export interface UsageBucket {
  readonly start: string;
  readonly end: string;
  readonly rows: readonly UsageRow[];
}

/** The request failed, or its answer could not be read. It says nothing about the usage. */
export interface UsageFailure {
  readonly status: 'failed';
  /** One sentence: what was requested, and what happened instead. */
  readonly reason: string;
  readonly fix: string;
  /** False when a retry cannot succeed until a key or a setting is changed. */
  readonly retryable: boolean;
}

export type UsageAnswer =
  | {
      readonly status: 'ok';
      /** When the first page was requested; usage booked later may be missing. */
      readonly fetchedAt: string;
      /** Ascending, without gaps: one for each minute of the window. */
      readonly buckets: readonly UsageBucket[];
      readonly pages: number;
    }
  | UsageFailure;

export type CostAnswer =
  | {
      readonly status: 'ok';
      /**
       * US dollars for whole days, for everything that matches the filter, so an upper bound of the run's cost. Anthropic cannot
       * filter costs by key: the amount covers all keys of the workspace or organization. Null when the provider reported no
       * amount, or not for every day, or when a day was not over yet.
       */
      readonly usd: number | null;
      /** The requested days, UTC; `end` is exclusive. */
      readonly start: string;
      readonly end: string;
    }
  | UsageFailure;

/** A raw answer, or the failure to get one. Never contains the admin key. */
export type RawPage = Omit<EventMetadata<'usage_api_response'>, 'reconciliation_attempt' | 'part' | 'last_part'> & {
  readonly error?: Error;
};

/** One provider, queried with one admin key. */
export interface UsageApi {
  readonly provider: UsageProvider;
  /** Every minute of the window. Rejects only when the query's signal aborts, with its reason. */
  fetchUsage(query: UsageQuery): Promise<UsageAnswer>;
  /** Whole days that contain the window. Rejects only when the query's signal aborts, with its reason. */
  fetchCosts(query: UsageQuery): Promise<CostAnswer>;
}

export interface UsageApiOptions {
  readonly provider: UsageProvider;
  /** With its version, such as `https://api.openai.com/v1`; default: the provider's own. */
  readonly baseUrl?: string | undefined;
  readonly adminKey: string;
  /** Masks secrets in messages and recorded answers; default: the admin key and anything that looks like a key. */
  readonly redact?: ((text: string) => string) | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Resolves after `ms`; rejects when the signal aborts. */
  readonly wait?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly now?: (() => Date) | undefined;
  /** Timeout of one request and its answer, in milliseconds; default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** In [0, 1), for jitter. */
  readonly random?: (() => number) | undefined;
  /** Called for every answer and every failure to get one, before it is parsed. */
  readonly onResponse: (page: RawPage) => void;
}
