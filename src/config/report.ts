/** Where the parts of loading put what they find. */
import type { StepwellError } from '../errors.ts';
import type { ConfigDocument } from './document.ts';
import type { ConfigProblem, KeyPath } from './problem.ts';
import { showPath } from './problem.ts';
import { configError } from './errors.ts';

export interface Report {
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
  /** A problem of the file; the sentence is completed with the key path in front. */
  problem(path: KeyPath, says: string, fix: string, at?: 'key' | 'value'): void;
  /** A problem of a flag or an environment variable. */
  outside(where: string, sentence: string, fix: string): void;
  warning(path: KeyPath, says: string): void;
  /** What was collected as one error; undefined when nothing was. */
  error(): StepwellError | undefined;
}

export function newReport(document: ConfigDocument): Report {
  const problems: ConfigProblem[] = [...document.problems];
  const warnings: string[] = [];
  return {
    problems,
    warnings,
    problem(path, says, fix, at) {
      const where = document.where(path, at);
      const sentence = `${showPath(path)} ${says}.`;
      // Frameworks share an endpoint; what is wrong with it is said once.
      if (problems.some((known) => known.where === where && known.sentence === sentence)) return;
      problems.push({ where, sentence, fix });
    },
    outside(where, sentence, fix) {
      problems.push({ where, sentence, fix });
    },
    warning(path, says) {
      const line = `${document.where(path)}: ${showPath(path)} ${says}.`;
      if (!warnings.includes(line)) warnings.push(line);
    },
    error: () => (problems.length === 0 ? undefined : configError('CONFIG_INVALID', { problems: [...problems].sort(byPlace) })),
  };
}

/** In the order of the file; what stands outside it comes last. */
function byPlace(a: ConfigProblem, b: ConfigProblem): number {
  const [lineA, columnA] = placeOf(a);
  const [lineB, columnB] = placeOf(b);
  return lineA - lineB || columnA - columnB;
}

function placeOf(problem: ConfigProblem): [number, number] {
  const match = /:(\d+):(\d+)$/.exec(problem.where);
  return match === null ? [Number.MAX_SAFE_INTEGER, 0] : [Number(match[1]), Number(match[2])];
}
