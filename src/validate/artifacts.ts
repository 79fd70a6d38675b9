/** Artifact checks: whether a step changed and left the files that the configured rules require. */
import { pluralize } from '../format/index.ts';
import type { ValidationConfig } from '../schema/index.ts';
import type { DirectoryChange } from '../store/index.ts';
import { createGlob } from '../store/index.ts';

export interface ArtifactCheck {
  /** `changed`, or `require <pattern>`. */
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/**
 * @param paths every file of the workspace after the step
 * @param change what the step changed; null when it is not known, and then not judged
 */
export function checkArtifacts(
  artifacts: ValidationConfig['artifacts'],
  paths: Iterable<string>,
  change: DirectoryChange | null,
): ArtifactCheck[] {
  if (artifacts === 'none') return [];
  const rules = artifacts === 'changed' ? { require: [], ignore: [] } : artifacts;
  const checks: ArtifactCheck[] = [];
  if (change !== null) {
    const ignored = rules.ignore.map(createGlob);
    const touched = [...change.added, ...change.changed];
    const kept = touched.filter((path) => !ignored.some((fits) => fits(path)));
    const rest = touched.length > kept.length ? `; ${touched.length - kept.length} ignored by rule` : '';
    checks.push({
      name: 'changed',
      ok: kept.length > 0,
      detail: `${pluralize(kept.length, 'file')} added or changed${rest}`,
    });
  }
  const all = [...paths];
  for (const pattern of rules.require) {
    const found = all.filter(createGlob(pattern));
    const detail = found.length === 0 ? 'no file fits it' : `${pluralize(found.length, 'file')}, first ${found[0]}`;
    checks.push({ name: `require ${pattern}`, ok: found.length > 0, detail });
  }
  return checks;
}

/** Why an attempt has failed by these checks, or null when it has not. */
export function artifactFailure(
  checks: readonly ArtifactCheck[],
): { reason: 'no_changes' | 'artifacts'; message: string } | null {
  const failed = checks.find((check) => !check.ok);
  if (failed === undefined) return null;
  if (failed.name !== 'changed')
    return { reason: 'artifacts', message: `the artifact check ${JSON.stringify(failed.name)} failed: ${failed.detail}` };
  return { reason: 'no_changes', message: `the framework added and changed no file of the workspace (${failed.detail})` };
}
