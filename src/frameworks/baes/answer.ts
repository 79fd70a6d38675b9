/** The final answer of BAEs: one JSON object somewhere among colored progress lines. */
import { z } from 'zod';
import type { OutputLine } from '../../exec/index.ts';
import { parseJson } from '../../schema/index.ts';

const Answer = z.looseObject({ success: z.boolean(), error: z.unknown().optional(), result: z.unknown().optional() });
type Answer = z.infer<typeof Answer>;

/** A few progress lines follow the answer. At most this many lines that look like an answer are parsed. */
const MAX_PARSE_ATTEMPTS = 100;

/** The last such object that starts at the beginning of a line, or null. Lines are free of terminal sequences already. */
export function findAnswer(stdout: readonly string[]): Answer | null {
  let tries = 0;
  for (let from = stdout.length - 1; from >= 0 && tries < MAX_PARSE_ATTEMPTS; from -= 1) {
    const line = stdout[from]!;
    if (!line.startsWith('{')) continue;
    tries += 1;
    // A multi-line object ends at the next closing brace in the first column.
    const end = line === '{' ? stdout.indexOf('}', from) : from;
    if (end === -1) continue;
    const parsed = Answer.safeParse(parseJson(stdout.slice(from, end + 1).join('\n')));
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** Why an answer is a failure, whatever its `success` says; null when it is not. One line. */
export function answerFailure(answer: Answer): string | null {
  if (!answer.success) return `it answered: ${errorOf(answer)}`;
  const forced = findEntries(
    answer.result,
    ([key, value]) => /^(force_accepted|max_retries_reached)$/.test(key) && value === true,
  );
  if (forced.length > 0) return `it claims success, but accepted its own rejected work: ${forced[0]}`;
  const failed = findEntries(answer.result, ([key, value]) => key === 'success' && value === false);
  if (failed.length > 0) return `it claims success, but says of a part of its work that it failed: ${failed[0]}`;
  return null;
}

function errorOf({ error, result }: Answer): string {
  const inner = z.looseObject({ error: z.unknown(), message: z.unknown() }).partial().safeParse(result).data;
  const reasons = [error, inner?.error, inner?.message].filter((each) => typeof each === 'string' && each !== '') as string[];
  return reasons.length === 0
    ? 'success: false, without a reason'
    : [...new Set(reasons)].join(': ').replace(/\s+/g, ' ').slice(0, 500);
}

/** Paths of entries anywhere in `value`, such as `result.execution_results.3.force_accepted`. */
function findEntries(value: unknown, wanted: (entry: [string, unknown]) => boolean, at = 'result'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap((entry) => {
    const path = `${at}.${entry[0]}`;
    return [...(wanted(entry) ? [path] : []), ...findEntries(entry[1], wanted, path)];
  });
}

/** A hundred times the size of a long answer. */
const MAX_TAIL_CHARACTERS = 4 * 1024 * 1024;

export interface OutputTail {
  /** Whole lines of stdout. */
  readonly lines: readonly string[];
  push(line: OutputLine): void;
}

/** Keeps the end of the output, where the answer is; a flood of output before it is dropped. */
export function createOutputTail(limit: number = MAX_TAIL_CHARACTERS): OutputTail {
  const lines: string[] = [];
  let characters = 0;
  return {
    lines,
    push({ stream, text, part }) {
      if (stream !== 'stdout') return;
      if (part !== undefined && part > 1) {
        lines.push(`${lines.pop() ?? ''}${text}`);
        characters += text.length;
      } else {
        lines.push(text);
        // An empty line takes memory, too.
        characters += text.length + 1;
      }
      while (characters > limit && lines.length > 0) characters -= lines.shift()!.length + 1;
    },
  };
}
