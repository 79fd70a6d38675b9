/** The coding agent that Spec Kit drives. */
import { agentAdapter } from '../agent.ts';
import type { AgentPreset } from '../agent/preset.ts';
import { PRESETS } from '../agent/presets.ts';
import { placedAgent, placeOf, unknownAgent, type SetupSettings } from '../../setup/index.ts';
import { GHSPEC } from './recipe.ts';

export interface Driven {
  readonly adapter: ReturnType<typeof agentAdapter>;
  /** With the program of the set-up, where it is that one. */
  readonly settings: SetupSettings;
}

const presets: Readonly<Record<string, AgentPreset | undefined>> = PRESETS;

export function isDefaultAgent({ agent }: SetupSettings): boolean {
  return agent === undefined || agent === GHSPEC.agent.program;
}

/** @throws AGENT_UNKNOWN */
export async function agentOf(settings: SetupSettings): Promise<Driven> {
  const preset = presets[settings.agent ?? GHSPEC.agent.program];
  if (preset === undefined) throw unknownAgent(GHSPEC, settings)!;
  const adapter = agentAdapter(preset);
  const isOwn = settings.command === undefined && isDefaultAgent(settings);
  const placed = isOwn ? await placedAgent(GHSPEC, placeOf(GHSPEC, settings)) : null;
  return { adapter, settings: placed === null ? settings : { ...settings, command: [placed] } };
}
