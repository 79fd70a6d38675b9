/** What reconciliation asks of a provider, in one shape for all of them. */
import type { EventMetadata, UsageFigures, UsageFilter, UsageProvider } from '../../schema/index.ts';

export interface UsageQuery {
  /** A whole minute; the window may not be empty. */
  readonly start: Date;
  /** A whole minute, exclusive. */
  readonly end: Date;
  readonly filter: UsageFilter;
  readonly signal?: AbortSignal | undefined;
}

/** Use of one model (and key) in one minute. A figure that the provider did not give is null. */
export interface UsageRow extends UsageFigures {
  readonly model: string | null;
  readonly api_key_id: string | null;
  readonly report: 'completions' | 'embeddings' | 'messages';
}

/** One clock minute. A minute without rows had no use. Times are ISO 8601, UTC, with milliseconds. */
export interface UsageBucket {
  readonly start: string;
  readonly end: string;
  readonly rows: readonly UsageRow[];
}

/** The provider could not be asked, or its answer could not be read. Nothing may be concluded about the use. */
export interface UsageFailure {
  readonly status: 'failed';
  /** One sentence: what was asked, and what came in its place. */
  readonly reason: string;
  readonly fix: string;
  /** False when asking again cannot help before somebody changes a key or a setting. */
  readonly retryable: boolean;
}

export type UsageAnswer =
  | {
      readonly status: 'ok';
      /** When the first page was asked for: what the provider booked later need not be in it. */
      readonly fetchedAt: string;
      /** Ascending, without holes: one for each minute of the window. */
      readonly buckets: readonly UsageBucket[];
      readonly pages: number;
    }
  | UsageFailure;

export type CostAnswer =
  | {
      readonly status: 'ok';
      /**
       * US dollars of whole days, for everything that the filter lets through, so an upper bound of the run's cost. Anthropic
       * cannot filter costs by key: all keys of the workspace, or of the organisation. Null when the provider gave no amount,
       * or not that of every day, or a day was not over yet.
       */
      readonly usd: number | null;
      /** The days that were asked for, UTC; `end` is exclusive. */
      readonly start: string;
      readonly end: string;
    }
  | UsageFailure;

/** An answer as it came, or the failure to get one. Never holds the admin key. */
export type RawPage = Omit<EventMetadata<'usage_api_response'>, 'reconciliation_attempt' | 'part' | 'last_part'> & {
  readonly error?: Error;
};

/** One provider, asked with one admin key. */
export interface UsageApi {
  readonly provider: UsageProvider;
  /** Every minute of the window. Rejects only when the query's signal aborts, with its reason. */
  fetchUsage(query: UsageQuery): Promise<UsageAnswer>;
  /** Whole days that hold the window. Rejects only when the query's signal aborts, with its reason. */
  fetchCosts(query: UsageQuery): Promise<CostAnswer>;
}

export interface UsageApiOptions {
  readonly provider: UsageProvider;
  /** With its version, such as `https://api.openai.com/v1`; default: the provider's own. */
  readonly baseUrl?: string | undefined;
  readonly adminKey: string;
  /** Takes secrets out of what is said of an answer, which may repeat any; default: the admin key and what looks like a key. */
  readonly redact?: ((text: string) => string) | undefined;
  readonly fetch?: typeof fetch | undefined;
  /** Resolves after `ms`; rejects when the signal aborts. */
  readonly wait?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined;
  readonly now?: (() => Date) | undefined;
  /** For one request and its answer, in milliseconds; default 30,000. */
  readonly timeoutMs?: number | undefined;
  /** In [0, 1), for jitter. */
  readonly random?: (() => number) | undefined;
  /** Called for every answer and every failure to get one, before it is read. */
  readonly onResponse: (page: RawPage) => void;
}
