/** `left_out.jsonl`: what of the run is not in its archive, and why. Inside the archive, so that its digest covers the list. */
import { z } from 'zod';

export const LeftOut = z.strictObject({ path: z.string(), reason: z.string() });
export type LeftOut = z.infer<typeof LeftOut>;

/** The reason of a file that was left out for what it holds; metadata and summary name these apart. */
export const HOLDS_A_SECRET = 'it holds a secret';

export function leftOutText(left: readonly LeftOut[]): string {
  return left.map(({ path, reason }) => `${JSON.stringify({ path, reason })}\n`).join('');
}

/** Throws a plain Error on a line that is none of ours. */
export function parseLeftOut(text: string): { excluded_secrets: string[]; skipped: LeftOut[] } {
  const lines = text.split('\n').filter((line) => line !== '');
  const left = lines.map((line) => LeftOut.parse(JSON.parse(line)));
  return {
    excluded_secrets: left.filter(({ reason }) => reason === HOLDS_A_SECRET).map(({ path }) => path),
    skipped: left.filter(({ reason }) => reason !== HOLDS_A_SECRET),
  };
}
