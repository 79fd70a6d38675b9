/** What was run, how it ended, and with which configuration. */
import { formatDuration, formatNumber, formatIsoSeconds, formatStep, UNKNOWN } from '../../format/index.ts';
import type { RunSummary } from '../../schema/index.ts';
import { fact, facts, note, type ReportBlock, type Fact } from './model.ts';
import { THIRD_PARTY_NOTE, isThirdParty, pricesText, runStatus, standInNotes, statusWord } from './phrases.ts';

/** Name, times, and the note before figures that are no new work of a model. */
export function headBlocks(summary: RunSummary): ReportBlock[] {
  const isRunning = runStatus(summary) === 'running';
  return [
    facts(
      fact('Run ID', summary.run_id ?? UNKNOWN),
      ...identityFacts(summary),
      fact(
        'Duration',
        isRunning ? `${formatDuration(elapsedSeconds(summary))} so far` : formatDuration(summary.duration_seconds),
      ),
      fact('Status', statusWord(runStatus(summary))),
    ),
    ...headNotes(summary),
    facts(
      fact('Failing Phase', summary.failing_phase),
      fact('Failing Step', failingStep(summary)),
      fact('Cause', summary.failure?.cause ?? null),
      fact('Recovered', summary.recovered?.reason ?? null),
    ),
  ];
}

/** The same in brief, with the versions. */
export function overviewBlocks(summary: RunSummary): ReportBlock[] {
  const [commit, version] = versionFacts(summary);
  return [
    ...headNotes(summary),
    facts(
      ...identityFacts(summary),
      fact('Duration', formatDuration(summary.duration_seconds)),
      commit,
      fact('Prices', pricesText(summary)),
      version,
      fact('Recovered', summary.recovered?.reason ?? null),
    ),
  ];
}

function headNotes(summary: RunSummary): ReportBlock[] {
  return [...(isThirdParty(summary) ? [THIRD_PARTY_NOTE] : []), ...standInNotes(summary)].map((text) =>
    note(text, { strong: true }),
  );
}

function identityFacts(summary: RunSummary): (Fact | null)[] {
  return [
    fact('Framework', summary.framework ?? UNKNOWN),
    fact('Model', summary.model ?? UNKNOWN),
    fact('Started', formatIsoSeconds(summary.started_at)),
    fact('Completed', runStatus(summary) === 'running' ? 'not yet' : formatIsoSeconds(summary.ended_at)),
  ];
}

function versionFacts(summary: RunSummary): [Fact | null, Fact | null] {
  return [
    fact('Framework Commit', summary.framework_commit ?? UNKNOWN),
    fact('Stepwell Version', summary.stepwell_version ?? UNKNOWN),
  ];
}

function failingStep({ failure, steps }: RunSummary): string | null {
  if (failure === null || failure.step === null) return null;
  const { step, attempt } = failure;
  const name = steps.find((found) => found.step === step)?.name ?? null;
  return `${formatStep(step)}${name === null ? '' : ` ${name}`}${attempt === null ? '' : ` (attempt ${attempt})`}`;
}

export function configurationBlocks(summary: RunSummary): ReportBlock[] {
  const { configuration } = summary;
  const validates = configuration?.validates_app ?? null;
  return [
    facts(
      fact('Steps Configured', formatNumber(configuration?.steps_configured ?? null)),
      fact('Timeout per Step', formatDuration(configuration?.step_timeout_seconds ?? null)),
      fact('Max Retries', formatNumber(configuration?.max_retries ?? null)),
      fact('Random Seed', configuration === null ? UNKNOWN : String(configuration.random_seed ?? 'none')),
      fact('On Step Failure', configuration?.on_step_failure ?? UNKNOWN),
      fact('Application Validated', validates === null ? UNKNOWN : validates ? 'yes' : 'no'),
      fact('Prices', pricesText(summary)),
      fact('Adapter', summary.adapter ?? UNKNOWN),
      ...versionFacts(summary),
    ),
  ];
}

/** Seconds from the start to the last record. */
function elapsedSeconds({ started_at, last_record_at }: RunSummary): number | null {
  if (started_at === null || last_record_at === null) return null;
  return Math.max(0, (Date.parse(last_record_at) - Date.parse(started_at)) / 1000);
}
