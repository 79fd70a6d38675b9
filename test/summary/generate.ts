/**
 * Writes the made-up runs under input/ anew: `node test/summary/generate.ts`. The same every time.
 *
 * `real-*` beside them are the logs of runs that really took place, up to where they were sealed, with the archive's facts
 * as metadata.json: the default rehearsal, and a command that fails once and then exceeds its limit.
 */
import { join } from 'node:path';
import { CASES } from './cases.ts';

export const INPUT = join(import.meta.dirname, 'input');
export const GOLDEN = join(import.meta.dirname, 'golden');

if (import.meta.main) {
  for (const [name, make] of Object.entries(CASES)) {
    const { recording, others } = make();
    recording.write(join(INPUT, name), others);
  }
}
