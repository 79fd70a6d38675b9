/** What one logger needs in one scope, computed once: its file and the constant parts of its lines. */
import type { AppendFile } from '../store.ts';
import { headOf, tailOf, type HeadFields } from './head.ts';
import type { Head, Tail } from './line.ts';
import type { SecretRedactor } from '../secrets.ts';

/** Events are few; a caller that makes up a new one for each record shall not fill the memory. */
const MAX_HEADS = 64;

export interface Slot {
  readonly file: AppendFile;
  /** Records below `error` may be buffered. */
  readonly buffered: boolean;
  readonly fields: HeadFields;
  /** By level: the head used last. */
  readonly latest: (Head | null)[];
  /** By level and event; made when first used. */
  readonly heads: Map<string, Head>;
  readonly tail: Tail;
}

export function slotOf(file: AppendFile, buffered: boolean, fields: HeadFields, attempt: number | null, writer: string): Slot {
  const latest = [null, null, null, null, null];
  return { file, buffered, fields, latest, heads: new Map(), tail: tailOf(attempt, writer) };
}

export function slotHead(slot: Slot, level: number, event: string, redactor: SecretRedactor): Head {
  const head = slot.latest[level];
  return head?.event === event ? head : otherHead(slot, level, event, redactor);
}

function otherHead({ fields, heads, latest }: Slot, level: number, event: string, redactor: SecretRedactor): Head {
  const key = `${level}${event}`;
  let head = heads.get(key);
  if (head === undefined) {
    if (heads.size >= MAX_HEADS) heads.clear();
    head = headOf(level, fields, event, redactor);
    heads.set(key, head);
  }
  latest[level] = head;
  return head;
}
