/** The log core: ambient run and step context, component loggers, routing to files, redaction. No dependencies. */
export * from './log/index.ts';
export { collectSecrets, createRedactor, secretForms, type Redactor, type RedactorStream } from './secrets/index.ts';
