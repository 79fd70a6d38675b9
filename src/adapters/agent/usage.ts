/** An agent's own token report, added up. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OutputLine } from '../../exec.ts';
import type { ClaimedUsage } from '../../schema.ts';
import type { AgentReport } from './preset.ts';

/** A line longer than this is no report. */
const LONGEST_LINE = 16 * 1024 * 1024;

export interface UsageReader {
  readonly onLine: (line: OutputLine) => void;
  /** Null when the agent said nothing. */
  end(home: string): ClaimedUsage | null;
}

export function usageReader({ from, usageOf }: AgentReport): UsageReader {
  let total: ClaimedUsage | null = null;
  let held = '';
  const read = (text: string): void => {
    const value = jsonOf(text);
    const usage = value === undefined ? null : usageOf(value);
    if (usage !== null) total = total === null ? usage : added(total, usage);
  };
  return {
    onLine({ stream, text, part, lastPart }) {
      if (from !== 'stdout' || stream !== 'stdout') return;
      if (part === undefined || part === 1) held = '';
      if (held.length + text.length > LONGEST_LINE) return;
      held += text;
      if (part === undefined || lastPart === true) read(held);
    },
    end(home) {
      if (from !== 'stdout') {
        for (const text of textsOf(join(home, from.folder))) read(text);
      }
      return total;
    },
  };
}

/** A .json file is one value, a .jsonl file one a line. */
function* textsOf(folder: string): Iterable<string> {
  for (const entry of entriesOf(folder)) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    if (entry.name.endsWith('.json')) yield readFileSync(path, 'utf8');
    if (entry.name.endsWith('.jsonl')) yield* readFileSync(path, 'utf8').split('\n');
  }
}

/** An agent that ended early may not have made the folder. */
function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
}

function jsonOf(text: string): unknown {
  if (!text.startsWith('{') && !text.startsWith('[')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function added(one: ClaimedUsage, other: ClaimedUsage): ClaimedUsage {
  const sum = (key: keyof ClaimedUsage): number | null => {
    const [a, b] = [one[key], other[key]];
    return a === null || b === null ? null : a + b;
  };
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), calls: sum('calls') };
}
