/** Writes docs/errors.md from what the areas define. `--check` compares and writes nothing. */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorEntries } from '../src/errors/index.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const PLACE = join(ROOT, 'docs/errors.md');

/** All errors by code, each with the file that defines it. @throws when two files define the same code */
export async function definedErrors(): Promise<Map<string, { file: string; text: ErrorEntries[string] }>> {
  const all = new Map<string, { file: string; text: ErrorEntries[string] }>();
  for (const file of globSync('src/**/errors.ts', { cwd: ROOT }).sort()) {
    if (file === 'src/errors/index.ts') continue;
    const exported = Object.values((await import(join(ROOT, file))) as Record<string, { entries?: ErrorEntries }>);
    for (const [code, text] of exported.flatMap(({ entries = {} }) => Object.entries(entries))) {
      const known = all.get(code);
      if (known !== undefined) throw new Error(`${code} is defined in ${known.file} and in ${file}`);
      all.set(code, { file, text });
    }
  }
  return all;
}

/** Stands for a fact in a sentence, whether that takes it for a text, a number or a list. */
class Placeholder extends String {
  join(): string {
    return this.toString();
  }
  map<T>(each: (value: Placeholder) => T): T[] {
    return [each(this)];
  }
  override *[Symbol.iterator](): StringIterator<string> {
    yield this.toString();
  }
}

/** Facts of which a sentence asks more than their text. */
const FACTS: Readonly<Record<string, object>> = {
  CHECKS_FAILED: { findings: [{ what: '{what}', fix: '{fix}' }] },
  CONFIG_INVALID: { problems: [{ where: '{where}', sentence: '{sentence}', fix: '{fix}' }] },
  RUN_NOT_SEALED: { run: '{run}', state: 'crashed' },
  SETUP_PYTHON_MISSING: {
    framework: '{framework}',
    wanted: ['{wanted}'],
    configured: null,
    seen: ['{seen}'],
    incomplete: '{incomplete}',
  },
};

function factsOf(code: string): object {
  return FACTS[code] ?? new Proxy({}, { get: (_, name) => new Placeholder(`{${String(name)}}`) });
}

/** One line, and nothing outside of code that Markdown takes for a tag. */
const cell = (text: string): string =>
  text
    .replace(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
    .replace(/`[^`]*`|</g, (found) => (found === '<' ? '\\<' : found));

/** The text that docs/errors.md should have. */
export async function errorDocs(): Promise<string> {
  const rows = [...(await definedErrors())]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { text }]) => {
      const { sentence, fix, exitCode } = text(factsOf(code));
      return `| \`${code}\` | ${exitCode} | ${cell(sentence)} | ${cell(fix)} |\n`;
    });
  return `# Errors

This page is generated from the errors that stepwell defines (\`node scripts/generate-error-docs.ts\`).

Every expected error has a code: \`error[RUN_NOT_FOUND]: …\` on the terminal, \`code\` with \`--json\`, in
\`StepwellError\` of the API and in the records of a run. A code that a record can hold never changes;
sentences may. Text in braces differs from case to case. The exit code is that of a command that ends with the error
([commands](cli.md#exit-codes)).

| code | exit code | message | fix |
|---|---|---|---|
${rows.join('')}`;
}

if (import.meta.main) {
  const text = await errorDocs();
  if (!process.argv.includes('--check')) writeFileSync(PLACE, text);
  else if (readFileSync(PLACE, 'utf8') !== text) {
    console.error('error: docs/errors.md is not what the areas define.\nfix: node scripts/generate-error-docs.ts');
    process.exitCode = 1;
  }
}
