/** Reads what an agent tells of itself: what it used, how it went, what it did. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { OutputLine } from '../../exec/index.ts';
import { sumComplete } from '../../format/index.ts';
import { parseJson, type ClaimedUsage } from '../../schema/index.ts';
import type { AgentMessage, AgentOutcome, AgentReport } from './preset.ts';

/** A line longer than this is no report. */
const LONGEST_LINE = 16 * 1024 * 1024;

export interface ReportReader {
  readonly onLine: (line: OutputLine) => void;
  /** Null where the agent said nothing. */
  end(home: string): { readonly usage: ClaimedUsage | null; readonly outcome: AgentOutcome | null };
}

/** @param onMessage of each message in the agent's files, in their order, while `end` reads them; `file` is relative to the folder */
export function reportReader(report: AgentReport, onMessage: (message: AgentMessage, file: string) => void): ReportReader {
  const { from } = report;
  let usage: ClaimedUsage | null = null;
  let outcome: AgentOutcome | null = null;
  let held = '';
  const read = (text: string): unknown => {
    const value = jsonOf(text);
    if (value === undefined) return undefined;
    const used = report.usageOf(value);
    if (used !== null) usage = usage === null ? used : addedUsage(usage, used);
    outcome = report.outcomeOf(value) ?? outcome;
    return value;
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
      if (from === 'stdout') return { usage, outcome };
      for (const { file, text } of textsOf(join(home, from.folder))) {
        const value = read(text);
        if (value === undefined) continue;
        for (const message of report.messagesOf?.(value) ?? []) onMessage(message, file);
      }
      return { usage, outcome };
    },
  };
}

/** A .json file is one value, a .jsonl file one a line. */
function* textsOf(folder: string): Iterable<{ file: string; text: string }> {
  for (const file of filesOf(folder)) {
    const text = (): string => readFileSync(join(folder, file), 'utf8');
    if (file.endsWith('.json')) yield { file, text: text() };
    if (file.endsWith('.jsonl'))
      yield* text()
        .split('\n')
        .map((line) => ({ file, text: line }));
  }
}

/** An agent that ended early may not have made the folder. */
function filesOf(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .toSorted();
  } catch {
    return [];
  }
}

function jsonOf(text: string): unknown {
  return text.startsWith('{') || text.startsWith('[') ? parseJson(text) : undefined;
}

/** The sum of two reports; null where one of them does not say. */
export function addedUsage(one: ClaimedUsage, other: ClaimedUsage): ClaimedUsage {
  const sum = (key: keyof ClaimedUsage): number | null => sumComplete([one[key], other[key]]);
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), calls: sum('calls') };
}
