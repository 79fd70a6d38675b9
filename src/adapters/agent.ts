/** Coding agents as frameworks: a preset makes of one what `command` can run. One attempt is one headless run of the agent. */
import { execFile } from 'node:child_process';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Adapter, AdapterStep, Finding, FrameworkClaim } from '../run.ts';
import type { FrameworkSettings } from '../schema.ts';
import type { AgentFacts, AgentPreset } from './agent/preset.ts';
import { usageReader } from './agent/usage.ts';
import { command, parentPath, runCommand } from './command.ts';
import { UNKNOWN_COMMIT } from './command/commit.ts';
import { findProgram } from './command/program.ts';

const VERSION_TIMEOUT_MS = 60_000;

export function agentAdapter(preset: AgentPreset): Adapter {
  const withProgram = (settings: FrameworkSettings): FrameworkSettings => ({
    ...settings,
    command: settings.command ?? [preset.program],
  });
  return {
    needsEndpoint: true,
    async check(settings) {
      const found = await command.check(withProgram(settings));
      if (found.length > 0) return found.map(({ what, fix }) => ({ what, fix: `${fix} ${howToGet(preset)}` }));
      const version = await versionOf(preset, settings);
      return version.ok ? [] : [version.finding];
    },
    async describe(settings) {
      const version = await versionOf(preset, settings);
      return version.ok ? `${version.text} (${version.path})` : null;
    },
    async prepare(run) {
      const { commit } = await command.prepare({ ...run, settings: withProgram(run.settings) });
      if (commit !== UNKNOWN_COMMIT) return { commit };
      const version = await versionOf(preset, run.settings);
      return { commit: version.ok ? version.text : UNKNOWN_COMMIT };
    },
    runStep: async (step) => await runAgent(preset, { ...step, settings: withProgram(step.settings) }),
    stop: async (run) => await command.stop(run),
  };
}

function howToGet({ program, install }: AgentPreset): string {
  return `To install it: ${install}. If it is elsewhere, add command: [/path/to/${program}] to the framework.`;
}

async function runAgent(preset: AgentPreset, step: AdapterStep): Promise<FrameworkClaim> {
  const { endpoint, workspace, prompt, model } = step;
  if (endpoint === null) {
    return { status: 'failure', reason: 'framework_failed', message: 'an agent needs a model, and no endpoint is configured' };
  }
  const home = join(step.scratch, 'agent', `${step.step}-${step.attempt}`);
  const facts: AgentFacts = { home, workspace, prompt, model, endpoint };
  await rm(home, { recursive: true, force: true });
  await mkdir(home, { recursive: true });
  for (const [path, text] of Object.entries(preset.files(facts))) {
    await mkdir(dirname(join(home, path)), { recursive: true });
    await writeFile(join(home, path), text, { mode: 0o600 });
  }
  const [program, ...own] = step.settings.command ?? [preset.program];
  const reader = usageReader(preset.report);
  const claim = await runCommand(
    {
      ...step,
      settings: { ...step.settings, command: [program!, ...preset.args(facts), ...own] },
      env: { ...step.env, HOME: home, ...preset.env(facts), ...step.settings.env },
      prompt: preset.promptIn === 'files' ? '' : prompt,
    },
    reader.onLine,
  );
  const usage = reader.end(home);
  return usage === null ? claim : { ...claim, usage };
}

type Version =
  | { readonly ok: true; readonly text: string; readonly path: string }
  | { readonly ok: false; readonly finding: Finding };

/** Asks the program itself, in a HOME that it may write to and that is removed again. */
async function versionOf(preset: AgentPreset, settings: FrameworkSettings): Promise<Version> {
  const PATH = settings.env['PATH'] ?? parentPath();
  const found = findProgram(settings.command?.[0] ?? preset.program, PATH);
  if (found.status !== 'found')
    return { ok: false, finding: { what: `${preset.program} was not found.`, fix: howToGet(preset) } };
  const args = preset.versionArgs ?? ['--version'];
  const home = await mkdtemp(join(tmpdir(), 'stepwell-agent-'));
  try {
    const env = { PATH, HOME: home, TMPDIR: home };
    const { stdout, stderr } = await promisify(execFile)(found.path, args, { env, cwd: home, timeout: VERSION_TIMEOUT_MS });
    const number = /\d+\.\d+\.\d+\S*/.exec(stdout + stderr)?.[0].replace(/\.$/, '') ?? 'of unknown version';
    return { ok: true, text: `${preset.program} ${number}`, path: found.path };
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = stderr.trim().split('\n').at(-1) || message;
    return { ok: false, finding: { what: `${[found.path, ...args].join(' ')} failed: ${said}`, fix: howToGet(preset) } };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}
