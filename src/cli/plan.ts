/** `run --dry-run`: what would be run, in words or as JSON. */
import { loadConfig } from '../run.ts';
import type { ExperimentOptions, ExperimentPlan } from '../experiment.ts';
import { ExitCode } from '../errors.ts';
import { counted, duration } from './columns.ts';
import { neutralJson, neutralLine } from './neutral.ts';
import { print } from './output.ts';
import { planFacts } from './run-json.ts';
import { shownPath } from './runs-dir.ts';

export async function printPlan(plan: ExperimentPlan, options: ExperimentOptions, json: boolean): Promise<void> {
  if (json) {
    await print(neutralJson({ type: 'plan', ...planFacts(plan), findings: plan.findings }));
    return;
  }
  const { config, endpoint } = loadConfig({ file: plan.configFile, flags: { ...options, frameworks: options.frameworks } });
  const { timeouts, retries } = config;
  const frameworks = new Map<string, number>();
  for (const { framework } of plan.runs) frameworks.set(framework, (frameworks.get(framework) ?? 0) + 1);
  const total = plan.runs.length;
  await print(
    `Configuration: ${neutralLine(shownPath(plan.configFile))}`,
    `Model: ${neutralLine(plan.model)}${plan.rehearsal ? ' (the scripted offline model; nothing is spent)' : ''}`,
    `Endpoint: ${plan.rehearsal ? 'this machine' : neutralLine(endpoint?.baseUrl ?? 'none')}`,
    `Runs: ${total} (${[...frameworks].map(([name, rounds]) => `${neutralLine(name)} × ${rounds}`).join(', ')}), ${plan.jobs} at a time`,
    `Steps: ${plan.steps.length}`,
    ...plan.steps.map(
      ({ step, name, prompt_file }) => `  ${String(step).padStart(3)}  ${neutralLine(name)}  (${neutralLine(prompt_file)})`,
    ),
    `Limits: ${duration(timeouts.step_timeout_seconds)} a step, ${counted(retries.max_retries, 'retry', 'retries')}`,
    `Records: ${neutralLine(shownPath(plan.runsDir))}/<framework>/<run_id>`,
  );
  if (plan.findings.length === 0) {
    await print('Everything is ready. Nothing was started.');
    return;
  }
  await print('', 'In the way:');
  for (const { what, fix } of plan.findings) await print(`  ${neutralLine(what)}`, `    fix: ${neutralLine(fix)}`);
  await print('', `Nothing was started; a run would end with exit code ${ExitCode.usage}.`);
}
