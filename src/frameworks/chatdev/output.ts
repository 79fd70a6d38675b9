/** Reads the output of ChatDev: the tokens of each call, the files it wrote, and the error that ended it. */
import type { OutputLine } from '../../exec/index.ts';
import type { ClaimedUsage } from '../../schema/index.ts';

export interface OutputReader {
  readonly onLine: (line: OutputLine) => void;
  /** Null when it printed no token counts. */
  usage(): ClaimedUsage | null;
  /** Names of files that it says it wrote, of any kind. */
  written(): ReadonlySet<string>;
  /** The error line of its last traceback; of chained errors, the first. Null when there was no traceback. */
  error(): string | null;
}

const USAGE_HEAD = '**[OpenAI_Usage_Info Receive]**';
const USAGE_LINE = /^(prompt|completion)_tokens: (\d+)$/;
const WRITTEN = /^([^\s/]+) updated\.$/u;
const DOWNLOADED = /\/([^\s/]+) Downloaded$/u;
const TRACEBACK = 'Traceback (most recent call last):';
const CHAIN = /^(The above exception was the direct cause|During handling of the above exception)/;
const LONGEST_ERROR = 500;

export function outputReader(): OutputReader {
  const tokens = { prompt: 0, completion: 0 };
  let calls = 0;
  /** Usage lines still expected after a usage heading: other output may mention tokens, too. */
  let expected = 0;
  let traceback: 'none' | 'open' | 'chained' = 'none';
  let error: string | null = null;
  const written = new Set<string>();
  return {
    onLine({ stream, text, part }) {
      if (part !== undefined) return;
      if (stream === 'stderr') {
        if (text === TRACEBACK) {
          if (traceback !== 'chained') error = null;
          traceback = 'open';
        } else if (CHAIN.test(text)) traceback = 'chained';
        else if (traceback === 'open' && /^\S/.test(text)) error ??= text.slice(0, LONGEST_ERROR);
        return;
      }
      if (text === USAGE_HEAD) {
        calls += 1;
        expected = 2;
        return;
      }
      const [, kind, number] = (expected > 0 ? USAGE_LINE.exec(text) : null) ?? [];
      if (kind !== undefined) {
        expected -= 1;
        tokens[kind as 'prompt' | 'completion'] += Number(number);
        return;
      }
      const name = (WRITTEN.exec(text) ?? DOWNLOADED.exec(text))?.[1];
      if (name !== undefined) written.add(name);
    },
    usage: () => (calls === 0 ? null : { input_tokens: tokens.prompt, output_tokens: tokens.completion, calls }),
    written: () => written,
    error: () => error,
  };
}
