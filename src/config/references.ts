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

/** What the parts that expand references share: the environment, where problems go, and the secrets that come in. */
export interface ResolveContext {
  readonly env: Environment;
  readonly report: Report;
  readonly secrets: Secret[];
}

/** The text with its references filled in; null when that is not possible, which is then reported. */
export function expanded(path: KeyPath, text: string, to: ResolveContext): string | null {
  const { value, unset, malformed } = expandReferences(text, to.env);
  reportMalformed(path, malformed, to.report);
  for (const name of unset) {
    const fix = `${didYouMean(name, Object.keys(to.env))}Set it: export ${name}=…`;
    to.report.problem(path, `refers to \${${name}}, which is not set in the environment`, fix);
  }
  return unset.length + malformed.length === 0 ? value : null;
}

/** Looks at the form of references alone: what is read later need not be set now. */
export function checkReferences(path: KeyPath, text: string, to: ResolveContext): void {
  reportMalformed(path, expandReferences(text, to.env).malformed, to.report);
}

function reportMalformed(path: KeyPath, malformed: readonly string[], report: Report): void {
  for (const reference of malformed) {
    const fix = 'Write ${NAME} with letters, digits and underscores.';
    report.problem(path, `holds ${JSON.stringify(reference)}, which is not a reference`, fix);
  }
}

/** The values behind a text that holds a secret: of each variable that is one, and of the whole where its place says so. */
export function keepSecretsOf(place: string, text: string, { env, secrets }: ResolveContext): void {
  const { names, value } = expandReferences(text, env);
  const secret = names.filter(isSecretName);
  // In `TOKEN: user-${X}` the only candidate is X, whatever it is called.
  const kept = secret.length === 0 && isSecretName(place) ? names : secret;
  for (const name of kept) keepSecret(name, env[name] ?? '', secrets);
  if (isSecretName(place)) keepSecret(place, value, secrets);
}

export function keepSecret(name: string, value: string, secrets: Secret[]): void {
  if (value.length < MIN_SECRET_LENGTH || secrets.some((secret) => secret.value === value)) return;
  secrets.push({ name, value });
}
