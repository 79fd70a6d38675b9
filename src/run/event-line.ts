/** One line of the file STEPWELL_EVENTS: what it says, or why it is refused. */
import { messageOf } from '../errors.ts';
import { FrameworkEvent, type EventMetadata } from '../schema.ts';
import type { RawLine } from '../store.ts';

/** Longer lines are refused; with what escaping adds, a record still holds the rest. */
export const MAX_EVENT_BYTES = 64 * 1024;
/** Characters of a refused line that are kept. */
const TEXT_KEPT = 1000;

type Refusal = EventMetadata<'framework_event_refused'>;

export type EventLine =
  | { readonly kind: 'event'; readonly event: FrameworkEvent }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'blank' };

/** A line without its newline is taken if it is a whole event: writers may leave out the last one. */
export function readEventLine({ number: line, bytes, text, terminated }: RawLine): EventLine {
  const refused = (reason: Refusal['reason'], detail: string): EventLine => ({
    kind: 'refused',
    refusal: { line, bytes, reason, detail, text: text === null ? null : text.slice(0, TEXT_KEPT) },
  });
  if (text === null) return refused('too_long', `it has ${bytes} bytes; at most ${MAX_EVENT_BYTES} are taken`);
  if (text.trim() === '') return { kind: 'blank' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    if (!terminated) return refused('torn', 'the file ends before the line does');
    return refused('not_json', messageOf(error));
  }
  const parsed = FrameworkEvent.safeParse(value);
  if (parsed.success) return { kind: 'event', event: parsed.data };
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return refused('not_an_event', `${place}${issue?.message ?? 'it has another shape'}`);
}
