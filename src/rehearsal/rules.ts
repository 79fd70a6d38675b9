/** Rule files: what the scripted model recognises and what it answers. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { stepwellError } from '../errors.ts';

const texts = z.array(z.string().min(1)).default([]);

/** Each text must occur in the messages of that role. */
const Recogniser = z.strictObject({ system: texts, user: texts, assistant: texts });

const Rule = z
  .strictObject({
    name: z.string().min(1),
    when: Recogniser,
    /** What the model says, or the file that holds it, relative to the rules file. */
    answer: z.string().min(1).optional(),
    answer_file: z.string().min(1).optional(),
  })
  .refine((rule) => (rule.answer === undefined) !== (rule.answer_file === undefined), {
    error: 'a rule needs either answer or answer_file',
  });

const RulesFile = z.strictObject({ rules: z.array(Rule).min(1) });

export interface Rule {
  readonly name: string;
  readonly when: z.infer<typeof Recogniser>;
  readonly answer: string;
}

export interface Message {
  readonly role: string;
  readonly text: string;
}

/**
 * Reads all rule files of a folder, in order of their names; within a file the order is the file's.
 *
 * @throws REHEARSAL_RULES_MISSING, REHEARSAL_RULES_INVALID
 */
export async function loadRules(rulesDir: string): Promise<Rule[]> {
  const names = await readdir(rulesDir).catch(() => [] as string[]);
  const files = names.filter((name) => /\.(ya?ml|json)$/.test(name)).sort();
  if (files.length === 0) throw stepwellError('REHEARSAL_RULES_MISSING', { rulesDir });
  const rules: Rule[] = [];
  for (const name of files) rules.push(...(await loadFile(join(rulesDir, name), rules)));
  return rules;
}

async function loadFile(file: string, earlier: readonly Rule[]): Promise<Rule[]> {
  const invalid = (where: string, problem: string): Error => stepwellError('REHEARSAL_RULES_INVALID', { file, where, problem });
  const lines = new LineCounter();
  const document = parseDocument(await readFile(file, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const flaw = document.errors[0];
  if (flaw !== undefined) {
    const { line, col } = lines.linePos(flaw.pos[0]);
    throw invalid(`line ${line}, column ${col}`, flaw.message);
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
    rules.push({ name: rule.name, when: rule.when, answer: await answerOf(rule, file, `${where}.answer_file`, invalid) });
  }
  return rules;
}

async function answerOf(
  rule: z.infer<typeof Rule>,
  file: string,
  where: string,
  invalid: (where: string, problem: string) => Error,
): Promise<string> {
  if (rule.answer_file === undefined) return rule.answer ?? '';
  const path = resolve(dirname(file), rule.answer_file);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw invalid(where, `${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

/** The first rule whose texts all occur, or null. */
export function recognise(rules: readonly Rule[], messages: readonly Message[]): Rule | null {
  const said = (role: string): string =>
    messages
      .filter((message) => message.role === role)
      .map(({ text }) => text)
      .join('\n');
  const all = { system: said('system') + said('developer'), user: said('user'), assistant: said('assistant') };
  const holds = (rule: Rule): boolean =>
    rule.when.system.every((text) => all.system.includes(text)) &&
    rule.when.user.every((text) => all.user.includes(text)) &&
    rule.when.assistant.every((text) => all.assistant.includes(text));
  return rules.find(holds) ?? null;
}
