/** `1,3-5`: ids and ranges of ids, separated by commas, as `run --steps` and `logs --step` take them. */
export interface StepRange {
  readonly from: number;
  /** At least `from`. */
  readonly to: number;
}

export type StepRanges = { readonly ranges: readonly StepRange[] } | { readonly problem: string; readonly fix: string | null };

/** Reads the form alone: whether there are such steps is for the caller to say. */
export function parseStepRanges(text: string): StepRanges {
  if (text.trim() === '') return { problem: 'no step is given.', fix: null };
  const ranges: StepRange[] = [];
  for (const raw of text.split(',')) {
    const part = raw.trim();
    const match = /^(\d{1,9})(?:\s*-\s*(\d{1,9}))?$/.exec(part);
    if (match === null) return { problem: `${JSON.stringify(part)} is neither a step id nor a range of ids.`, fix: null };
    const from = Number(match[1]);
    const to = Number(match[2] ?? match[1]);
    if (from > to) {
      return { problem: `the range ${part} is reversed.`, fix: `Write ${to}-${from}; steps run in the order of the file.` };
    }
    ranges.push({ from, to });
  }
  return { ranges };
}

export function isInRanges(step: number, ranges: readonly StepRange[]): boolean {
  return ranges.some(({ from, to }) => step >= from && step <= to);
}

export type StepSelection = { readonly ids: ReadonlySet<number> } | { readonly problem: string; readonly fix: string };

/**
 * The steps that `text` names. A range takes the ids that exist between its ends, which must exist themselves. What is named
 * runs even where the file says `enabled: false`.
 */
export function selectSteps(text: string, known: readonly number[], setting = '--steps'): StepSelection {
  const example = `Give ids or ranges of ids, as in ${setting} ${[...new Set([known[0], known.at(-1)])].join(',')}. The steps are ${known.join(', ')}.`;
  const parsed = parseStepRanges(text);
  if ('problem' in parsed) return { problem: parsed.problem, fix: parsed.fix ?? example };
  const missing = parsed.ranges.flatMap(({ from, to }) => [from, to]).find((id) => !known.includes(id));
  if (missing !== undefined) return { problem: `there is no step ${missing}.`, fix: example };
  return { ids: new Set(known.filter((id) => isInRanges(id, parsed.ranges))) };
}
