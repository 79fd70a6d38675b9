/** Longest time limit that a timer can hold (2³¹−1 milliseconds, 24.8 days); above it a timer would fire at once. */
export const MAX_SECONDS = 2_147_483;
