/** Run ids: `20261122-141503-k3f9`, the UTC second and four random characters, so that names sort by time. */
import { randomInt } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const RUN_ID = /^\d{8}-\d{6}-[a-z0-9]{4}$/;

export function newRunId(now: Date = new Date(), random: (below: number) => number = randomInt): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  const tail = Array.from({ length: 4 }, () => ALPHABET[random(ALPHABET.length)]).join('');
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${tail}`;
}
