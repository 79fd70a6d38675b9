/** The coding agent that Spec Kit drives. */
import { agentAdapter } from '../agent.ts';
import type { AgentPreset } from '../agent/preset.ts';
import { PRESETS } from '../agent/presets.ts';
import { installedAgent, setupPaths, unknownAgentError, type SetupSettings } from '../../setup/index.ts';
import { GHSPEC } from './recipe.ts';

export interface DrivenAgent {
  readonly adapter: ReturnType<typeof agentAdapter>;
  /** With the program of the set-up, where it is that one. */
  readonly settings: SetupSettings;
}

const presets: Readonly<Record<string, AgentPreset | undefined>> = PRESETS;

export function isDefaultAgent({ agent }: SetupSettings): boolean {
  return agent === undefined || agent === GHSPEC.agent.program;
}

/** @throws AGENT_UNKNOWN */
export async function resolveAgent(settings: SetupSettings): Promise<DrivenAgent> {
  const preset = presets[settings.agent ?? GHSPEC.agent.program];
  if (preset === undefined) throw unknownAgentError(GHSPEC, settings)!;
  const adapter = agentAdapter(preset);
  const isOwn = settings.command === undefined && isDefaultAgent(settings);
  const placed = isOwn ? await installedAgent(GHSPEC, setupPaths(GHSPEC, settings)) : null;
  return { adapter, settings: placed === null ? settings : { ...settings, command: [placed] } };
}
