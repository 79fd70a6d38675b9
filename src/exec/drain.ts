import type { Output } from './output.ts';

/**
 * Waits until both streams have ended: at most `limitMs`, and no longer than `quietMs` without a byte. A process outside the
 * tree may hold a stream open for ever.
 */
export async function drain(
  outputs: readonly Output[],
  { quietMs, limitMs }: { quietMs: number; limitMs: number },
): Promise<void> {
  const startedAt = performance.now();
  const ended = Promise.all(outputs.map((output) => output.ended));
  const bytes = () => outputs.reduce((sum, output) => sum + output.bytes, 0);
  for (let before = -1; before !== bytes() && performance.now() - startedAt < limitMs;) {
    before = bytes();
    if (await endsWithin(ended, quietMs)) return;
  }
}

function endsWithin(ended: Promise<unknown>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  // After a stall of this process the timer comes due before the streams are read again: give them that turn first.
  const timer = setTimeout(() => setImmediate(resolve, false), ms);
  void ended.then(() => {
    clearTimeout(timer);
    return resolve(true);
  });
  return promise;
}
