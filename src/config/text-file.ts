/** Prompts and the fixed HITL answer: texts in files of their own. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import { errnoOf, failureReason } from '../store.ts';
import { didYouMean } from './nearest.ts';

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

export function readTextFile(file: string, directory: string): TextFileResult {
  const path = resolve(directory, file);
  let bytes: Buffer;
  try {
    if (statSync(path).isDirectory()) return { problem: 'is a directory', fix: 'Name a text file in it.' };
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
