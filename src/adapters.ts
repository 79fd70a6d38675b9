/** The table of adapters. A new framework is one file beside `adapters/command.ts` and one line here. */
import { baseline } from './adapters/baseline.ts';
import { command } from './adapters/command.ts';
import type { Adapter } from './run.ts';

type AdapterName = 'baseline' | 'command';

const table = { baseline, command } satisfies Record<AdapterName, Adapter>;

/** By the name that `adapter:` in the configuration gives. */
export const adapters: Readonly<Record<string, Adapter>> = table;
