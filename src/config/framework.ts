/** One framework as a run uses it. */
import { resolve } from 'node:path';
import type { FrameworkSettings, ValidationConfig } from '../schema.ts';
import { REHEARSAL_MODEL } from './choice.ts';
import { expanded, keepSecretsOf, type Collector } from './collector.ts';
import { checksOf } from './measures.ts';
import type { Environment } from './settings.ts';
import type { ResolvedEndpoint, ResolvedFramework } from './resolved.ts';

/** The framework with its environment expanded and the path of its program, if it is one, made absolute. */
export function resolveFramework(
  name: string,
  settings: FrameworkSettings,
  {
    directory,
    cwd,
    model,
    endpoint,
    keys,
    validation,
  }: {
    directory: string;
    cwd: string;
    model: string;
    endpoint: ResolvedEndpoint | null;
    keys: readonly string[];
    /** The experiment's. */
    validation: ValidationConfig;
  },
  to: Collector,
): ResolvedFramework {
  const env: Record<string, string> = {};
  for (const [variable, text] of Object.entries(settings.env)) {
    const path = ['frameworks', name, 'env', variable];
    const value = expanded(path, text, to);
    if (value === null) continue;
    env[variable] = value;
    keepSecretsOf(variable, text, to);
    if (keys.some((key) => value.includes(key))) {
      to.report.warning(path, 'hands the endpoint’s own key to the framework; calls that it makes with it are not metered');
    }
  }
  const places = resolvePlaces(settings, { directory, cwd, env: to.env });
  const command = settings.command === undefined ? {} : { command: resolveProgram(settings.command, directory) };
  return {
    name,
    adapter: settings.adapter ?? name,
    model,
    rehearsal: model === REHEARSAL_MODEL,
    settings: { ...settings, model, ...places, ...command, env },
    endpoint,
    validation: checksOf(validation, settings.validation),
  };
}

/** A URL of a repository stays; git's `host:path` has a colon before its first slash. */
function resolvePlaces(
  { repo_url, python, install_dir }: FrameworkSettings,
  { directory, cwd, env }: { directory: string; cwd: string; env: Environment },
): Partial<FrameworkSettings> {
  const set = env['STEPWELL_FRAMEWORKS_DIR'] ?? '';
  const installs = install_dir === undefined ? resolve(cwd, set === '' ? 'frameworks' : set) : resolve(directory, install_dir);
  return {
    install_dir: installs,
    ...(repo_url === undefined ? {} : { repo_url: /^[^/]*:/.test(repo_url) ? repo_url : resolve(directory, repo_url) }),
    ...(python === undefined ? {} : { python: python.includes('/') ? resolve(directory, python) : python }),
  };
}

/** Of a command only the program is a path for certain; a name without a slash is looked up on PATH. */
function resolveProgram([program = '', ...args]: readonly string[], directory: string): string[] {
  return [program.includes('/') ? resolve(directory, program) : program, ...args];
}
