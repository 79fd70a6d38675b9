/** One framework as a run uses it. */
import { resolve } from 'node:path';
import type { FrameworkSettings } from '../../schema.ts';
import { expanded, keepSecretsOf, type Collector } from './collector.ts';
import type { ResolvedEndpoint, ResolvedFramework } from './resolved.ts';

/** The framework with its environment expanded and the path of its program, if it is one, made absolute. */
export function resolveFramework(
  name: string,
  settings: FrameworkSettings,
  { directory, endpoint, keys }: { directory: string; endpoint: ResolvedEndpoint | null; keys: readonly string[] },
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
  const command = settings.command === undefined ? {} : { command: resolveProgram(settings.command, directory) };
  return { name, adapter: settings.adapter ?? name, settings: { ...settings, ...command, env }, endpoint };
}

/** Of a command only the program is a path for certain; a name without a slash is looked up on PATH. */
function resolveProgram([program = '', ...args]: readonly string[], directory: string): string[] {
  return [program.includes('/') ? resolve(directory, program) : program, ...args];
}
