/** Names that say that their value is a secret. */
import { MIN_SECRET_LENGTH } from './forms.ts';

const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD)$/i;

/** Whether a variable or a key of the configuration with this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/**
 * The values of `env` that must not be written: those whose name ends in KEY, TOKEN, SECRET or PASSWORD, and those named in
 * `extraNames`. Values under 8 characters are left out, since they would be found in ordinary text.
 */
export function collectSecrets(env: Readonly<Record<string, string | undefined>>, extraNames: Iterable<string> = []): string[] {
  const extra = new Set(extraNames);
  const values = Object.entries(env)
    .filter(([name]) => isSecretName(name) || extra.has(name))
    .map(([, value]) => value ?? '');
  return [...new Set(values.filter((value) => value.length >= MIN_SECRET_LENGTH))];
}
