/**
 * Who was ended, by mark. The end of a program already ends what it left behind, so that whoever asks for the end of its mark
 * later finds nothing there: here it still learns how many there were.
 */
const ended = new Map<string, number[]>();

export function noteKilled(mark: string, pids: readonly number[]): void {
  if (pids.length > 0) ended.set(mark, [...(ended.get(mark) ?? []), ...pids]);
}

/** What was noted since the last call for the mark, or for every mark that begins with the prefix `<run_id>:`. */
export function takeKilled(markOrPrefix: string): number[] {
  const marks = markOrPrefix.endsWith(':') ? [...ended.keys()].filter((mark) => mark.startsWith(markOrPrefix)) : [markOrPrefix];
  return marks.flatMap((mark) => {
    const pids = ended.get(mark) ?? [];
    ended.delete(mark);
    return pids;
  });
}
