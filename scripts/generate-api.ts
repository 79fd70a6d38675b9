/**
 * Writes test/api/: what each public entry declares. Type `node scripts/generate-api.ts` after a change of the public API, and tell users in
 * CHANGELOG.md. With --check nothing is written, and the exit code is 1 where a file is out of date.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { apiText, declaredApi, goldenOf, ROOT } from './api/declared.ts';

const check = process.argv.includes('--check');
const entries = declaredApi();
for (const { file, text } of entries.map((entry) => ({ file: goldenOf(entry.name), text: apiText(entry) }))) {
  if (!check) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } else if (readFileSync(file, 'utf8') !== text) {
    console.error(`${relative(ROOT, file)} is out of date: run node scripts/generate-api.ts`);
    process.exitCode = 1;
  }
}
