/** The HTTP checks among themselves: what cannot work is said before a run, not after its first step. */
import type { ExperimentConfig, HttpCheck, ValidationConfig } from '../schema.ts';
import { checksOf } from './measures.ts';
import { didYouMean } from './nearest.ts';
import { showPath, type KeyPath } from './problem.ts';
import type { Report } from './report.ts';

/** Names that are there without having been saved. */
const GIVEN = ['unique', 'step'];

/** Those of the experiment, and those that frameworks have in their place. @param frameworks undefined when they cannot be read */
export function checkFlows(
  common: ValidationConfig,
  frameworks: ExperimentConfig['frameworks'] | undefined,
  report: Report,
): void {
  checkFlow(common.http, ['validation', 'http'], report);
  for (const [name, { validation: own }] of Object.entries(frameworks ?? {})) {
    const path = ['frameworks', name, 'validation'];
    if (own?.http !== undefined) checkFlow(own.http, [...path, 'http'], report);
    const { app, http } = checksOf(common, own);
    if (http.length === 0 || app !== undefined) continue;
    if (own?.http === undefined) {
      const says = 'has checks, but validation.app does not say how the service is started';
      report.problem(['validation', 'http'], says, 'Add validation.app.command.');
    } else {
      const says = `has checks, but neither ${showPath(path)}.app nor validation.app says how the service is started`;
      report.problem([...path, 'http'], says, `Add ${showPath(path)}.app.command.`);
    }
  }
}

function checkFlow(checks: readonly HttpCheck[], place: KeyPath, report: Report): void {
  const saved = new Set(GIVEN);
  for (const [index, check] of checks.entries()) {
    const path = [...place, index];
    if (check.until_step !== undefined && check.until_step < check.from_step) {
      report.problem(
        [...path, 'until_step'],
        `is ${check.until_step}, before from_step ${check.from_step}`,
        'Make it at least from_step.',
      );
    }
    for (const name of new Set(placeholdersOf(check))) {
      if (saved.has(name)) continue;
      const fix = `${didYouMean(name, saved)}Save it in an earlier check: save: { ${name}: id }.`;
      report.problem(path, `uses {{${name}}}, which no earlier check saves`, fix);
    }
    for (const name of Object.keys(check.save)) {
      if (/^\w+$/.test(name) && !GIVEN.includes(name)) saved.add(name);
      else
        report.problem(
          [...path, 'save', name],
          'cannot be used as a name',
          `Choose letters, digits and underscores, not ${GIVEN.join(' or ')}.`,
          'key',
        );
    }
  }
}

function placeholdersOf(check: HttpCheck): string[] {
  const text = JSON.stringify([check.path, check.headers, check.body ?? null, check.expect.json ?? null]);
  return [...text.matchAll(/\{\{\s*(\w+)\s*\}\}/g)].map((match) => match[1]!);
}
