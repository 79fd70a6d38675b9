/**
 * Does `work` for each item in order, `atOnce` at a time. `stop` keeps items from being begun; those are absent from the
 * result. An error keeps further items from being begun too, and is thrown when those already begun have ended.
 */
export async function inPool<T, R>(
  items: readonly T[],
  { atOnce, stop, work }: { atOnce: number; stop: () => boolean; work: (item: T) => Promise<R> },
): Promise<R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && !stop(); index = next++) {
      try {
        results.set(index, await work(items[index] as T));
      } catch (error) {
        next = items.length;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: atOnce }, worker));
  const failed = ended.find((worker) => worker.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
