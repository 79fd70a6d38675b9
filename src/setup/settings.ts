/** Configuration keys of frameworks that `stepwell setup` installs. */
import { z } from 'zod';
import type { AdapterSettings } from '../config/index.ts';
import type { FrameworkSettings } from '../schema/index.ts';

const text = z.string().min(1).optional();

const SOURCE_KEYS = {
  repo_url: text.describe(
    'For `stepwell setup`: git URL of the framework’s source, or the path of a clone, relative to this file.',
  ),
  commit_hash: z
    .string()
    .regex(/^[0-9a-f]{40}$/, 'must be a full commit of 40 digits')
    .optional()
    .describe('The commit that is set up and run. Default: the one that the adapter was written for.'),
};

const PLACE_KEYS = {
  python: text.describe('For `stepwell setup`: the Python to use. Default: one on PATH that the framework supports.'),
  install_dir: text.describe(
    'Directory in which the framework is set up, relative to this file. Default: STEPWELL_FRAMEWORKS_DIR, or `frameworks` in the current directory.',
  ),
};

/** Settings that setup reads; each framework has those that its recipe needs. */
export type SetupSettings = FrameworkSettings & {
  readonly [key in keyof typeof SOURCE_KEYS | keyof typeof PLACE_KEYS]?: string | undefined;
} & {
  /** The coding agent that it drives. */
  readonly agent?: string | undefined;
  /** That agent's program. */
  readonly command?: readonly string[] | undefined;
};

/** Of a framework that is a Python package. */
export const PACKAGE_SETTINGS = {
  keys: PLACE_KEYS,
  paths: { python: 'program', install_dir: 'install_dir' },
} as const satisfies AdapterSettings;

/** Of a framework that is a commit of a git repository. */
export const SOURCE_SETTINGS = {
  keys: { ...SOURCE_KEYS, ...PLACE_KEYS },
  paths: { ...PACKAGE_SETTINGS.paths, repo_url: 'repository' },
} as const satisfies AdapterSettings;
