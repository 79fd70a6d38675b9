/** What one logger needs in one scope, computed once: its file and the constant parts of its lines. */
import type { AppendFile } from '../store.ts';
import { headOf, tailOf, type HeadFields } from './head.ts';
import type { Head, Tail } from './line.ts';

export interface Slot {
  readonly file: AppendFile;
  /** Records below `error` may be buffered. */
  readonly buffered: boolean;
  readonly fields: HeadFields;
  /** By level; made when first used. */
  readonly heads: (Head | null)[];
  readonly tail: Tail;
}

export function slotOf(file: AppendFile, buffered: boolean, fields: HeadFields, attempt: number | null, writer: string): Slot {
  return { file, buffered, fields, heads: [null, null, null, null, null], tail: tailOf(attempt, writer) };
}

export function slotHead(slot: Slot, level: number): Head {
  return (slot.heads[level] ??= headOf(level, slot.fields));
}
