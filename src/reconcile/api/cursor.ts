/** How a page leads to the next one; both providers call the fields the same. */
import { z } from 'zod';

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
