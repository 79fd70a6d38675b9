/** Reads all pages of one report. */
import { z } from 'zod';
import { parseJson, type UsageFilter } from '../../schema/index.ts';
import { requestPage, type ReportEndpoint } from './request.ts';
import { inconsistentAnswer, invalidJson, unexpectedShape } from './failure.ts';
import { matchesFilter, type Bucket, type Page, type Report, type Span } from './report.ts';
import type { UsageFailure } from './usage-api.ts';

/** Stop after this many consecutive pages without new buckets. */
const MAX_EMPTY_PAGES = 3;

export type ReportAnswer<Row> =
  | { readonly status: 'ok'; readonly buckets: ReadonlyMap<number, Bucket<Row>>; readonly pages: number }
  | UsageFailure;

/** Buckets by their start, with only the rows that match the filter. @throws the reason of the signal when it aborts. */
export async function readReport<Row extends { api_key_id: string | null; project_or_workspace_id: string | null }>(
  endpoint: ReportEndpoint,
  report: Report<Row>,
  span: Span,
  filter: UsageFilter,
  signal: AbortSignal | undefined,
): Promise<ReportAnswer<Row>> {
  const parameters = report.parameters(span, filter);
  const buckets = new Map<number, Bucket<Row>>();
  const cursors = new Set<string>();
  let emptyPages = 0;
  let cursor: string | null = null;
  for (let page = 1; ; page += 1) {
    const answer = await requestPage(endpoint, { report: report.name, parameters, page, cursor, signal });
    if (answer.status === 'failed') return answer;
    const read = readPage(endpoint, report, answer.body);
    if ('status' in read) return read;
    const before = buckets.size;
    for (const { start, end, rows } of read.buckets) {
      if (buckets.has(start)) return inconsistentAnswer(endpoint, `the bucket of ${iso(start)} twice`);
      if (start >= span.start && start < span.end) {
        buckets.set(start, { start, end, rows: rows.filter((row) => matchesFilter(row, filter)) });
      }
    }
    if (read.next === null) return { status: 'ok', buckets, pages: page };
    emptyPages = buckets.size === before ? emptyPages + 1 : 0;
    if (cursors.has(read.next)) return inconsistentAnswer(endpoint, `a page ${page} that leads back to an earlier one`);
    if (emptyPages >= MAX_EMPTY_PAGES)
      return inconsistentAnswer(endpoint, `${emptyPages} consecutive empty pages that each name another page`);
    cursors.add(read.next);
    cursor = read.next;
  }
}

function readPage<Row extends { api_key_id: string | null; project_or_workspace_id: string | null }>(
  endpoint: ReportEndpoint,
  report: Report<Row>,
  body: string,
): Page<Row> | UsageFailure {
  const json = parseJson(body);
  if (json === undefined) return invalidJson(endpoint, body);
  try {
    return report.readPage(json);
  } catch (error) {
    if (error instanceof z.ZodError) return unexpectedShape(endpoint, error);
    throw error;
  }
}

export function iso(time: number): string {
  return new Date(time).toISOString();
}
