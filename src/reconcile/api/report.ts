/** Describes one report of a provider: where to request it, and how to read its pages. */
import { z } from 'zod';
import type { UsageFilter, UsageProvider } from '../../schema/index.ts';
import type { RawPage } from './usage-api.ts';

/** The cursor fields of a page; both providers use the same names. */
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

/** Who a row of usage or cost belongs to; null when the answer does not say. */
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
  /** The filter field that this provider does not support. */
  readonly unknownFilter: 'project_id' | 'workspace_id';
  readonly access: KeyInfo;
}

/** How to recognize a provider's keys, and how to get one. */
export interface KeyInfo {
  /** Prefix of every admin key. */
  readonly adminPrefix: string;
  /** Prefix of keys for model calls. */
  readonly modelKeyPrefix: string;
  /** The scope that a key needs to read usage. */
  readonly scope: string;
  readonly howToGetKey: string;
}

/** A count; some answers contain numbers as text. */
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
 * Minutes per page. A minute with one row takes about 700 bytes in a record, so a page filtered by key stays far below the limit
 * of a record; a busy account without a filter may exceed it.
 */
export const MINUTES_PER_PAGE = 60;

/** Days per page; the smallest maximum of the providers. */
export const DAYS_PER_PAGE = 31;

/** The row belongs to the requested key and project or workspace, or does not say to whom it belongs. */
export function matchesFilter(row: UsageOwner, filter: UsageFilter): boolean {
  const groupId = filter.project_id ?? filter.workspace_id;
  return (
    (filter.api_key_id === null || row.api_key_id === null || row.api_key_id === filter.api_key_id) &&
    (groupId === null || row.project_or_workspace_id === null || row.project_or_workspace_id === groupId)
  );
}
