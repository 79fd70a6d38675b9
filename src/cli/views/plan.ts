/** What will be run: for `run --dry-run` in words or as JSON, and at the launch as a line of JSON. Fields are only ever added. */
import type { ExperimentPlan, PlannedRun } from '../../experiment/index.ts';
import { ExitCode } from '../../errors/index.ts';
import { pluralize, formatDuration } from '../../format/index.ts';
import { sanitizeJson, sanitizeLine } from '../../terminal/index.ts';
import { asTyped } from '../called-as.ts';
import { print } from '../output.ts';
import { shownPath } from '../runs-dir.ts';

export async function printPlan(plan: ExperimentPlan, json: boolean): Promise<void> {
  if (json) {
    const findings = plan.findings.map((issue) => ({ ...issue, fix: asTyped(issue.fix) }));
    await print(sanitizeJson({ type: 'plan', ...planFacts(plan), findings }));
    return;
  }
  const frameworks = new Map<string, number>();
  for (const { framework } of plan.runs) frameworks.set(framework, (frameworks.get(framework) ?? 0) + 1);
  const total = plan.runs.length;
  await print(
    `Configuration: ${sanitizeLine(shownPath(plan.configFile))}`,
    ...modelLines(plan),
    ...endpointLines(plan),
    ...(plan.record ? ['Cassettes: each run records its exchanges with the model'] : []),
    `Runs: ${total} (${[...frameworks].map(([name, rounds]) => `${sanitizeLine(name)} × ${rounds}`).join(', ')}), ${plan.jobs} at a time`,
    ...leftOutLines(plan),
    `Steps: ${plan.steps.length}`,
    ...plan.steps.map(
      ({ step, name, prompt_file }) => `  ${String(step).padStart(3)}  ${sanitizeLine(name)}  (${sanitizeLine(prompt_file)})`,
    ),
    `Limits: ${formatDuration(plan.stepTimeoutSeconds)} a step, ${pluralize(plan.maxRetries, 'retry', 'retries')}`,
    `Records: ${sanitizeLine(shownPath(plan.runsDir))}/<framework>/<run_id>`,
  );
  if (plan.findings.length === 0) {
    await print('No blocking problems. Dry run only: nothing was started.');
    return;
  }
  await print('', 'Blocking problems:');
  for (const { what, fix } of plan.findings) await print(`  ${sanitizeLine(what)}`, `    fix: ${sanitizeLine(asTyped(fix))}`);
  await print('', `Dry run only. \`run\` would exit with code ${ExitCode.usage}.`);
}

/** What `all` left out; empty when it left out nothing. */
export function leftOutLines({ leftOut }: ExperimentPlan): string[] {
  if (leftOut.length === 0) return [];
  return [
    `Left out: ${leftOut.map((name) => sanitizeLine(name)).join(', ')} (not enabled; name one on the command line to run it)`,
  ];
}

function modelLines({ runs, replayOf }: ExperimentPlan): string[] {
  return byFramework('Model', runs, ({ model, rehearsal }) => {
    if (replayOf !== null) return `${sanitizeLine(model)} (replay of ${replayOf}; costs nothing)`;
    return `${sanitizeLine(model)}${rehearsal ? ' (scripted offline model; costs nothing)' : ''}`;
  });
}

function endpointLines({ runs, replayOf }: ExperimentPlan): string[] {
  return byFramework('Endpoint', runs, ({ rehearsal, endpoint }) =>
    rehearsal || replayOf !== null ? 'this machine' : sanitizeLine(endpoint ?? 'none'),
  );
}

/** One line where it is the same for all frameworks, else one for each. */
function byFramework(title: string, runs: readonly PlannedRun[], tell: (run: PlannedRun) => string): string[] {
  const told = new Map(runs.map((run) => [run.framework, tell(run)]));
  const [first, ...others] = new Set(told.values());
  if (others.length === 0) return [`${title}: ${first ?? 'none'}`];
  return [...told].map(([framework, what]) => `${title} of ${sanitizeLine(framework)}: ${what}`);
}

/** Once, when every check has passed and the first run has begun. */
export function launchLine(plan: ExperimentPlan): string {
  return sanitizeJson({ type: 'launch', pid: process.pid, ...planFacts(plan) });
}

function planFacts(plan: ExperimentPlan): Record<string, unknown> {
  return {
    config: plan.configFile,
    runs_dir: plan.runsDir,
    model: plan.model,
    rehearsal: plan.rehearsal,
    replay_of: plan.replayOf,
    record: plan.record,
    jobs: plan.jobs,
    steps: plan.steps.map(({ step, name }) => ({ step, name })),
    runs: plan.runs,
    left_out: plan.leftOut,
  };
}
