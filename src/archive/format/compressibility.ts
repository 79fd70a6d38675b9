/** Detects data that does not compress (images, archives, noise): trying costs 30 times as much as copying. */

const WINDOWS = 8;
const WINDOW_BYTES = 2048;
/** Bits per byte, of 8. Compressed data is above this; anything that deflate could shrink by 2 % is below. */
const MIN_ENTROPY_BITS = 7.9;

/** Whether samples from the whole block have the entropy of compressed data. */
export function isIncompressible(block: Buffer): boolean {
  const sampled = WINDOWS * WINDOW_BYTES;
  // Too small to be worth sampling.
  if (block.length < 2 * sampled) return false;
  const counts = new Uint32Array(256);
  const stride = Math.floor((block.length - WINDOW_BYTES) / (WINDOWS - 1));
  for (let window = 0; window < WINDOWS; window++) {
    const from = window * stride;
    for (let at = from; at < from + WINDOW_BYTES; at++) {
      const byte = block[at] ?? 0;
      counts[byte] = (counts[byte] ?? 0) + 1;
    }
  }
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / sampled) * Math.log2(count / sampled);
  return bits > MIN_ENTROPY_BITS;
}
