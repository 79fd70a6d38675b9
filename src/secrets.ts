/** What is recognized as a secret, for everybody who refuses, masks or withholds one. No dependencies. */
export { MIN_SECRET_LENGTH, secretForms } from './secrets/forms.ts';
export { collectSecrets, isSecretName } from './secrets/names.ts';
export { abbreviatedKey, couldBeKey, hasKeyShape } from './secrets/patterns.ts';
export { createRedactor, redactDeep, type Redactor, type SecretRedactor } from './secrets/redactor.ts';
export type { RedactorStream } from './secrets/stream.ts';
export { TRIPLE_MASK, type Triples } from './secrets/triples.ts';
export { hasCredentials, repositoryAt, withoutCredentials, type Repository } from './secrets/url.ts';
