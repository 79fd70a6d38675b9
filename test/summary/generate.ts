/** Writes the recorded runs under input/ anew: `node test/summary/generate.ts`. The same every time. */
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
