/** Images, other archives and noise do not get smaller; trying costs 30 times what copying does. */

const WINDOWS = 8;
const WINDOW_BYTES = 2048;
/** Bits per byte, of 8: even text that was compressed elsewhere lies above this, and nothing that deflate could shrink by 2 %. */
const DENSE = 7.9;

/** Whether the bytes are used as evenly, in samples from the whole block, as those of compressed data. */
export function isDense(block: Buffer): boolean {
  const sampled = WINDOWS * WINDOW_BYTES;
  // Too little to be worth asking.
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
  return bits > DENSE;
}
