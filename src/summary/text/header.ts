import type { RunSummary } from '../../schema.ts';
import { duration, figure, secondsOf, stepNumber, UNKNOWN } from '../../format.ts';
import { FOREIGN, isForeign, pricesText, runStatus, standIns, statusWord } from '../words.ts';

export function headerLines(summary: RunSummary): string[] {
  const status = runStatus(summary);
  const running = status === 'running';
  const lines = [
    `Run ID: ${summary.run_id ?? UNKNOWN}`,
    `Framework: ${summary.framework ?? UNKNOWN}`,
    `Model: ${summary.model ?? UNKNOWN}`,
    `Started: ${secondsOf(summary.started_at)}`,
    `Completed: ${running ? 'not yet' : secondsOf(summary.ended_at)}`,
    `Duration: ${running ? `${duration(soFar(summary))} so far` : duration(summary.duration_seconds)}`,
    `Status: ${statusWord(status)}`,
  ];
  if (isForeign(summary)) lines.push(FOREIGN);
  lines.push(...standIns(summary));
  if (summary.failing_phase !== null) lines.push(`Failing Phase: ${summary.failing_phase}`);
  if (summary.failure !== null && summary.failure.step !== null) {
    const { step, attempt } = summary.failure;
    const name = summary.steps.find((found) => found.step === step)?.name ?? null;
    lines.push(
      `Failing Step: ${stepNumber(step)}${name === null ? '' : ` ${name}`}${attempt === null ? '' : ` (attempt ${attempt})`}`,
    );
  }
  if (summary.failure !== null) lines.push(`Cause: ${summary.failure.cause}`);
  if (summary.recovered !== null) lines.push(`Recovered: ${summary.recovered.reason}`);
  return lines;
}

export function configurationLines({ configuration, ...summary }: RunSummary): string[] {
  const validates = configuration?.validates_app ?? null;
  const prices = pricesText({ configuration, ...summary });
  return [
    `Steps Configured: ${figure(configuration?.steps_configured ?? null)}`,
    `Timeout per Step: ${duration(configuration?.step_timeout_seconds ?? null)}`,
    `Max Retries: ${figure(configuration?.max_retries ?? null)}`,
    `Random Seed: ${configuration === null ? UNKNOWN : (configuration.random_seed ?? 'none')}`,
    `On Step Failure: ${configuration?.on_step_failure ?? UNKNOWN}`,
    `Application Validated: ${validates === null ? UNKNOWN : validates ? 'yes' : 'no'}`,
    ...(prices === null ? [] : [`Prices: ${prices}`]),
    `Adapter: ${summary.adapter ?? UNKNOWN}`,
    `Framework Commit: ${summary.framework_commit ?? UNKNOWN}`,
    `Stepwell Version: ${summary.stepwell_version ?? UNKNOWN}`,
  ];
}

/** Seconds from the start to the last record. */
function soFar({ started_at, last_record_at }: RunSummary): number | null {
  if (started_at === null || last_record_at === null) return null;
  return Math.max(0, (Date.parse(last_record_at) - Date.parse(started_at)) / 1000);
}
