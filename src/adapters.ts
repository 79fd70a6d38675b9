/** The table of adapters. A new framework is one file beside `adapters/command.ts` and one line here; a new agent is a preset. */
import { agentAdapter } from './adapters/agent.ts';
import { PRESETS } from './adapters/agent/presets.ts';
import { baseline } from './adapters/baseline.ts';
import { command } from './adapters/command.ts';
import type { Adapter } from './run.ts';

type AdapterName = 'baseline' | 'command';

const table = { baseline, command } satisfies Record<AdapterName, Adapter>;

const agents = Object.fromEntries(Object.entries(PRESETS).map(([name, preset]) => [name, agentAdapter(preset)]));

/** By the name that `adapter:` in the configuration gives. */
export const adapters: Readonly<Record<string, Adapter>> = { ...table, ...agents };
