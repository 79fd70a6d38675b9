/** Longest time limit that a timer can hold (2³¹−1 milliseconds, 24.8 days); above it a timer would fire at once. */
export const MAX_SECONDS = 2_147_483;

/** Milliseconds as the seconds of a record: to the millisecond. */
export function toSeconds(milliseconds: number): number {
  return Math.round(milliseconds) / 1000;
}
