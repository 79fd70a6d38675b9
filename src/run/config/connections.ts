/** Endpoint and framework environments: the two places where `${NAME}` is expanded and where secrets come in. */
import { resolve } from 'node:path';
import type { ExperimentConfig, FrameworkSettings } from '../../schema.ts';
import { couldBeKey, hasKeyShape, isSecretName, masked } from './key-shapes.ts';
import { didYouMean } from './nearest.ts';
import type { KeyPath } from './problem.ts';
import { expandReferences } from './references.ts';
import type { Report } from './report.ts';
import type { ResolvedConfig, ResolvedFramework, Secret } from './resolved.ts';
import type { Environment } from './settings.ts';
import { showValue } from './shape.ts';

/** Shorter values are not taken for secrets: replacing them everywhere would spoil the record. */
const LEAST_SECRET = 8;

export interface Collector {
  readonly env: Environment;
  readonly report: Report;
  readonly secrets: Secret[];
}

/** Endpoint with its key; problems of it are reported only when it is needed. */
export function resolveEndpoint(
  endpoint: ExperimentConfig['endpoint'],
  needed: boolean,
  to: Collector,
): ResolvedConfig['endpoint'] {
  if (endpoint === undefined) return null;
  const { base_url, api_key } = endpoint;
  const keyPath = ['endpoint', 'api_key'];
  if (api_key !== undefined && !api_key.includes('${')) checkLiteralSecret(keyPath, api_key, 'OPENAI_API_KEY', to);
  // What is written out ends in the run's config.yaml, needed or not.
  if (needed || !base_url.includes('${')) checkUrl(base_url, to);
  if (!needed) return null;
  const baseUrl = expanded(['endpoint', 'base_url'], base_url, to);
  let apiKey: string | null = null;
  if (api_key !== undefined) {
    apiKey = expanded(keyPath, api_key, to);
    if (apiKey !== null) {
      if (apiKey === '')
        to.report.problem(keyPath, 'is empty', 'Set the variable to the key, or leave out api_key where none is needed.');
      else if (!/^[\x21-\x7e]+$/.test(apiKey)) {
        to.report.problem(
          keyPath,
          'holds white space or characters that no HTTP header can carry',
          'Set the variable to the key alone.',
        );
      }
      keepSecretsOf('endpoint.api_key', api_key, to);
    }
  }
  keepSecretsOf('endpoint.base_url', base_url, to);
  return baseUrl === null ? null : { baseUrl: baseUrl.replace(/\/+$/, ''), apiKey };
}

/** The framework with its environment expanded and the path of its program, if it is one, made absolute. */
export function resolveFramework(
  name: string,
  settings: FrameworkSettings,
  { directory, endpoint }: Pick<ResolvedConfig, 'directory' | 'endpoint'>,
  to: Collector,
): ResolvedFramework {
  const realKey = endpoint?.apiKey ?? null;
  const env: Record<string, string> = {};
  for (const [variable, text] of Object.entries(settings.env)) {
    const path = ['frameworks', name, 'env', variable];
    const value = expanded(path, text, to);
    if (value === null) continue;
    env[variable] = value;
    keepSecretsOf(variable, text, to);
    if (realKey !== null && value.includes(realKey)) {
      to.report.warning(path, 'hands the endpoint’s own key to the framework; calls that it makes with it are not metered');
    }
  }
  const command = settings.command === undefined ? {} : { command: resolveProgram(settings.command, directory) };
  return { name, adapter: settings.adapter ?? name, settings: { ...settings, ...command, env } };
}

/** Of a command only the program is a path for certain; a name without a slash is looked up on PATH. */
function resolveProgram([program = '', ...args]: readonly string[], directory: string): string[] {
  return [program.includes('/') ? resolve(directory, program) : program, ...args];
}

