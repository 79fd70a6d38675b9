/** `${NAME}` in `endpoint` and `frameworks.*.env`: the value stays out of the file and out of the record. */
import { isSecretName, MIN_SECRET_LENGTH } from '../secrets/index.ts';
import type { Report } from './file/document.ts';
import type { KeyPath } from './errors.ts';
import type { Secret } from './resolved.ts';
import { didYouMean } from './suggest.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Expansion {
  readonly value: string;
  /** Names that are referred to. */
  readonly names: readonly string[];
  /** Those of them that the environment does not have. */
  readonly unset: readonly string[];
  /** References that are not of the form `${NAME}`. */
  readonly malformed: readonly string[];
}

export function expandReferences(text: string, env: Environment): Expansion {
  const names: string[] = [];
  const unset: string[] = [];
  const malformed: string[] = [];
  const value = text.replaceAll(/\$\{([^}]*)\}?/g, (whole, name: string) => {
    if (!/^\$\{[A-Za-z_]\w*\}$/.test(whole)) {
      malformed.push(whole);
      return whole;
    }
    names.push(name);
    const found = Object.hasOwn(env, name) ? env[name] : undefined;
    if (found === undefined) unset.push(name);
    return found ?? '';
  });
  return { value, names, unset, malformed };
}

/** Shared by everything that expands references: the environment, the report, and the collected secrets. */
export interface ResolveContext {
  readonly env: Environment;
  readonly report: Report;
  readonly secrets: Secret[];
}

/** The text with its references expanded; null when that fails, which is reported. */
export function expandOrReport(path: KeyPath, text: string, to: ResolveContext): string | null {
  const { value, unset, malformed } = expandReferences(text, to.env);
  reportMalformed(path, malformed, to.report);
  for (const name of unset) {
    const fix = `${didYouMean(name, Object.keys(to.env))}Set it: export ${name}=…`;
    to.report.problem(path, `refers to \${${name}}, which is not set in the environment`, fix);
  }
  return unset.length + malformed.length === 0 ? value : null;
}

/** Checks only the syntax of references: a variable that is read later need not be set now. */
export function checkReferences(path: KeyPath, text: string, to: ResolveContext): void {
  reportMalformed(path, expandReferences(text, to.env).malformed, to.report);
}

function reportMalformed(path: KeyPath, malformed: readonly string[], report: Report): void {
  for (const reference of malformed) {
    const fix = 'Write ${NAME} with letters, digits and underscores.';
    report.problem(path, `contains ${JSON.stringify(reference)}, which is not a valid reference`, fix);
  }
}

/** Collects the secrets in a text: each variable with a secret name, and the whole text if its key has a secret name. */
export function collectSecretsOf(place: string, text: string, { env, secrets }: ResolveContext): void {
  const { names, value } = expandReferences(text, env);
  const secret = names.filter(isSecretName);
  // In `TOKEN: user-${X}` the only candidate is X, whatever it is called.
  const kept = secret.length === 0 && isSecretName(place) ? names : secret;
  for (const name of kept) addSecret(name, env[name] ?? '', secrets);
  if (isSecretName(place)) addSecret(place, value, secrets);
}

export function addSecret(name: string, value: string, secrets: Secret[]): void {
  if (value.length < MIN_SECRET_LENGTH || secrets.some((secret) => secret.value === value)) return;
  secrets.push({ name, value });
}
