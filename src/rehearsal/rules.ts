/** Rule files: which requests the scripted model matches, and how it replies. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { failureReason } from '../store/index.ts';
import { shellQuote } from '../exec/shell-quote.ts';
import type { ModelRequest, Reply } from './model-request.ts';
import { rehearsalError } from './errors.ts';
import { shellCall } from './shell-call.ts';

const texts = z.array(z.string().min(1)).default([]);
const ByRole = z.strictObject({ system: texts, user: texts, assistant: texts, tool: texts });

/** Each text must occur in the messages of its role; texts under `lacks` must not. */
const RuleCondition = ByRole.extend({ lacks: ByRole.prefault({}) });

/** A part of an answer, omitted when a user message or a tool result contains the text `unless`. */
const AnswerFile = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1), unless: z.string().min(1) })]);

const RuleDefinition = z
  .strictObject({
    name: z.string().min(1),
    when: RuleCondition,
    /** The model's reply. */
    answer: z.string().min(1).optional(),
    /** Or files with the reply, concatenated; paths are relative to the rules file. */
    answer_files: z.array(AnswerFile).min(1).optional(),
    /** A command for the client's shell tool; {answer} is replaced by the answer as one quoted word. Matches only if the client has such a tool. */
    shell: z.string().min(1).optional(),
  })
  .refine(({ answer, answer_files }) => answer === undefined || answer_files === undefined, {
    error: 'a rule has either answer or answer_files',
  })
  .refine(({ answer, answer_files, shell }) => [answer, answer_files, shell].some((each) => each !== undefined), {
    error: 'a rule needs answer, answer_files or shell',
  });
type RuleDefinition = z.infer<typeof RuleDefinition>;

const RulesFile = z.strictObject({ rules: z.array(RuleDefinition).min(1) });

export interface Rule {
  readonly name: string;
  readonly when: z.infer<typeof RuleCondition>;
  readonly parts: readonly AnswerPart[];
  readonly shell: string | null;
}

interface AnswerPart {
  readonly text: string;
  readonly unless: string | null;
}

/**
 * Reads all rule files of a folder in the order of their names, and their rules in file order.
 *
 * @throws REHEARSAL_RULES_MISSING, REHEARSAL_RULES_INVALID
 */
export async function loadRules(rulesDir: string): Promise<Rule[]> {
  const names = await readdir(rulesDir).catch(() => [] as string[]);
  const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (files.length === 0) throw rehearsalError('REHEARSAL_RULES_MISSING', { rulesDir });
  const rules: Rule[] = [];
  for (const name of files) rules.push(...(await loadFile(join(rulesDir, name), rules)));
  return rules;
}

async function loadFile(file: string, earlier: readonly Rule[]): Promise<Rule[]> {
  const invalid = (where: string, problem: string): Error => rehearsalError('REHEARSAL_RULES_INVALID', { file, where, problem });
  const lines = new LineCounter();
  const document = parseDocument(await readFile(file, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const syntaxError = document.errors[0];
  if (syntaxError !== undefined) {
    const { line, col } = lines.linePos(syntaxError.pos[0]);
    throw invalid(`line ${line}, column ${col}`, syntaxError.message);
  }
  const parsed = RulesFile.safeParse(document.toJS());
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid((issue?.path ?? []).map(String).join('.'), issue?.message ?? 'unknown problem');
  }
  const rules: Rule[] = [];
  for (const [index, rule] of parsed.data.rules.entries()) {
    const where = `rules.${index}`;
    if ([...earlier, ...rules].some(({ name }) => name === rule.name)) {
      throw invalid(`${where}.name`, `the name ${JSON.stringify(rule.name)} is taken by an earlier rule`);
    }
    const parts = await partsOf(rule, file, `${where}.answer_files`, invalid);
    rules.push({ name: rule.name, when: rule.when, parts, shell: rule.shell ?? null });
  }
  return rules;
}

async function partsOf(
  rule: RuleDefinition,
  file: string,
  where: string,
  invalid: (where: string, problem: string) => Error,
): Promise<AnswerPart[]> {
  if (rule.answer !== undefined) return [{ text: rule.answer, unless: null }];
  const parts: AnswerPart[] = [];
  for (const entry of rule.answer_files ?? []) {
    const part = typeof entry === 'string' ? { file: entry, unless: null } : entry;
    const path = resolve(dirname(file), part.file);
    try {
      parts.push({ text: await readFile(path, 'utf8'), unless: part.unless });
    } catch (error) {
      throw invalid(where, `${path} cannot be read (${failureReason(error)})`);
    }
  }
  return parts;
}

/** The reply of the first rule that matches, or null when none does. */
export function replyTo(rules: readonly Rule[], { messages, tools }: Pick<ModelRequest, 'messages' | 'tools'>): Reply | null {
  const textOf = (...roles: string[]): string =>
    messages
      .filter(({ role }) => roles.includes(role))
      .map(({ text }) => text)
      .join('\n');
  const all = {
    system: textOf('system', 'developer'),
    user: textOf('user'),
    assistant: textOf('assistant'),
    tool: textOf('tool'),
  };
  const matches = ({ when }: Rule): boolean =>
    ROLES.every(
      (role) =>
        when[role].every((text) => all[role].includes(text)) && !when.lacks[role].some((text) => all[role].includes(text)),
    );
  for (const rule of rules) {
    if (!matches(rule)) continue;
    const parts = rule.parts.filter(
      ({ unless }) => unless === null || ![all.user, all.tool].some((text) => text.includes(unless)),
    );
    const text = parts.map((part) => part.text).join('\n');
    if (rule.shell === null) return { kind: 'text', text };
    const call = shellCall(
      tools,
      rule.shell.replaceAll('{answer}', () => shellQuote(text)),
    );
    if (call !== null) return call;
  }
  return null;
}

const ROLES = ['system', 'user', 'assistant', 'tool'] as const;
