/** `--steps 1,3-5`: which steps run. */
export type StepSelection = { readonly ids: ReadonlySet<number> } | { readonly problem: string; readonly fix: string };

/**
 * Ids and ranges of ids, separated by commas. A range takes the ids that exist between its ends, which must exist
 * themselves. What is named runs even where the file says `enabled: false`.
 */
export function selectSteps(text: string, known: readonly number[]): StepSelection {
  const example = `Name ids or ranges of ids, as in --steps ${[...new Set([known[0], known.at(-1)])].join(',')}. The steps are ${known.join(', ')}.`;
  const ids = new Set<number>();
  if (text.trim() === '') return { problem: 'no step is named.', fix: example };
  for (const raw of text.split(',')) {
    const part = raw.trim();
    const match = /^(\d+)(?:\s*-\s*(\d+))?$/.exec(part);
    if (match === null) return { problem: `${JSON.stringify(part)} is neither an id nor a range of ids.`, fix: example };
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : Number(match[2]);
    for (const id of new Set([first, last])) {
      if (known.includes(id)) continue;
      return { problem: `there is no step ${id}.`, fix: example };
    }
    if (first > last) {
      return { problem: `the range ${part} runs backwards.`, fix: `Write ${last}-${first}; steps run in the order of the file.` };
    }
    for (const id of known) if (id >= first && id <= last) ids.add(id);
  }
  return { ids };
}
