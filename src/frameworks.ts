/** The table of adapters. A new framework is one file beside `frameworks/command.ts` and one line here; a new agent is a preset. */
import { agentAdapter } from './frameworks/agent.ts';
import { PRESETS } from './frameworks/agent/presets.ts';
import { baes } from './frameworks/baes.ts';
import { BAES } from './frameworks/baes/recipe.ts';
import { baseline } from './frameworks/baseline.ts';
import { chatdev } from './frameworks/chatdev.ts';
import { CHATDEV } from './frameworks/chatdev/recipe.ts';
import { command } from './frameworks/command.ts';
import { ghspec } from './frameworks/ghspec.ts';
import { GHSPEC } from './frameworks/ghspec/recipe.ts';
import type { Recipe } from './setup.ts';
import type { Adapter } from './run.ts';

type AdapterName = 'baes' | 'baseline' | 'chatdev' | 'command' | 'ghspec';

const table = { baes, baseline, chatdev, command, ghspec } satisfies Record<AdapterName, Adapter>;

const agents = Object.fromEntries(Object.entries(PRESETS).map(([name, preset]) => [name, agentAdapter(preset)]));

/** By the name that `adapter:` in the configuration gives. */
export const adapters: Readonly<Record<string, Adapter>> = { ...table, ...agents };

/** Of the adapters whose framework is set up first. */
export const recipes: Readonly<Record<string, Recipe>> = { baes: BAES, chatdev: CHATDEV, ghspec: GHSPEC };
