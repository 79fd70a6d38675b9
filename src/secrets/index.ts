/** What is recognized as a secret, for everybody who refuses, masks or withholds one. No dependencies. */
export { MIN_SECRET_LENGTH, secretForms } from './forms.ts';
export { collectSecrets, isSecretName } from './names.ts';
export { abbreviatedKey, couldBeKey, hasKeyShape } from './patterns.ts';
export { createRedactor, redactDeep, type Redactor, type SecretRedactor } from './redactor.ts';
export type { RedactorStream } from './stream.ts';
export { TRIPLE_MASK, type Triples } from './triples.ts';
export { hasCredentials, repositoryAt, withoutCredentials, type Repository } from './url.ts';