/** Literals where a secret is expected, in every framework, selected or not: the file is what ends in git. */
export function checkFrameworkLiterals(frameworks: ExperimentConfig['frameworks'], to: Collector): void {
  for (const [name, settings] of Object.entries(frameworks)) {
    for (const [variable, text] of Object.entries(settings.env)) {
      if (isSecretName(variable) && !text.includes('${') && text !== '')
        checkLiteralSecret(['frameworks', name, 'env', variable], text, variable, to);
    }
  }
}

/** Text anywhere in the file that has the shape of a key. Places that hold secrets by name are checked by the other two. */
export function checkKeyShapes(value: unknown, to: Collector, path: (string | number)[] = []): void {
  if (typeof value === 'string') {
    if (!hasKeyShape(value) || isSecretName(String(path.at(-1)))) return;
    to.report.problem(
      path,
      `holds what looks like a key: ${masked(value)}`,
      'Take it out; keys are read from environment variables by ${NAME} references.',
    );
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value))
      checkKeyShapes(child, to, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}

function checkLiteralSecret(path: KeyPath, text: string, variable: string, to: Collector): void {
  const reference = `\${${variable}}`;
  const bare = /^\$([A-Za-z_]\w*)$/.exec(text)?.[1];
  if (bare !== undefined) {
    to.report.problem(path, `is "$${bare}", which is not a reference`, `Write it with braces: "\${${bare}}".`);
    return;
  }
  if (couldBeKey(text)) {
    const fix = `Put the key into an environment variable and write ${JSON.stringify(reference)} here. If the file was shared, revoke the key.`;
    to.report.problem(path, `holds what looks like a key: ${masked(text)}`, fix);
    return;
  }
  keepSecret(path.join('.'), text, to.secrets);
  to.report.warning(path, `is written out in the file; write a reference such as ${JSON.stringify(reference)}`);
}

function expanded(path: KeyPath, text: string, to: Collector): string | null {
  const { value, unset, malformed } = expandReferences(text, to.env);
  for (const reference of malformed) {
    to.report.problem(
      path,
      `holds ${JSON.stringify(reference)}, which is not a reference`,
      'Write ${NAME} with letters, digits and underscores.',
    );
  }
  for (const name of unset) {
    const fix = `${didYouMean(name, Object.keys(to.env))}Set it: export ${name}=…`;
    to.report.problem(path, `refers to \${${name}}, which is not set in the environment`, fix);
  }
  return unset.length + malformed.length === 0 ? value : null;
}

/** Messages show what is written, never what a reference stands for: it may be a key in the wrong place. */
function checkUrl(written: string, { env, report }: Collector): void {
  const path = ['endpoint', 'base_url'];
  const fix = 'Write an absolute URL such as https://api.openai.com/v1.';
  const { value, unset, malformed } = expandReferences(written, env);
  if (unset.length + malformed.length > 0) return;
  const url = URL.parse(value);
  const shown = showValue(written.replace(/\/\/[^/@]*@/, '//…@'), path);
  if (url === null || !/^https?:$/.test(url.protocol))
    report.problem(path, `is ${shown}, which is not an http or https URL${value === written ? '' : ' once filled in'}`, fix);
  else if (url.username !== '' || url.password !== '')
    report.problem(path, 'holds a user name or password', 'Move it to api_key, as a ${NAME} reference.');
  else if (url.search !== '' || url.hash !== '')
    report.problem(path, 'holds a query or fragment, to which no path can be added', fix);
}

/** The values behind a text that holds a secret: of each variable that is one, and of the whole where its place says so. */
function keepSecretsOf(place: string, text: string, { env, secrets }: Collector): void {
  const { names, value } = expandReferences(text, env);
  const secret = names.filter(isSecretName);
  // In `TOKEN: user-${X}` the only candidate is X, whatever it is called.
  const kept = secret.length === 0 && isSecretName(place) ? names : secret;
  for (const name of kept) keepSecret(name, env[name] ?? '', secrets);
  if (isSecretName(place)) keepSecret(place, value, secrets);
}

function keepSecret(name: string, value: string, secrets: Secret[]): void {
  if (value.length < LEAST_SECRET || secrets.some((secret) => secret.value === value)) return;
  secrets.push({ name, value });
}
