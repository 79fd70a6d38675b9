/** The adapter `ghspec`: GitHub Spec Kit, which drives a coding agent through four phases per step. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { AdapterSettings } from '../config/index.ts';
import { describeOutcome, runLogged } from '../exec/index.ts';
import {
  issueOf,
  type Adapter,
  type AdapterRun,
  type AdapterStep,
  type PreflightIssue,
  type FrameworkClaim,
} from '../run/index.ts';
import { digestDirectory } from '../store/index.ts';
import { programKey } from './command.ts';
import { resolveAgent, isDefaultAgent } from './ghspec/agent.ts';
import { failureOf, workflowText } from './ghspec/workflow.ts';
import { startAgentCallback } from './ghspec/agent-callback.ts';
import { createPhaseRunner } from './ghspec/phases.ts';
import { GHSPEC } from './ghspec/recipe.ts';
import { missingArtifact, newFeature, tasksIn, textOf } from './ghspec/artifacts.ts';
import { PYTHON_ENVIRONMENT } from './python.ts';
import {
  describeSetup,
  checkReadiness,
  requireSetup,
  unknownAgentError,
  recordSetup,
  type SetupSettings,
  PACKAGE_SETTINGS,
} from '../setup/index.ts';
import { ghspecError } from './ghspec/errors.ts';

const settings: AdapterSettings = {
  keys: {
    command: programKey('Program of the coding agent that Spec Kit drives, and additional arguments.'),
    agent: z.string().min(1).optional().describe('The coding agent that Spec Kit drives. Default: pi.'),
    ...PACKAGE_SETTINGS.keys,
  },
  paths: { command: 'command', ...PACKAGE_SETTINGS.paths },
};

export const ghspec: Adapter<SetupSettings> = {
  settings,
  needsEndpoint: true,
  check,
  async describe(settings) {
    const [setup, agent] = [await describeSetup(GHSPEC, settings), await describeAgent(settings)];
    return setup === null ? null : `${setup}; ${agent === null ? 'no agent' : `agent ${agent}`}`;
  },
  prepare,
  runStep,
};

async function check(settings: SetupSettings, framework?: string): Promise<PreflightIssue[]> {
  const unknown = unknownAgentError(GHSPEC, settings);
  const issues = unknown === null ? [] : [issueOf(unknown)];
  const readiness = await checkReadiness(GHSPEC, settings, framework);
  if (readiness.status === 'not_ready') issues.push(readiness.issue);
  // Setup installs the default agent, so before setup only a different agent can be missing.
  if (unknown === null && (readiness.status === 'ready' || !isDefaultAgent(settings))) {
    const agent = await resolveAgent(settings);
    issues.push(...(await agent.adapter.check(agent.settings)));
  }
  return issues;
}

async function describeAgent(settings: SetupSettings): Promise<string | null> {
  if (unknownAgentError(GHSPEC, settings) !== null) return null;
  const agent = await resolveAgent(settings);
  return (await agent.adapter.describe?.(agent.settings)) ?? null;
}

/** Initializes a Spec Kit project in the workspace; each step adds a feature to it. */
async function prepare(run: AdapterRun<SetupSettings>): Promise<{ commit: string }> {
  const { programs } = await recordSetup(GHSPEC, run);
  await mkdir(run.workspace, { recursive: true });
  const options = ['--here', '--force', '--non-interactive', '--integration', 'pi', '--script', 'sh', '--ignore-agent-tools'];
  const { outcome } = await runLogged(
    {
      command: [join(programs, 'specify'), 'init', ...options],
      cwd: run.workspace,
      env: environmentOf(run),
      graceMs: run.shutdownGraceSeconds * 1000,
      signal: run.signal,
      processTag: run.processTag,
    },
    run.log,
  );
  if (outcome.status === 'spawn_failed') throw outcome.error;
  if (outcome.status !== 'exited' || outcome.exitCode !== 0)
    throw ghspecError('SPECKIT_NOT_INITIALISED', { how: describeOutcome(outcome) });
  const agent = await resolveAgent(run.settings);
  const { commit } = await agent.adapter.prepare({ ...run, settings: agent.settings });
  return { commit: `specify-cli ${GHSPEC.commit}, ${commit}` };
}

async function runStep(step: AdapterStep<SetupSettings>): Promise<FrameworkClaim> {
  const { programs } = await requireSetup(GHSPEC, step.settings);
  const before = await digestDirectory(step.workspace);
  const phases = createPhaseRunner(step, await resolveAgent(step.settings), before);
  const stdout: string[] = [];
  const outcome = await runWorkflow();
  const usage = phases.usage();
  const claim = phases.failure() ?? failureOf(outcome, stdout) ?? (await verifyArtifacts(step, before));
  return usage === undefined ? claim : { ...claim, usage };

  async function runWorkflow() {
    const own = join(step.scratch, 'ghspec');
    await using callback = await startAgentCallback(own, phases.handleCall);
    const workflow = join(own, 'workflow.yml');
    await writeFile(workflow, workflowText());
    // The prompt reaches the agent another way, at any length; this is only what Spec Kit keeps in its own record.
    const input = `spec=Step ${step.step}, ${step.name}`;
    const { outcome } = await runLogged(
      {
        command: [join(programs, 'specify'), 'workflow', 'run', workflow, '-i', input, '--json'],
        cwd: step.workspace,
        env: { ...environmentOf(step), SPECKIT_INTEGRATION_PI_EXECUTABLE: callback.program },
        graceMs: step.shutdownGraceSeconds * 1000,
        signal: step.signal,
        processTag: agentProcessTag(step),
        onLine({ stream, text }) {
          if (stream === 'stdout') stdout.push(text);
        },
      },
      step.log,
    );
    return outcome;
  }
}

/** Checks the claim that all is done against the files in the workspace. */
async function verifyArtifacts(
  step: AdapterStep<SetupSettings>,
  before: Awaited<ReturnType<typeof digestDirectory>>,
): Promise<FrameworkClaim> {
  const missing = await missingArtifact(step.workspace, before, await digestDirectory(step.workspace));
  if (missing !== null)
    return { status: 'failure', reason: 'framework_failed', message: `it claims to have completed the feature, but ${missing}` };
  const { done, open } = tasksIn((await textOf(step.workspace, `${await newFeature(step.workspace, before)}/tasks.md`)) ?? '');
  if (open.length > 0)
    step.log.warn(`${open.length} of ${done + open.length} tasks are not ticked: ${open.slice(0, 5).join('; ')}`);
  return { status: 'success' };
}

/** Not the agent's: what carries a program's process tag ends with it, and Spec Kit continues when its agent ends. */
function agentProcessTag({ processTag }: AdapterRun): string {
  return `${processTag}:specify`;
}

function environmentOf(run: AdapterRun<SetupSettings>): Record<string, string> {
  return { ...run.env, ...PYTHON_ENVIRONMENT, NO_COLOR: '1' };
}
