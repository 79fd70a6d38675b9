/** The coding agent that a framework drives: installed beside it where the machine has none. */
import { access, constants, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepwellError } from '../errors/index.ts';
import { findProgram } from '../exec/index.ts';
import type { SetupSettings } from './settings.ts';
import type { SetupPlace } from './place.ts';
import type { Recipe } from './recipe.ts';
import type { Tools } from './tool.ts';
import { setupError } from './errors.ts';

/** The settings name an agent that stepwell does not know. */
export function unknownAgent(recipe: Recipe, { agent }: SetupSettings): StepwellError | null {
  if (recipe.agent === undefined || agent === undefined) return null;
  const { known } = recipe.agent;
  return known.includes(agent) ? null : setupError('AGENT_UNKNOWN', { agent, known });
}

/** Absolute path of the agent that npm installed here, or null. */
export async function placedAgent(recipe: Recipe, place: SetupPlace): Promise<string | null> {
  if (recipe.agent === undefined) return null;
  const program = join(place.agent, 'node_modules', '.bin', recipe.agent.program);
  return await access(program, constants.X_OK).then(
    () => program,
    () => null,
  );
}

/**
 * Installs the recipe's agent from npm unless the settings name another one or a program, PATH has it, or it is here already. Where
 * there is no npm that is said, and no error: the framework is of use with any agent.
 *
 * @throws SETUP_STEP_FAILED
 */
export async function placeAgent(
  recipe: Recipe,
  settings: SetupSettings,
  place: SetupPlace,
  { path, tools, say }: { path: string; tools: Tools; say: (line: string) => void },
): Promise<void> {
  if (recipe.agent === undefined || settings.command !== undefined) return;
  const { program, npmPackage } = recipe.agent;
  if (settings.agent !== undefined && settings.agent !== program) return;
  if (findProgram(program, settings.env['PATH'] ?? path).status === 'found' || (await placedAgent(recipe, place)) !== null)
    return;
  if (findProgram('npm', path).status !== 'found') {
    say(`${program} is not on PATH, and without npm it cannot be installed here`);
    return;
  }
  say(`installing ${npmPackage} from npm`);
  await rm(place.agent, { recursive: true, force: true });
  await mkdir(place.agent, { recursive: true });
  // A package.json of its own: npm would otherwise look for one upwards.
  await writeFile(join(place.agent, 'package.json'), '{ "private": true }\n');
  const options = [
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--fetch-retries=1',
    '--global=false',
    `--prefix=${place.agent}`,
  ];
  const command = ['npm', 'install', '--save-exact', ...options, npmPackage] as const;
  const withoutAccess = 'without access to npm’s registry set NPM_CONFIG_REGISTRY to one that npm can reach';
  await tools.run(`install ${program}`, command, place.agent, withoutAccess);
}
