/** Compares frameworks across their runs: medians and spreads, never mixed with rehearsals or replays. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasFields, isListOf, isNumber, orNull } from '../schema/guard.ts';
import type { RunStatus } from '../schema/index.ts';
import { parseJsonIf } from '../schema/json.ts';
import { METRICS_FILE } from '../store/index.ts';
import type { CatalogRun } from './list.ts';

/** Of the runs that have the figure. */
export interface Spread {
  /** How many they are. */
  readonly runs: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Null: no run has the figure. */
export interface ComparedFigures {
  readonly steps_succeeded: Spread | null;
  /** Steps that the run was to do. */
  readonly steps_total: Spread | null;
  readonly api_calls: Spread | null;
  readonly tokens_in: Spread | null;
  readonly tokens_out: Spread | null;
  readonly cost_usd: Spread | null;
  readonly duration_seconds: Spread | null;
  /** Of the built application, over all validations. */
  readonly downtime_seconds: Spread | null;
  /** CRUD checks passed by the validated step, of those there were: 0 to 1. */
  readonly crud_score: Spread | null;
}

export type RunKind = 'real' | 'replay' | 'rehearsal';

export interface ComparedGroup {
  readonly framework: string;
  readonly kind: RunKind;
  /** Runs with different models are different groups. */
  readonly model: string | null;
  /** Results: runs that ended as `success`, `failed` or `timed_out`. */
  readonly runs: number;
  readonly succeeded: number;
  /** Runs that did not: interrupted, crashed, still running, missing, or without a recorded status. Not part of any figure. */
  readonly left_out: number;
  /** Digests of the checks by which these runs were measured, each once; null stands for runs that do not say. */
  readonly checks: readonly (string | null)[];
  readonly figures: ComparedFigures;
}

const ENDED: ReadonlySet<RunStatus | null> = new Set<RunStatus>(['success', 'failed', 'timed_out']);
const KINDS: readonly RunKind[] = ['real', 'replay', 'rehearsal'];

/** The fields of metrics.json that the index does not have. */
interface Measured {
  readonly downtime_seconds: number | null;
  readonly validated_step: number | null;
  readonly steps: readonly {
    readonly step_number: number;
    readonly validation: { readonly crud_passed: number | null; readonly crud_total: number | null } | null;
  }[];
}
type MeasuredStep = Measured['steps'][number];

const isMeasured = hasFields<Measured>({
  downtime_seconds: orNull(isNumber),
  validated_step: orNull(isNumber),
  steps: isListOf(
    hasFields<MeasuredStep>({
      step_number: isNumber,
      validation: orNull(
        hasFields<NonNullable<MeasuredStep['validation']>>({ crud_passed: orNull(isNumber), crud_total: orNull(isNumber) }),
      ),
    }),
  ),
});

type Figure = keyof ComparedFigures;
type RunFigures = Readonly<Record<Figure, number | null>>;

/** Real runs first, then replays, then rehearsals; in each by framework and model. */
export async function compareRuns(runs: readonly CatalogRun[]): Promise<ComparedGroup[]> {
  const groups = Map.groupBy(runs, ({ entry }) => JSON.stringify([KINDS.indexOf(kindOf(entry)), entry.framework, entry.model]));
  const compared: ComparedGroup[] = [];
  for (const [, members] of [...groups].sort(([a], [b]) => (a < b ? -1 : 1))) compared.push(await compareGroup(members));
  return compared;
}

async function compareGroup(members: readonly CatalogRun[]): Promise<ComparedGroup> {
  const { entry } = members[0]!;
  const ended = members.filter((run) => run.state === 'finished' && ENDED.has(run.entry.status));
  const measured: RunFigures[] = [];
  for (const run of ended) measured.push(await readFigures(run));
  const of = (figure: Figure): Spread | null => spreadOf(measured.map((each) => each[figure]));
  return {
    framework: entry.framework,
    kind: kindOf(entry),
    model: entry.model,
    runs: ended.length,
    succeeded: ended.filter((run) => run.entry.status === 'success').length,
    left_out: members.length - ended.length,
    checks: [...new Set(ended.map((run) => run.entry.checks_digest))],
    figures: {
      steps_succeeded: of('steps_succeeded'),
      steps_total: of('steps_total'),
      api_calls: of('api_calls'),
      tokens_in: of('tokens_in'),
      tokens_out: of('tokens_out'),
      cost_usd: of('cost_usd'),
      duration_seconds: of('duration_seconds'),
      downtime_seconds: of('downtime_seconds'),
      crud_score: of('crud_score'),
    },
  };
}

function kindOf({ rehearsal, replay_of }: CatalogRun['entry']): RunKind {
  if (rehearsal === true) return 'rehearsal';
  return replay_of === null ? 'real' : 'replay';
}

/** A usage figure that is only a lower bound counts as unknown: it would make a framework look cheaper than it is. */
async function readFigures({ entry, dir }: CatalogRun): Promise<RunFigures> {
  const metrics = await readMetrics(dir);
  const validated = metrics?.steps.find((step) => step.step_number === metrics.validated_step)?.validation ?? null;
  const { crud_passed: passed = null, crud_total: total = null } = validated ?? {};
  const whole = entry.tokens_complete === true;
  return {
    steps_succeeded: entry.steps_succeeded,
    steps_total: entry.steps_total,
    api_calls: whole ? entry.total_api_calls : null,
    tokens_in: whole ? entry.total_tokens_in : null,
    tokens_out: whole ? entry.total_tokens_out : null,
    cost_usd: whole ? entry.cost_usd : null,
    duration_seconds: entry.duration_seconds,
    downtime_seconds: metrics?.downtime_seconds ?? null,
    crud_score: passed === null || total === null || total === 0 ? null : passed / total,
  };
}

/** Null where there is no such file, or it cannot be read: `verify` says why. */
async function readMetrics(dir: string): Promise<Measured | null> {
  return parseJsonIf(isMeasured, await readFile(join(dir, METRICS_FILE), 'utf8').catch(() => ''));
}

/** The median of an even number of values is the mean of the two in the middle. */
export function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b);
  const [min] = known;
  const max = known.at(-1);
  if (min === undefined || max === undefined) return null;
  const half = Math.floor(known.length / 2);
  const middle = known.slice(known.length % 2 === 1 ? half : half - 1, half + 1);
  return { runs: known.length, median: middle.reduce((sum, value) => sum + value, 0) / middle.length, min, max };
}
