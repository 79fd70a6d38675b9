/** The table of adapters. A new framework is one file beside `adapters/command.ts` and one line here; a new agent is a preset. */
import { agentAdapter } from './adapters/agent.ts';
import { PRESETS } from './adapters/agent/presets.ts';
import { baes } from './adapters/baes.ts';
import { BAES } from './adapters/baes/recipe.ts';
import { baseline } from './adapters/baseline.ts';
import { chatdev } from './adapters/chatdev.ts';
import { CHATDEV } from './adapters/chatdev/recipe.ts';
import { command } from './adapters/command.ts';
import { ghspec } from './adapters/ghspec.ts';
import { GHSPEC } from './adapters/ghspec/recipe.ts';
import type { Recipe } from './adapters/setup/recipe.ts';
import type { Adapter } from './run.ts';

export type { Recipe } from './adapters/setup/recipe.ts';
export { describeRecord } from './adapters/setup/place.ts';
export { readinessOf } from './adapters/setup/readiness.ts';
export { setUp, type SetupResult } from './adapters/setup/setup.ts';

type AdapterName = 'baes' | 'baseline' | 'chatdev' | 'command' | 'ghspec';

const table = { baes, baseline, chatdev, command, ghspec } satisfies Record<AdapterName, Adapter>;

const agents = Object.fromEntries(Object.entries(PRESETS).map(([name, preset]) => [name, agentAdapter(preset)]));

/** By the name that `adapter:` in the configuration gives. */
export const adapters: Readonly<Record<string, Adapter>> = { ...table, ...agents };

/** Of the adapters whose framework is set up first. */
export const recipes: Readonly<Record<string, Recipe>> = { baes: BAES, chatdev: CHATDEV, ghspec: GHSPEC };
