/** Looks for processes independently of the code under test: by a token in their command line or environment. */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** False on systems without /proc, where processes cannot be counted. */
export const canCountProcesses: boolean = process.platform === 'linux';

/** The ids of living processes other than this one in whose command line or environment the token occurs. */
export function processesWith(token: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'latin1');
        if (/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))) return false;
        return ['cmdline', 'environ'].some((file) => readFileSync(`/proc/${name}/${file}`, 'latin1').includes(token));
      } catch {
        return false;
      }
    })
    .map(Number);
}

const PATIENCE_MS = 20_000;

/** Resolves when the condition holds, which is checked every few milliseconds. Throws after 20 seconds; `what` completes the message. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  for (const deadline = Date.now() + PATIENCE_MS; !condition(); await wait(5)) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
  }
}
