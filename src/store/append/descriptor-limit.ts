/** How many descriptors log files may hold. */
import { readFileSync } from 'node:fs';

/** Four files for each of a hundred live runs, twice over. */
const MAX_LOG_DESCRIPTORS = 1024;
/** The smallest soft limit in use (macOS), where the system does not tell. */
const FALLBACK_SOFT_LIMIT = 256;

/** 1,024, or half of the process's own soft limit if that is less. */
export function logDescriptorLimit(readLimits: () => string = () => readFileSync('/proc/self/limits', 'utf8')): number {
  let soft = FALLBACK_SOFT_LIMIT;
  try {
    const match = /^Max open files\s+(\d+|unlimited)/m.exec(readLimits());
    if (match?.[1] === 'unlimited') soft = Infinity;
    else if (match !== null) soft = Number(match[1]);
  } catch {
    // No /proc: the smallest limit holds everywhere.
  }
  return Math.min(MAX_LOG_DESCRIPTORS, Math.floor(soft / 2));
}
