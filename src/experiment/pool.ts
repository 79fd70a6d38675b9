/** Does `work` for each item in order, `atOnce` at a time. `stop` keeps items from being begun; those are absent from the result. */
export async function inPool<T, R>(
  items: readonly T[],
  { atOnce, stop, work }: { atOnce: number; stop: () => boolean; work: (item: T) => Promise<R> },
): Promise<R[]> {
  const results = new Map<number, R>();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length && !stop(); index = next++) results.set(index, await work(items[index] as T));
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
