/** Turns zod issues into sentences for the user, in the terms of the JSON Schema. */
import { z } from 'zod';
import type { ExperimentConfig } from '../../schema/index.ts';
import { pluralForm } from '../../format/index.ts';
import type { AdapterTable } from '../frameworks.ts';
import type { ConfigDocument } from './document.ts';
import { showValue } from '../show-value.ts';
import { didYouMean, closestMatch } from '../suggest.ts';
import type { ConfigProblem, KeyPath } from '../errors.ts';
import { showPath } from '../errors.ts';

type Schema = z.core.JSONSchema.JSONSchema;

/** One problem for each zod issue. */
export function schemaProblems(
  document: ConfigDocument,
  error: z.ZodError,
  schema: typeof ExperimentConfig,
  adapters: AdapterTable,
): ConfigProblem[] {
  const root = z.toJSONSchema(schema, { io: 'input' });
  const issues = error.issues.map((issue) => ({ issue, path: issue.path as (string | number)[] }));
  const meant = new Set<string>();
  const problems: ConfigProblem[] = [];
  for (const { issue, path } of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const known = keysOf(schemaAt(root, path));
    for (const key of issue.keys) {
      const elsewhere = belongsToAdapters(key, path, adapters) || belongsElsewhere(root, key, path);
      const candidate = elsewhere === '' ? closestMatch(key, known) : null;
      if (candidate !== null) meant.add(showPath([...path, candidate]));
      const hint = elsewhere === '' ? didYouMean(key, known) : elsewhere;
      problems.push({
        where: document.where([...path, key], 'key'),
        sentence: `${showPath([...path, key])} is not a known key.`,
        fix: `${hint}Known keys here: ${[...known].join(', ')}.`,
      });
    }
  }
  for (const { issue, path } of issues) {
    // A misspelled key is not reported a second time as missing.
    if (issue.code === 'unrecognized_keys' || meant.has(showPath(path))) continue;
    problems.push(problemOf(document, schemaAt(root, path), path));
  }
  return problems;
}

/** The top-level sections that are valid on their own. */
export function validSections(value: unknown, { shape }: typeof ExperimentConfig): Partial<ExperimentConfig> {
  const entries = Object.entries(shape).flatMap(([section, schema]) => {
    const result = schema.safeParse((value as Record<string, unknown>)[section]);
    return result.success ? [[section, result.data] as const] : [];
  });
  return Object.fromEntries(entries);
}

function problemOf(document: ConfigDocument, schema: Schema, path: KeyPath): ConfigProblem {
  const where = document.where(path);
  const value = valueAt(document.value, path);
  const expected = expectation(schema);
  if (value !== undefined) {
    const sentence = `${showPath(path) || 'the file'} is ${showValue(value, path)}, but must be ${expected}.`;
    return { where, sentence, fix: fixFor(schema, value, expected) };
  }
  const description = schema.description === undefined ? '' : ` ${schema.description}`;
  return {
    where,
    sentence: `${showPath(path)} is missing.`,
    fix: `Add the key ${String(path.at(-1))}: ${expected}.${description}`,
  };
}

function schemaAt(root: Schema, path: KeyPath): Schema {
  let schema = root;
  for (const part of path) {
    const next = alternatives(schema)
      .map((one) => (typeof part === 'number' ? one.items : (one.properties?.[part] ?? one.additionalProperties)))
      .find((found) => typeof found === 'object' && !Array.isArray(found));
    if (typeof next !== 'object') return {};
    schema = next as Schema;
  }
  return schema;
}

function alternatives(schema: Schema): Schema[] {
  return schema.anyOf ?? [schema];
}

function keysOf(schema: Schema): Set<string> {
  return new Set(alternatives(schema).flatMap((one) => Object.keys(one.properties ?? {})));
}

/** A key of a framework with another adapter. */
function belongsToAdapters(key: string, path: KeyPath, adapters: AdapterTable): string {
  const owners = path.length === 2 && path[0] === 'frameworks' ? adaptersWith(key, adapters) : [];
  return owners.length === 0 ? '' : `It belongs to the ${pluralForm(owners.length, 'adapter')} ${owners.join(', ')}. `;
}

