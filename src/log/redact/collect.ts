import { MIN_SECRET_LENGTH } from './forms.ts';

const SECRET_NAME = /(?:KEY|TOKEN|SECRET|PASSWORD)$/i;

/**
 * The values of `env` that must not be written: those whose name ends in KEY, TOKEN, SECRET or PASSWORD, and those named in
 * `extraNames`. Values under 8 characters are left out, since they would be found in ordinary text.
 */
export function collectSecrets(env: Readonly<Record<string, string | undefined>>, extraNames: Iterable<string> = []): string[] {
  const extra = new Set(extraNames);
  const values = Object.entries(env)
    .filter(([name]) => SECRET_NAME.test(name) || extra.has(name))
    .map(([, value]) => value ?? '');
  return [...new Set(values.filter((value) => value.length >= MIN_SECRET_LENGTH))];
}
