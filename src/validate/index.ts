/** Validates what a step left: its files, and the built service over HTTP. */
import { randomInt } from 'node:crypto';
import type { Logger } from '../log/index.ts';
import { getLogger } from '../log/index.ts';
import type { AppConfig, EventMetadata, ValidationConfig } from '../schema/index.ts';
import { toSeconds } from '../schema/index.ts';
import type { DirectoryChange } from '../store/index.ts';
import { digestDirectory } from '../store/index.ts';
import { startApp } from './app.ts';
import type { ArtifactCheck } from './artifacts.ts';
import { checkArtifacts } from './artifacts.ts';
import { checkApp } from './http-checks.ts';
import type { AppMeasurements } from './http-checks.ts';
import { reservePort } from './port.ts';

export { artifactFailure, checkArtifacts } from './artifacts.ts';
export { excludePort, reservePort } from './port.ts';

export interface ValidationOptions {
  /** Absolute. */
  readonly workspace: string;
  readonly config: ValidationConfig;
  /** The step's id. */
  readonly step: number;
  /** What the step changed, as far as it is known; without it the artifact check `changed` is skipped. */
  readonly change?: DirectoryChange | null;
  /** Between two polls of the running service. */
  readonly healthIntervalSeconds: number;
  /** The complete environment of the service; the port is added. */
  readonly env: Readonly<Record<string, string>>;
  /** Of every process that is started, see `runProgram`. */
  readonly processTag: string;
  /** Ends the validation; what was measured until then is recorded. */
  readonly signal: AbortSignal;
  /** Between asking the service to end and killing it. */
  readonly graceSeconds: number;
  /** Distinguishes this validation's test data from all others. Default: random. */
  readonly unique?: string;
}

export interface ValidationResult extends EventMetadata<'validation_end'> {
  readonly interrupted: boolean;
}

/**
 * Runs within the step's log scope and records as component `validator`. Whatever the workspace holds and its service
 * does is a result; nothing of it throws.
 */
export async function validateStep(options: ValidationOptions): Promise<ValidationResult> {
  const log = getLogger('validate', { component: 'validator' });
  const started = performance.now();
  const artifacts = await runArtifactChecks(options);
  for (const { name, ok, detail } of artifacts) {
    const metadata: EventMetadata<'artifact_check'> = { name, ok, detail };
    log[ok ? 'info' : 'warn'](`Artifact check ${name}: ${detail}`, { event: 'artifact_check', metadata });
  }
  const { app } = options.config;
  const measures = app === undefined || options.step < app.from_step ? NOT_MEASURED : await measureApp(app, options, log);
  const metadata: EventMetadata<'validation_end'> = {
    artifacts_passed: artifacts.filter((check) => check.ok).length,
    artifacts_total: artifacts.length,
    ...measures,
    duration_seconds: toSeconds(performance.now() - started),
  };
  log.info(sentence(metadata), { event: 'validation_end', metadata });
  return { ...metadata, interrupted: options.signal.aborted };
}

const NOT_MEASURED: AppMeasurements = {
  app_started: null,
  checks_passed: null,
  checks_total: null,
  crud_passed: null,
  crud_total: null,
  polls: null,
  polls_failed: null,
  down_seconds: null,
};

async function runArtifactChecks({ config, workspace, change }: ValidationOptions): Promise<ArtifactCheck[]> {
  const { artifacts } = config;
  const needsPaths = typeof artifacts === 'object' && artifacts.require.length > 0;
  return checkArtifacts(artifacts, needsPaths ? (await digestDirectory(workspace)).keys() : [], change ?? null);
}

async function measureApp(config: AppConfig, options: ValidationOptions, log: Logger): Promise<AppMeasurements> {
  using reserved = await reservePort();
  const { port } = reserved;
  const app = startApp({ ...options, config, port, log });
  const starting: EventMetadata<'app_start'> = { command: [...app.command], port };
  log.info(`Starting the service on port ${port}`, { event: 'app_start', metadata: starting });
  try {
    return await checkApp(app, {
      ...options,
      app: config,
      checks: options.config.http,
      port,
      log,
      unique: options.unique ?? newUnique(),
    });
  } finally {
    await app.stop();
  }
}

/** A letter, then letters and digits: fits names, e-mail addresses and identifiers of any stack. */
function newUnique(): string {
  return `u${randomInt(36 ** 7)
    .toString(36)
    .padStart(5, '0')}`;
}

function sentence(end: EventMetadata<'validation_end'>): string {
  const parts: string[] = [];
  if (end.artifacts_total > 0) parts.push(`${end.artifacts_passed} of ${end.artifacts_total} artifact checks passed`);
  if (end.app_started === false) parts.push('the service did not start');
  if (end.checks_total !== null) parts.push(`${end.checks_passed} of ${end.checks_total} HTTP checks passed`);
  if (end.down_seconds !== null && end.down_seconds > 0) parts.push(`the service was down for ${end.down_seconds} s`);
  return `Validation ended: ${parts.join(', ') || 'nothing to check'}`;
}
