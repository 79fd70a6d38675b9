/** Coding agents as frameworks: a preset turns an agent into a command line. One attempt is one headless run of the agent. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Adapter, AdapterStep, FrameworkClaim } from '../run/index.ts';
import type { AgentContext, AgentOutcome, AgentPreset } from './agent/preset.ts';
import { reportReader } from './agent/report.ts';
import { createSessionRecorder } from './agent/session.ts';
import { installHint, versionOf } from './agent/version.ts';
import { command, programKey, runCommand, type CommandSettings } from './command.ts';
import { UNKNOWN_COMMIT } from './command/commit.ts';

/** Limit for the error message of an agent; the full text is in its output or its session. */
const MAX_MESSAGE_CHARACTERS = 500;

export function agentAdapter(preset: AgentPreset): Adapter<CommandSettings> {
  const withProgram = (settings: CommandSettings): CommandSettings => ({
    ...settings,
    command: settings.command ?? [preset.program],
  });
  return {
    settings: {
      keys: { command: programKey('Program of the agent, and additional arguments. Default: the program on PATH.') },
      paths: { command: 'command' },
    },
    needsEndpoint: true,
    async check(settings) {
      const found = await command.check(withProgram(settings));
      if (found.length > 0) return found.map(({ what, fix }) => ({ what, fix: `${fix} ${installHint(preset)}` }));
      const version = await versionOf(preset, settings, tmpdir());
      return version.ok ? [] : [version.issue];
    },
    async describe(settings) {
      const version = await versionOf(preset, settings, tmpdir());
      return version.ok ? `${version.text} (${version.path})` : null;
    },
    async prepare(run) {
      const { commit } = await command.prepare({ ...run, settings: withProgram(run.settings) });
      if (commit !== UNKNOWN_COMMIT) return { commit };
      const version = await versionOf(preset, run.settings, run.scratch);
      return { commit: version.ok ? version.text : UNKNOWN_COMMIT };
    },
    runStep: async (step) => await runAgent(preset, { ...step, settings: withProgram(step.settings) }),
  };
}

async function runAgent(preset: AgentPreset, step: AdapterStep<CommandSettings>): Promise<FrameworkClaim> {
  const { endpoint, workspace, prompt, model } = step;
  if (endpoint === null) {
    return { status: 'failure', reason: 'framework_failed', message: 'an agent needs a model, and no endpoint is configured' };
  }
  const home = join(step.scratch, 'agent', `${step.step}-${step.attempt}`);
  const facts: AgentContext = { home, workspace, prompt, model, endpoint };
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  for (const [path, text] of Object.entries(preset.files(facts))) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text, { mode: 0o600 });
  }
  const [program, ...own] = step.settings.command ?? [preset.program];
  const session = createSessionRecorder(step.log);
  const reader = reportReader(preset.report, session.record);
  const ended = await runCommand(
    {
      ...step,
      settings: { ...step.settings, command: [program!, ...preset.args(facts), ...own] },
      // Some agents run commands with zsh, which ignores TMPDIR.
      env: {
        TMPPREFIX: join(step.env['TMPDIR'] ?? home, 'zsh'),
        ...step.env,
        HOME: home,
        ...preset.env(facts),
        ...step.settings.env,
      },
      prompt: preset.promptIn === 'files' ? '' : prompt,
    },
    reader.onLine,
  );
  const { usage, outcome } = reader.end(home);
  session.end();
  const claim = withAgentMessage(ended, outcome, preset);
  return usage === null ? claim : { ...claim, usage };
}

/** An agent may report a failure and still exit with 0. */
function withAgentMessage(ended: FrameworkClaim, outcome: AgentOutcome | null, { program }: AgentPreset): FrameworkClaim {
  if (outcome?.status !== 'failed') return ended;
  const words = `${program} says: ${outcome.message.replace(/\s+/g, ' ').trim().slice(0, MAX_MESSAGE_CHARACTERS)}`;
  if (ended.status === 'success') return { status: 'failure', reason: 'framework_failed', message: words };
  return { ...ended, message: `${ended.message}; ${words}` };
}
