/** The parsed file: its data, the location of each key, and the problems found. */
import type { Alias, Document, Node, Pair } from 'yaml';
import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { StepwellError } from '../../errors/index.ts';
import { configError, showPath, type ConfigProblem, type KeyPath } from '../errors.ts';

export interface ConfigDocument {
  /** Plain data; undefined when the text has no readable structure (then `problems` says why). */
  readonly value: unknown;
  readonly problems: readonly ConfigProblem[];
  /** `file:line:column` of a key (`at: 'key'`) or its value; of the nearest enclosing one when it is not there. */
  where(path: KeyPath, at?: 'key' | 'value'): string;
}

/** @param shownName how messages name the file */
export function readConfigDocument(text: string, shownName: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(escapeReferences(text), { lineCounter: lines, prettyErrors: false });
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${shownName}:${Math.max(line, 1)}:${Math.max(col, 1)}`;
  };
  const problems: ConfigProblem[] = [];
  let broken = false;
  for (const fault of [...document.errors, ...document.warnings]) {
    const where = place(fault.pos[0]);
    if (fault.code === 'DUPLICATE_KEY') {
      const sentence = `the key ${JSON.stringify(keyTextAt(text, fault.pos[0]))} is written twice in the same mapping.`;
      problems.push({ where, sentence, fix: 'Keep one of the two.' });
    } else if (!broken) {
      // Later syntax errors are mostly consequences of the first.
      broken = true;
      problems.push({ where, ...yamlProblem(fault.code, fault.message, text.slice(fault.pos[0])) });
    }
  }
  let value: unknown;
  if (!broken) {
    try {
      value = unescapeReferences(document.toJS());
    } catch (error) {
      problems.push(aliasProblem(document, place, error as Error));
    }
  }
  return { value, problems, where: (path, at = 'value') => place(offsetOf(document, path, at)) };
}

/**
 * `${NAME}` is not a plain scalar inside `{…}` and `[…]`, yet it is common there. Its braces are replaced by two private-use
 * characters while YAML is parsed; the length stays the same, so positions stay correct.
 */
function escapeReferences(text: string): string {
  return text.replaceAll(/\$\{(\w*)\}/g, '$\uE000$1\uE001');
}

function unescapeReferences(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\uE000', '{').replaceAll('\uE001', '}');
  if (Array.isArray(value)) return value.map(unescapeReferences);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [unescapeReferences(key), unescapeReferences(child)]));
}

function offsetOf(document: Document, path: KeyPath, at: 'key' | 'value'): number {
  let node = resolved(document.contents, document);
  let offset = node?.range?.[0] ?? 0;
  for (const [depth, part] of path.entries()) {
    if (isMap(node)) {
      const pair: Pair | undefined = node.items.find((item) => keyText(item.key) === String(part));
      if (pair === undefined) return offset;
      const value = isNode(pair.value) ? pair.value : null;
      const wantsKey = (depth === path.length - 1 && at === 'key') || value === null || (isScalar(value) && value.source === '');
      offset = (wantsKey && isNode(pair.key) ? pair.key.range?.[0] : value?.range?.[0]) ?? offset;
      node = resolved(value, document);
    } else if (isSeq(node) && typeof part === 'number') {
      const item = node.items[part];
      if (!isNode(item)) return offset;
      offset = item.range?.[0] ?? offset;
      node = resolved(item, document);
    } else return offset;
  }
  return offset;
}

function resolved(node: Node | null, document: Document): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

function keyText(key: unknown): string {
  return isScalar(key) ? String(unescapeReferences(key.value)) : String(key);
}

function keyTextAt(text: string, offset: number): string {
  return (/^[^:\n]*/.exec(text.slice(offset))?.[0] ?? '').trim().replaceAll(/^["']|["']$/g, '');
}

/** Only aliases make reading the data fail. An unquoted pattern such as `*.md` is an alias, too. */
function aliasProblem(document: Document, place: (offset: number) => string, error: Error): ConfigProblem {
  const aliases: Alias[] = [];
  visit(document, { Alias: (_, alias) => void aliases.push(alias) });
  const unknown = aliases.find((alias) => alias.resolve(document) === undefined);
  const where = place((unknown ?? aliases[0])?.range?.[0] ?? 0);
  if (unknown === undefined) {
    return {
      where,
      sentence: `this cannot be read: ${sentenceOf(error.message)}`,
      fix: 'Write the values in full instead of using aliases.',
    };
  }
  const text = `*${unknown.source}`;
  return {
    where,
    sentence: `${text} refers to an anchor that does not exist.`,
    fix: `Write "${text}" in quotes if it is meant as text.`,
  };
}

function yamlProblem(code: string, message: string, rest: string): { sentence: string; fix: string } {
  if (code === 'MULTIPLE_DOCS') {
    return { sentence: 'a second YAML document starts here.', fix: 'Remove the line `---` and everything after it.' };
  }
  const sentence = `this is not valid YAML: ${sentenceOf(message)}`;
  if (/^\{\{\s*\w+\s*\}\}/.test(rest)) return { sentence, fix: 'Put the text that contains {{…}} in quotes.' };
  if (code === 'TAB_AS_INDENT') return { sentence, fix: 'Indent with spaces instead of tabs.' };
  if (code === 'TAG_RESOLVE_FAILED') return { sentence, fix: 'Remove the tag, or put the text in quotes.' };
  return { sentence, fix: 'Check quotes, brackets, colons and indentation here and on the line before.' };
}

function sentenceOf(message: string): string {
  const text = message
    .trim()
    .replace(/\.$/, '')
    .replace(/(["'])quote$/, '$1');
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}.`;
}

export interface Report {
  readonly problems: ConfigProblem[];
  readonly warnings: string[];
  /** A problem in the file; the key path is put in front of `predicate`. */
  problem(path: KeyPath, predicate: string, fix: string, at?: 'key' | 'value'): void;
  /** A problem of a flag or an environment variable. */
  inputProblem(where: string, sentence: string, fix: string): void;
  warning(path: KeyPath, predicate: string): void;
  /** All collected problems as one error; undefined when there are none. */
  error(): StepwellError | undefined;
}

export function createReport(document: ConfigDocument): Report {
  const problems: ConfigProblem[] = [...document.problems];
  const warnings: string[] = [];
  return {
    problems,
    warnings,
    problem(path, predicate, fix, at) {
      const where = document.where(path, at);
      const sentence = `${showPath(path)} ${predicate}.`;
      // Frameworks can share an endpoint; report its problems once.
      if (problems.some((known) => known.where === where && known.sentence === sentence)) return;
      problems.push({ where, sentence, fix });
    },
    inputProblem(where, sentence, fix) {
      problems.push({ where, sentence, fix });
    },
    warning(path, predicate) {
      const line = `${document.where(path)}: ${showPath(path)} ${predicate}.`;
      if (!warnings.includes(line)) warnings.push(line);
    },
    error: () =>
      problems.length === 0 ? undefined : configError('CONFIG_INVALID', { problems: [...problems].sort(byPosition) }),
  };
}

/** In file order; problems outside the file come last. */
function byPosition(a: ConfigProblem, b: ConfigProblem): number {
  const [lineA, columnA] = placeOf(a);
  const [lineB, columnB] = placeOf(b);
  return lineA - lineB || columnA - columnB;
}

function placeOf(problem: ConfigProblem): [number, number] {
  const match = /:(\d+):(\d+)$/.exec(problem.where);
  return match === null ? [Number.MAX_SAFE_INTEGER, 0] : [Number(match[1]), Number(match[2])];
}

/** The value of a key in data of unknown shape; undefined when absent. */
export function valueOfKey(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined;
}
