/** Reads the report of an agent: usage, outcome, messages. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { OutputLine } from '../../exec/index.ts';
import { sumComplete } from '../../format/index.ts';
import { parseJson, type ClaimedUsage } from '../../schema/index.ts';
import type { AgentMessage, AgentOutcome, AgentReport } from './preset.ts';

/** A longer line is not a report. */
const MAX_LINE_CHARACTERS = 16 * 1024 * 1024;

export interface ReportReader {
  readonly onLine: (line: OutputLine) => void;
  /** Null where the agent reported nothing. */
  end(home: string): { readonly usage: ClaimedUsage | null; readonly outcome: AgentOutcome | null };
}

/** @param onMessage of each message in the agent's files, in their order, while `end` reads them; `file` is relative to the folder */
export function reportReader(report: AgentReport, onMessage: (message: AgentMessage, file: string) => void): ReportReader {
  const { from } = report;
  let usage: ClaimedUsage | null = null;
  let outcome: AgentOutcome | null = null;
  let buffered = '';
  const read = (text: string): unknown => {
    const value = parseJsonText(text);
    if (value === undefined) return undefined;
    const used = report.usageOf(value);
    if (used !== null) usage = usage === null ? used : addUsage(usage, used);
    outcome = report.outcomeOf(value) ?? outcome;
    return value;
  };
  return {
    onLine({ stream, text, part, lastPart }) {
      if (from !== 'stdout' || stream !== 'stdout') return;
      if (part === undefined || part === 1) buffered = '';
      if (buffered.length + text.length > MAX_LINE_CHARACTERS) return;
      buffered += text;
      if (part === undefined || lastPart === true) read(buffered);
    },
    end(home) {
      if (from === 'stdout') return { usage, outcome };
      for (const { file, text } of readReports(join(home, from.folder))) {
        const value = read(text);
        if (value === undefined) continue;
        for (const message of report.messagesOf?.(value) ?? []) onMessage(message, file);
      }
      return { usage, outcome };
    },
  };
}

/** A .json file holds one value, a .jsonl file one value per line. */
function* readReports(folder: string): Iterable<{ file: string; text: string }> {
  for (const file of listFiles(folder)) {
    const text = (): string => readFileSync(join(folder, file), 'utf8');
    if (file.endsWith('.json')) yield { file, text: text() };
    if (file.endsWith('.jsonl'))
      yield* text()
        .split('\n')
        .map((line) => ({ file, text: line }));
  }
}

/** An agent that ended early may not have made the folder. */
function listFiles(folder: string): string[] {
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

function parseJsonText(text: string): unknown {
  return text.startsWith('{') || text.startsWith('[') ? parseJson(text) : undefined;
}

/** The sum of two reports; a field is null when one of them lacks it. */
export function addUsage(one: ClaimedUsage, other: ClaimedUsage): ClaimedUsage {
  const sum = (key: keyof ClaimedUsage): number | null => sumComplete([one[key], other[key]]);
  return { input_tokens: sum('input_tokens'), output_tokens: sum('output_tokens'), calls: sum('calls') };
}
