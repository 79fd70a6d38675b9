/** The table of wires: a new format is a file of its own and one entry here. */
import { chatCompletions } from './chat.ts';
import type { Wire } from './wire.ts';

const WIRES: readonly Wire[] = [chatCompletions];

/** The wire of a request, or null when the meter does not understand its path. */
export function wireOf(method: string, path: string): Wire | null {
  return WIRES.find((wire) => wire.matches(method, path)) ?? null;
}