/** The names of the adapters that take a key. */
function adaptersWith(key: string, table: AdapterTable): string[] {
  return Object.keys(table).filter((name) => Object.hasOwn(table[name]?.settings?.keys ?? {}, key));
}

/** A known key in a wrong place: names the section it belongs to. */
function belongsElsewhere(root: Schema, key: string, path: KeyPath): string {
  if (path.length > 0 && keysOf(root).has(key)) return 'It belongs at the top level of the file. ';
  for (const [section, schema] of Object.entries(root.properties ?? {})) {
    if (section !== path[0] && keysOf(schema as Schema).has(key)) return `It belongs under ${JSON.stringify(section)}. `;
  }
  return '';
}

function valueAt(value: unknown, path: KeyPath): unknown {
  return path.reduce<unknown>((at, part) => (at as Record<string | number, unknown> | null | undefined)?.[part], value);
}

function expectation(schema: Schema): string {
  if (schema.anyOf !== undefined) return alternatives(schema).map(expectation).join(', or ');
  if (schema.enum !== undefined) return oneOf(schema.enum.map(String));
  switch (schema.type) {
    case 'string':
      if (schema.pattern?.startsWith('^\\/') === true) return 'a path that begins with /';
      return (schema.minLength ?? 0) > 0 ? 'non-empty text' : 'text';
    case 'number':
    case 'integer':
      return `${schema.type === 'integer' ? 'a whole number' : 'a number'}${bounds(schema)}`;
    case 'boolean':
      return 'true or false';
    case 'null':
      return 'null';
    case 'array':
      return (schema.minItems ?? 0) > 0 ? 'a list with at least one entry' : 'a list';
    case 'object':
      return `a mapping${keysToWrite(schema)}`;
    default:
      return 'a value';
  }
}

/** The keys that a mapping must have, else those that it may have; neither where the user chooses them. */
function keysToWrite({ required = [], properties = {} }: Schema): string {
  if (required.length > 0) return ` with the ${pluralForm(required.length, 'key')} ${required.join(', ')}`;
  const known = Object.keys(properties);
  return known.length === 0 ? ' of keys to values' : ` with any of the keys ${known.join(', ')}`;
}

function oneOf(values: string[]): string {
  return values.length > 2 ? `one of ${values.join(', ')}` : values.join(' or ');
}

function bounds(schema: Schema): string {
  const { exclusiveMinimum: above, minimum, maximum } = schema;
  const least = minimum === Number.MIN_SAFE_INTEGER ? undefined : minimum;
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (above !== undefined) return ` above ${above}${most === undefined ? '' : ` and at most ${most}`}`;
  if (least !== undefined) return most === undefined ? ` of at least ${least}` : ` from ${least} to ${most}`;
  return most === undefined ? '' : ` of at most ${most}`;
}

function fixFor(schema: Schema, value: unknown, expected: string): string {
  const types = new Set(alternatives(schema).map((one) => one.type));
  if ((types.has('number') || types.has('integer')) && typeof value === 'string') {
    if (value.trim() !== '' && Number.isFinite(Number(value))) return `Remove the quotes: ${value.trim()}.`;
    if (/^[\d.]+ *(?:ms|s|m|h|min|sec)/.test(value)) return 'Write the number of seconds, without a unit.';
  }
  if (types.has('boolean') && typeof value === 'string') {
    if (/^(?:yes|on|y)$/i.test(value)) return 'Write true.';
    if (/^(?:no|off|n)$/i.test(value)) return 'Write false.';
  }
  if (types.has('string') && (typeof value === 'number' || typeof value === 'boolean')) return `Put it in quotes: "${value}".`;
  if (types.has('array') && types.size === 1 && typeof value === 'string') return `Write it as a list: [${value}].`;
  if (types.has('object') && value === null) return 'Write {} to set nothing, or remove the key.';
  if (schema.enum !== undefined && typeof value === 'string')
    return `${didYouMean(value, schema.enum.map(String))}Write ${expected}.`;
  const preset = schema.default === undefined ? '' : `; the default is ${JSON.stringify(schema.default)}`;
  return `Write ${expected}${preset}.`;
}
