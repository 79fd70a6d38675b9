/**
 * The adapter `baseline`: one prompt, one answer, files written. It is deliberately simple, as a baseline for multi-agent
 * frameworks.
 */
import { hash } from 'node:crypto';
import { sumComplete } from '../format/index.ts';
import type { Adapter, AdapterStep, FrameworkClaim } from '../run/index.ts';
import type { ClaimedUsage, EventMetadata } from '../schema/index.ts';
import { stepwellBuild } from '../store/index.ts';
import { type ModelAnswer, parseAnswer, SYSTEM_PROMPT, userPrompt } from './baseline/answer-format.ts';
import { type ChatMessage, complete, type Completion } from './baseline/completion.ts';
import { readWorkspace, removeAnswerFile, unsafePathReason, writeAnswerFile } from './baseline/workspace.ts';

export const baseline: Adapter = {
  settings: { keys: {} },
  needsEndpoint: true,
  check: () => Promise.resolve([]),
  prepare: async () => ({ commit: await stepwellBuild() }),
  runStep,
};

async function runStep(step: AdapterStep): Promise<FrameworkClaim> {
  const workspace = await readWorkspace(step.workspace);
  const messages: ChatMessage[] = [
    { role: 'system', content: SYSTEM_PROMPT },
    { role: 'user', content: userPrompt(step.prompt, workspace) },
  ];
  const completions: Completion[] = [];
  const failure = (message: string): FrameworkClaim => {
    return { status: 'failure', reason: 'framework_failed', message, usage: usageOf(completions) };
  };

  for (;;) {
    const completion = await requestCompletion(step, messages);
    completions.push(completion);
    if (!completion.ok) return failure(completion.message);
    const answer = parseAnswer(completion.text);
    const mayAsk = completions.length === 1;
    if (answer.files.length === 0 && answer.deletions.length === 0 && answer.questions.length > 0 && mayAsk) {
      const response = await step.answerClarification(answer.questions.join('\n'));
      messages.push({ role: 'assistant', content: completion.text }, { role: 'user', content: response });
      continue;
    }
    const problem = await rejectionReason(step, completion, answer);
    if (problem !== null) return failure(problem);
    await applyAnswer(step, answer);
    return { status: 'success', usage: usageOf(completions) };
  }
}

async function requestCompletion(step: AdapterStep, messages: readonly ChatMessage[]): Promise<Completion> {
  const { endpoint, model, signal, randomSeed: seed } = step;
  if (endpoint === null) return { ok: false, message: 'the baseline needs a model, and no endpoint is configured' };
  const bytes = messages.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
  step.log.info(`Asking ${model}`, { metadata: { model, messages: messages.length, bytes } });
  const completion = await complete({ endpoint, model, seed, messages, signal });
  if (completion.ok) {
    step.log.info(`${completion.model ?? model} answered`, {
      metadata: { model: completion.model, bytes: Buffer.byteLength(completion.text), finish_reason: completion.finishReason },
    });
  } else {
    step.log.error(completion.message);
  }
  return completion;
}

/** Why the answer must not be written, or null. */
async function rejectionReason(step: AdapterStep, completion: Completion, answer: ModelAnswer): Promise<string | null> {
  if (completion.ok && completion.finishReason === 'length') return 'the answer was cut at the token limit of the model';
  if (answer.unfinished !== null) return `the answer ends inside the file ${JSON.stringify(answer.unfinished)}`;
  if (answer.files.length === 0 && answer.deletions.length === 0) {
    return answer.questions.length > 0 ? 'the model asked again instead of answering with files' : 'the model answered no files';
  }
  const paths = [...answer.files.map((file) => file.path), ...answer.deletions];
  for (const path of paths) {
    const below = paths.find((other) => other.startsWith(`${path}/`));
    const reason = below === undefined ? await unsafePathReason(step.workspace, path) : `the answer has ${below} below it`;
    if (reason !== null) return `the model named the path ${JSON.stringify(path)}, which is refused: ${reason}`;
  }
  return null;
}

async function applyAnswer(step: AdapterStep, answer: ModelAnswer): Promise<void> {
  for (const file of answer.files) {
    step.signal.throwIfAborted();
    const { executable } = await writeAnswerFile(step.workspace, file);
    const metadata: EventMetadata<'file_written'> = {
      path: file.path,
      bytes: Buffer.byteLength(file.content),
      sha256: hash('sha256', file.content),
      executable,
    };
    step.log.info(`Wrote ${file.path}`, { event: 'file_written', metadata });
  }
  for (const path of answer.deletions) {
    await removeAnswerFile(step.workspace, path);
    const metadata: EventMetadata<'file_removed'> = { path };
    step.log.info(`Removed ${path}`, { event: 'file_removed', metadata });
  }
}

/** The sum over all answers; a field is null when an answer lacks it. */
function usageOf(completions: readonly Completion[]): ClaimedUsage {
  const usages = completions.map((completion) => (completion.ok ? completion.usage : null));
  const sum = (key: 'prompt_tokens' | 'completion_tokens'): number | null => sumComplete(usages.map((usage) => usage?.[key]));
  return { input_tokens: sum('prompt_tokens'), output_tokens: sum('completion_tokens'), calls: completions.length };
}
