/** The coding agent that a framework drives: installed next to it if PATH has none. */
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepwellError } from '../errors/index.ts';
import { findProgram } from '../exec/index.ts';
import type { SetupSettings } from './settings.ts';
import type { SetupPaths } from './paths.ts';
import type { Recipe } from './recipe.ts';
import type { SetupTools } from './tool.ts';
import { setupError } from './errors.ts';

/** The settings name an agent that stepwell does not know. */
export function unknownAgentError(recipe: Recipe, { agent }: SetupSettings): StepwellError | null {
  if (recipe.agent === undefined || agent === undefined) return null;
  const { known } = recipe.agent;
  return known.includes(agent) ? null : setupError('AGENT_UNKNOWN', { agent, known });
}

/** Absolute path of the agent that npm installed here, or null. */
export async function installedAgent(recipe: Recipe, paths: SetupPaths): Promise<string | null> {
  if (recipe.agent === undefined) return null;
  const program = join(paths.agent, 'node_modules', '.bin', recipe.agent.program);
  return await access(program, constants.X_OK).then(
    () => program,
    () => null,
  );
}

/**
 * Installs the recipe's agent from npm, unless the settings name another agent or a program, or it is on PATH or already installed.
 * A missing npm is only reported, not an error: the framework works with any agent.
 *
 * @throws SETUP_STEP_FAILED
 */
export async function installAgent(
  recipe: Recipe,
  settings: SetupSettings,
  paths: SetupPaths,
  { path, tools, onMessage }: { path: string; tools: SetupTools; onMessage: (line: string) => void },
): Promise<void> {
  if (recipe.agent === undefined || settings.command !== undefined) return;
  const { program, npmPackage } = recipe.agent;
  if (settings.agent !== undefined && settings.agent !== program) return;
  if (findProgram(program, settings.env['PATH'] ?? path).status === 'found' || (await installedAgent(recipe, paths)) !== null)
    return;
  if (findProgram('npm', path).status !== 'found') {
    onMessage(`${program} is not on PATH, and without npm it cannot be installed here`);
    return;
  }
  onMessage(`installing ${npmPackage} from npm`);
  await rm(paths.agent, { recursive: true, force: true });
  await mkdir(paths.agent, { recursive: true });
  // Without its own package.json, npm would search parent directories for one.
  await writeFile(join(paths.agent, 'package.json'), '{ "private": true }\n');
  const options = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    '--global=false',
    `--prefix=${paths.agent}`,
  ];
  const command = ['npm', 'install', '--save-exact', ...options, npmPackage] as const;
  const withoutAccess = 'if npm’s registry is not reachable, set NPM_CONFIG_REGISTRY to one that is';
  await tools.run(`install ${program}`, command, paths.agent, withoutAccess);
}
