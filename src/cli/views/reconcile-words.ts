/** What is said of one run's reconciliation, wherever it is listed. */
import { sentence } from './document.ts';
import type { RunReconciliation } from '../../reconcile/index.ts';
import { asTyped, calledAs } from '../called-as.ts';
import { type Paint, sanitizeLine, styleOf, widthOf } from '../../terminal/index.ts';
import { formatCount, formatDuration } from '../../format/index.ts';

/** What the words depend on besides the run. */
export interface Saying {
  readonly paint: Paint;
  readonly columns: number;
  readonly now: Date;
  /** The `runsDirFlag` of commands to type next. */
  readonly place: string;
  /** One run is spoken of: what to type next is said of it, and not once for all. */
  readonly single: boolean;
}

export function stateText({ state }: Pick<RunReconciliation, 'state'>): string {
  return state.replaceAll('_', ' ');
}

/** `baseline/20261122-141503-k3f9`. */
export function runName({ framework, runId }: Pick<RunReconciliation, 'framework' | 'runId'>): string {
  return sanitizeLine(`${framework}/${runId}`);
}

/** `baseline/20261122-141503-k3f9  provisional, attempt 1, ended 2h 5m ago`; on two lines where one is too short. */
export function headLines(run: RunReconciliation, { paint, columns }: Saying): string[] {
  const state = paint(styleOf(run.state), stateText(run));
  const name = paint('bold', runName(run));
  const facts = factsText(run);
  const isWide = widthOf(`${runName(run)}  ${stateText(run)}, ${facts}`) > columns;
  return isWide ? [name, `  ${state}, ${facts}`] : [`${name}  ${state}, ${facts}`];
}

/** `attempt 1, ended 2h 5m ago`. */
export function factsText({ summary, ageMinutes }: RunReconciliation): string {
  const attempts = summary?.attempts.length ?? 0;
  const age = ageMinutes === null ? 'has not ended' : `ended ${ageText(ageMinutes)} ago`;
  return `${attempts === 0 ? 'no attempt yet' : `attempt ${formatCount(attempts)}`}, ${age}`;
}

function ageText(minutes: number): string {
  if (minutes < 60) return `${Math.max(0, Math.floor(minutes))} min`;
  return minutes < 48 * 60 ? formatDuration(Math.floor(minutes) * 60) : `${Math.floor(minutes / (24 * 60))} days`;
}

/** What to do about it, or when it is worth asking again; empty where nothing is to be done. */
export function nextLines(run: RunReconciliation, saying: Saying): string[] {
  const lines = run.fix === null ? [] : sentence(`fix: ${asTyped(run.fix)}`, saying);
  const { framework, runId, nextAttemptAt } = run;
  if (nextAttemptAt !== null) {
    const wait = waitText(nextAttemptAt, saying.now);
    lines.push(
      ...(saying.single
        ? withCommand(`${wait}, with`, `reconcile ${framework} ${runId}`, saying)
        : sentence(`next: ${wait}`, saying)),
    );
  } else if (run.state === 'mismatch') {
    lines.push(...withCommand('check the measured calls with', `logs ${runId} --component metrics`, saying));
  }
  return lines;
}

function withCommand(text: string, command: string, saying: Saying): string[] {
  return [
    ...sentence(`next: ${text}`, saying),
    `    ${saying.paint('cyan', sanitizeLine(`${calledAs()} ${command}${saying.place}`))}`,
  ];
}

/** Once for several runs, when one of them is worth asking for again; empty when none is. */
export function againLines(runs: readonly RunReconciliation[], { single, place, paint }: Saying): string[] {
  if (single || runs.every(({ nextAttemptAt }) => nextAttemptAt === null)) return [];
  const commands = ['reconcile', 'reconcile --watch'].map((command) => `  ${paint('cyan', `${calledAs()} ${command}${place}`)}`);
  return ['Next, once a reading counts, or until all runs are settled:', ...commands];
}

/** `a reading counts from 2026-11-22 16:00 UTC on, in 43 min`. */
export function waitText(at: string, now: Date): string {
  return minutesUntil(at, now) <= 0 ? 'a reading counts now' : `a reading counts from ${whenText(at, now).replace(',', ' on,')}`;
}

/** `2026-11-22 16:00 UTC, in 43 min`. */
export function whenText(at: string, now: Date): string {
  const when = new Date(at).toISOString().slice(0, 16).replace('T', ' ');
  return `${when} UTC, in ${formatCount(Math.max(0, minutesUntil(at, now)))} min`;
}

function minutesUntil(at: string, now: Date): number {
  return Math.ceil((Date.parse(at) - now.getTime()) / 60_000);
}
