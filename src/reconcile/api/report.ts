/** What one report of a provider is: where it is asked for, and how its pages are read. */
import { z } from 'zod';
import type { UsageFilter, UsageProvider } from '../../schema/index.ts';
import type { RawPage } from './usage-api.ts';

/** How a page leads to the next one; both providers call the fields the same. */
export const cursorFields = { has_more: z.boolean().nullish(), next_page: z.string().nullish() };

/** The cursor of the page after this one; null after the last. */
export function nextOf(
  page: { has_more?: boolean | null | undefined; next_page?: string | null | undefined },
  context: z.core.$RefinementCtx,
): string | null {
  const named = page.next_page ?? '';
  if (page.has_more === false) return null;
  if (named !== '') return named;
  if (page.has_more === true) {
    context.addIssue({ code: 'custom', path: ['next_page'], message: 'has_more is true, but no next page is named' });
  }
  return null;
}

/** Milliseconds since 1970; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Whose use or cost a row is; null where the answer does not say. */
interface UsageOwner {
  readonly api_key_id: string | null;
  /** OpenAI's project or Anthropic's workspace. */
  readonly project_or_workspace_id: string | null;
}

export interface Bucket<Row> extends Span {
  readonly rows: readonly Row[];
}

export interface Page<Row> {
  readonly buckets: readonly Bucket<Row>[];
  /** The cursor of the next page. */
  readonly next: string | null;
}

export interface Report<Row extends UsageOwner> {
  readonly name: RawPage['report'];
  /** After the base URL. */
  readonly path: string;
  parameters(span: Span, filter: UsageFilter): RawPage['parameters'];
  /** @throws ZodError when the answer has another shape. */
  readPage(answer: unknown): Page<Row>;
}

export interface UsageItem extends UsageOwner {
  readonly model: string | null;
  readonly input_tokens: number | null;
  readonly output_tokens: number | null;
  readonly cached_tokens: number | null;
  readonly api_calls: number | null;
}

export interface CostItem extends UsageOwner {
  /** As in amount.ts. */
  readonly amount: bigint | null;
}

export interface Provider {
  readonly name: UsageProvider;
  readonly title: string;
  readonly baseUrl: string;
  headers(adminKey: string): Record<string, string>;
  readonly usage: readonly (Report<UsageItem> & { readonly name: 'completions' | 'embeddings' | 'messages' })[];
  readonly costs: Report<CostItem>;
  /** What the filter asks for that this provider does not have. */
  readonly unknownFilter: 'project_id' | 'workspace_id';
  readonly access: KeyInfo;
}

/** How a provider's keys are told apart, and what to do when one is refused. */
export interface KeyInfo {
  /** Begins every admin key. */
  readonly adminPrefix: string;
  /** Begins keys that are good for calls to the model. */
  readonly modelKeyPrefix: string;
  /** What a key needs to read usage. */
  readonly scope: string;
  readonly howToGetKey: string;
}

/** A count; some answers carry numbers as text. */
export const optionalCount = z
  .union([
    z.int().nonnegative(),
    z
      .string()
      .regex(/^\d{1,15}$/)
      .transform(Number),
  ])
  .nullish();

export const optionalName = z.string().nullish();

/**
 * Minutes a page. A minute with one row takes about 700 bytes in a record, so a page of a separate key stays far below
 * a record's limit; a busy account without a filter may exceed it.
 */
export const MINUTES_PER_PAGE = 60;

/** Days a page; the least maximum of the providers. */
export const DAYS_PER_PAGE = 31;

/** The row is of the key and place that were asked for, or does not say whose it is. */
export function matchesFilter(row: UsageOwner, filter: UsageFilter): boolean {
  const wanted = filter.project_id ?? filter.workspace_id;
  return (
    (filter.api_key_id === null || row.api_key_id === null || row.api_key_id === filter.api_key_id) &&
    (wanted === null || row.project_or_workspace_id === null || row.project_or_workspace_id === wanted)
  );
}
