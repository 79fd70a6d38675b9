/** What counts as a secret: one definition for configuration, logs and archive. No dependencies. */
export { MIN_SECRET_LENGTH, secretForms } from './forms.ts';
export { collectSecrets, isSecretName } from './names.ts';
export { abbreviatedKey, couldBeKey, hasKeyShape } from './patterns.ts';
export { createRedactor, redactDeep, type Redactor, type SecretRedactor } from './redactor.ts';
export type { RedactorStream } from './stream.ts';
export { TRIGRAM_MASK, type TrigramBits } from './trigrams.ts';
export { hasCredentials, parseRepository, withoutCredentials, type Repository } from './url.ts';
