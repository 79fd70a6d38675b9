/** Names of calls. Random bytes for each of them would be a system call each. */
import { randomBytes } from 'node:crypto';

const process = randomBytes(6).toString('base64url');
let calls = 0;

/** Unique among all processes, short, and in the order of the calls within one: `mZkq81Aw-1f`. */
export function nextCallId(): string {
  calls += 1;
  return `${process}-${calls.toString(36)}`;
}
