/** The HTTP checks among themselves: what cannot work is said before a run, not after its first step. */
import type { HttpCheck, ValidationConfig } from '../../schema.ts';
import { didYouMean } from './nearest.ts';
import type { Report } from './report.ts';

/** Names that are there without having been saved. */
const GIVEN = ['unique', 'step'];

export function checkFlow(validation: ValidationConfig, report: Report): void {
  if (validation.http.length > 0 && validation.app === undefined) {
    report.problem(
      ['validation', 'http'],
      'has checks, but validation.app does not say how the service is started',
      'Add validation.app.command.',
    );
  }
  const saved = new Set(GIVEN);
  for (const [index, check] of validation.http.entries()) {
    const path = ['validation', 'http', index];
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
