/** Runs the agent for each phase of one Spec Kit step. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { captureScope } from '../../log/index.ts';
import type { AdapterStep, FrameworkClaim } from '../../run/index.ts';
import { type ClaimedUsage, type EventMetadata, type FrameworkPhaseStatus, toSeconds } from '../../schema/index.ts';
import type { DirectoryDigest } from '../../store/index.ts';
import { addUsage } from '../agent/report.ts';
import type { DrivenAgent } from './agent.ts';
import { promptOf, questionsIn, withAnswers } from './prompts.ts';
import type { HandleAgentCall } from './agent-callback.ts';
import { newFeature, templateOf, textOf } from './artifacts.ts';
import { type Phase, phaseOf } from './workflow.ts';

export interface PhaseRunner {
  readonly handleCall: HandleAgentCall;
  /** Usage claimed by the agent, summed over all phases; undefined when a phase reported none. */
  usage(): ClaimedUsage | undefined;
  /** The claim of the phase in which the agent failed; null when none did. @throws the error that kept a phase from running */
  failure(): FrameworkClaim | null;
}

/** @param before the workspace as the attempt found it */
export function createPhaseRunner(step: AdapterStep, agent: DrivenAgent, before: DirectoryDigest): PhaseRunner {
  // Calls arrive on a socket, outside the async context of the attempt that they belong to.
  const inScope = captureScope();
  const usages: (ClaimedUsage | undefined)[] = [];
  let input = step.prompt;
  let failed: FrameworkClaim | null = null;
  let thrown: { readonly error: unknown } | null = null;

  async function run(phase: Phase, signal: AbortSignal): Promise<FrameworkClaim> {
    const scratch = join(step.scratch, 'ghspec', phase);
    await mkdir(scratch, { recursive: true });
    const promptFile = join(scratch, 'prompt.md');
    const prompt = await promptOf(step.workspace, phase, input);
    if (prompt === null) return { status: 'failure', reason: 'framework_failed', message: 'its text is gone from .pi/prompts' };
    await writeFile(promptFile, prompt);
    const endpoint = step.phaseEndpoint(phase);
    return await agent.adapter.runStep({ ...step, settings: agent.settings, scratch, endpoint, prompt, promptFile, signal });
  }

  async function clarify(): Promise<void> {
    const feature = await newFeature(step.workspace, before);
    if (feature === null) return;
    const spec = (await textOf(step.workspace, `${feature}/spec.md`)) ?? '';
    const questions = questionsIn(spec, await templateOf(step.workspace, 'spec'));
    const answers: string[] = [];
    for (const question of questions) answers.push(await step.answerClarification(question));
    if (questions.length > 0) input = withAnswers(step.prompt, questions, answers);
  }

  async function attend(phase: Phase, signal: AbortSignal): Promise<number> {
    const started = performance.now();
    const cut = AbortSignal.any([signal, step.signal]);
    let status: FrameworkPhaseStatus = 'failed';
    try {
      const claim = await run(phase, cut);
      usages.push(claim.usage);
      if (claim.usage !== undefined)
        step.log.info(`What the agent says it used in the phase ${phase}`, { metadata: { phase, claimed_usage: claim.usage } });
      if (cut.aborted) status = 'unfinished';
      else if (claim.status === 'success') status = 'completed';
      else failed = { ...claim, message: `the agent failed in the phase ${phase}: ${claim.message}` };
    } finally {
      const duration_seconds = toSeconds(performance.now() - started);
      const metadata = { phase, status, duration_seconds } satisfies EventMetadata<'framework_phase'>;
      step.log.info(`Phase ${phase} ${status}`, { event: 'framework_phase', metadata });
    }
    if (status !== 'completed') return 1;
    if (phase === 'specify') await clarify();
    return 0;
  }

  return {
    handleCall: async (args, signal) =>
      await inScope(async () => {
        const phase = phaseOf(args);
        if (phase === null) {
          failed = {
            status: 'failure',
            reason: 'framework_failed',
            message: `it called its agent for something unknown: ${args.join(' ')}`,
          };
          return 1;
        }
        try {
          return await attend(phase, signal);
        } catch (error) {
          thrown = { error };
          return 1;
        }
      }),
    usage() {
      const said = usages.filter((usage) => usage !== undefined);
      return said.length === 0 || said.length < usages.length ? undefined : said.reduce(addUsage);
    },
    failure() {
      if (thrown !== null) throw thrown.error;
      return failed;
    },
  };
}
