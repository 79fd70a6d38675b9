/** The steps to run, and the text files they use: prompts and the fixed answer. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { selectSteps, type ExperimentConfig } from '../schema/index.ts';
import { errnoOf, failureReason } from '../store/index.ts';
import { valueOfKey, type Report } from './file/document.ts';
import type { KeyPath } from './errors.ts';
import { didYouMean } from './suggest.ts';

export function checkStepIds(written: unknown, report: Report): void {
  const first = new Map<unknown, number>();
  for (const [index, step] of stepsOf(written)) {
    const id = valueOfKey(step, 'id');
    if (typeof id !== 'number') continue;
    const other = first.get(id);
    if (other === undefined) first.set(id, index);
    else
      report.problem(
        ['steps', index, 'id'],
        `is ${id}, which is also the id of steps[${other}]`,
        'Give each step an id of its own.',
      );
  }
}

/** The prompts of all steps, disabled ones included, since the file is checked as a whole. By position in the list. */
export function readPrompts(written: unknown, directory: string, report: Report): ReadonlyMap<number, TextFile> {
  const prompts = new Map<number, TextFile>();
  for (const [index, step] of stepsOf(written)) {
    const text = readText(['steps', index, 'prompt_file'], valueOfKey(step, 'prompt_file'), directory, report);
    if (text !== null) prompts.set(index, text);
  }
  return prompts;
}

export function readHitl(written: unknown, directory: string, report: Report): TextFile | null {
  return readText(['hitl_path'], valueOfKey(written, 'hitl_path'), directory, report);
}

/** @param name how messages name the setting `asked`: `--steps` or `steps` */
export function enabledSteps(
  written: ExperimentConfig,
  asked: string | undefined,
  name: string,
  report: Report,
): ReadonlySet<number> {
  if (asked !== undefined) {
    const selection = selectSteps(
      asked,
      written.steps.map((step) => step.id),
      name,
    );
    if ('ids' in selection) return selection.ids;
    report.inputProblem(name, selection.problem, selection.fix);
    return new Set();
  }
  const enabled = written.steps.filter((step) => step.enabled);
  if (enabled.length === 0)
    report.problem(['steps'], 'has no enabled step', `Set enabled: true for one, or select some with ${name}.`);
  return new Set(enabled.map((step) => step.id));
}

function readText(path: KeyPath, file: unknown, directory: string, report: Report): TextFile | null {
  if (typeof file !== 'string' || file === '') return null;
  const result = readTextFile(file, directory);
  if ('text' in result) return result.text;
  report.problem(path, `is ${JSON.stringify(file)}, which ${result.problem}`, result.fix);
  return null;
}

function stepsOf(written: unknown): [number, unknown][] {
  const steps = valueOfKey(written, 'steps');
  return Array.isArray(steps) ? [...steps.entries()] : [];
}

export interface TextFile {
  /** As the configuration names it. */
  readonly file: string;
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** Of the file's bytes. */
  readonly sha256: string;
}

export type TextFileResult = { readonly text: TextFile } | { readonly problem: string; readonly fix: string };

function readTextFile(file: string, directory: string): TextFileResult {
  const path = resolve(directory, file);
  let bytes: Buffer;
  try {
    if (statSync(path).isDirectory()) return { problem: 'is a directory', fix: 'Give a text file in it.' };
    bytes = readFileSync(path);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR')
      return { problem: `cannot be read (${failureReason(error)})`, fix: 'Make it readable.' };
    return {
      problem: 'does not exist',
      fix: `${similar(path)}Create the file or correct the name; it is relative to the configuration file.`,
    };
  }
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return { problem: 'is not UTF-8 text', fix: 'Save it as UTF-8.' };
  }
  if (text.trim() === '') return { problem: 'is empty', fix: 'Write the text into it.' };
  return { text: { file, path, text, sha256: createHash('sha256').update(bytes).digest('hex') } };
}

function similar(path: string): string {
  try {
    return didYouMean(basename(path), readdirSync(dirname(path)));
  } catch {
    return '';
  }
}
