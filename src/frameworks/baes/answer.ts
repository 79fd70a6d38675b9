/** What BAEs says at the end: one JSON object somewhere among coloured lines of progress. */
import { z } from 'zod';
import type { OutputLine } from '../../exec/index.ts';
import { parseJson } from '../../schema/index.ts';

const Answer = z.looseObject({ success: z.boolean(), error: z.unknown().optional(), result: z.unknown().optional() });
type Answer = z.infer<typeof Answer>;

/** After the answer there are a few lines of progress; what looks like an answer and is none is read this often. */
const MOST_TRIES = 100;

/** The last such object that starts at the beginning of a line, or null. Lines are free of terminal sequences already. */
export function findAnswer(stdout: readonly string[]): Answer | null {
  let tries = 0;
  for (let from = stdout.length - 1; from >= 0 && tries < MOST_TRIES; from -= 1) {
    const line = stdout[from]!;
    if (!line.startsWith('{')) continue;
    tries += 1;
    // Printed over many lines it ends with the next brace that stands as far left as the first.
    const end = line === '{' ? stdout.indexOf('}', from) : from;
    if (end === -1) continue;
    const parsed = Answer.safeParse(parseJson(stdout.slice(from, end + 1).join('\n')));
    if (parsed.success) return parsed.data;
  }
  return null;
}

/** Why an answer is a failure whatever its `success` says; null when it is none. One line. */
export function refusalOf(answer: Answer): string | null {
  if (!answer.success) return `it answered: ${errorOf(answer)}`;
  const forced = places(answer.result, ([key, value]) => /^(force_accepted|max_retries_reached)$/.test(key) && value === true);
  if (forced.length > 0) return `it claims success, but accepted its own rejected work: ${forced[0]}`;
  const failed = places(answer.result, ([key, value]) => key === 'success' && value === false);
  if (failed.length > 0) return `it claims success, but says of a part of its work that it failed: ${failed[0]}`;
  return null;
}

function errorOf({ error, result }: Answer): string {
  const inner = z.looseObject({ error: z.unknown(), message: z.unknown() }).partial().safeParse(result).data;
  const told = [error, inner?.error, inner?.message].filter((each) => typeof each === 'string' && each !== '') as string[];
  return told.length === 0
    ? 'success: false, without a reason'
    : [...new Set(told)].join(': ').replace(/\s+/g, ' ').slice(0, 500);
}

/** Paths of entries anywhere in `value`, such as `result.execution_results.3.force_accepted`. */
function places(value: unknown, wanted: (entry: [string, unknown]) => boolean, at = 'result'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap((entry) => {
    const path = `${at}.${entry[0]}`;
    return [...(wanted(entry) ? [path] : []), ...places(entry[1], wanted, path)];
  });
}

/** A hundred times a long answer. */
const KEPT_CHARACTERS = 4 * 1024 * 1024;

export interface Printed {
  /** Whole lines of stdout. */
  readonly lines: readonly string[];
  take(line: OutputLine): void;
}

/** The end of what a program printed. Its answer is the last thing it says; of a flood before that, or without an end, nothing is kept. */
export function printedEnd(kept: number = KEPT_CHARACTERS): Printed {
  const lines: string[] = [];
  let held = 0;
  return {
    lines,
    take({ stream, text, part }) {
      if (stream !== 'stdout') return;
      if (part !== undefined && part > 1) {
        lines.push(`${lines.pop() ?? ''}${text}`);
        held += text.length;
      } else {
        lines.push(text);
        // An empty line costs something, too.
        held += text.length + 1;
      }
      while (held > kept && lines.length > 0) held -= lines.shift()!.length + 1;
    },
  };
}
