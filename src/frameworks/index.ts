/**
 * The table of frameworks. A new one is one file beside `frameworks/command.ts`, its parts in a folder of that name, and one line here; a
 * new agent is a preset.
 */
import { agentAdapter } from './agent.ts';
import { PRESETS } from './agent/presets.ts';
import { baes } from './baes.ts';
import { BAES } from './baes/recipe.ts';
import { baseline } from './baseline.ts';
import { chatdev } from './chatdev.ts';
import { CHATDEV } from './chatdev/recipe.ts';
import { command } from './command.ts';
import { ghspec } from './ghspec.ts';
import { GHSPEC } from './ghspec/recipe.ts';
import type { Recipe } from '../setup/index.ts';
import type { Adapter } from '../run/index.ts';

export interface Framework {
  /** Includes the configuration keys that it adds. */
  readonly adapter: Adapter;
  /** What `stepwell setup` installs first; null when there is nothing to install. */
  readonly recipe: Recipe | null;
}

const agents = Object.fromEntries(
  Object.entries(PRESETS).map(([name, preset]) => [name, { adapter: agentAdapter(preset), recipe: null }]),
);

/** By the name that `adapter:` in the configuration gives. */
const frameworks: Readonly<Record<string, Framework>> = {
  baes: { adapter: baes, recipe: BAES },
  baseline: { adapter: baseline, recipe: null },
  chatdev: { adapter: chatdev, recipe: CHATDEV },
  command: { adapter: command, recipe: null },
  ghspec: { adapter: ghspec, recipe: GHSPEC },
  ...agents,
};

export const adapters: Readonly<Record<string, Adapter>> = Object.fromEntries(
  Object.entries(frameworks).map(([name, { adapter }]) => [name, adapter]),
);

/** Recipes by adapter name, for frameworks that `stepwell setup` installs. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  Object.entries(frameworks).flatMap(([name, { recipe }]) => (recipe === null ? [] : [[name, recipe]])),
);
