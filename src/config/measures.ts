/** The checks by which one framework is measured: its own where it has them, else the experiment's. */
import { createHash } from 'node:crypto';
import type { OwnValidation, ValidationConfig } from '../schema.ts';

/** A section that the framework gives stands in the place of the experiment's, all of it. */
export function checksOf(common: ValidationConfig, own: OwnValidation = {}): ValidationConfig {
  const { artifacts = common.artifacts, app = common.app, http = common.http } = own;
  return { artifacts, ...(app === undefined ? {} : { app }), http };
}

const DIGITS = 8;

/**
 * Eight digits that are the same for the same checks, however they are written: the order of keys does not matter, that of
 * the checks does.
 */
export function digestOf(checks: ValidationConfig): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(checks)))
    .digest('hex')
    .slice(0, DIGITS);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, child]) => [key, sorted(child)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
