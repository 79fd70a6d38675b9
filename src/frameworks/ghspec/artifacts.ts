/** What a step of Spec Kit has to leave, measured: a specification of its own with plan and tasks, and code. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareDigests, type DirectoryDigest } from '../../store/index.ts';

/** Spec Kit's own places: what changes there is no work on the product. */
const BOOKKEEPING = /^(\.specify|\.pi|specs)\//;

const ARTEFACTS = ['spec', 'plan', 'tasks'] as const;

/** The feature whose spec.md was not there before, such as `specs/003-courses`; the last where there are several. Null for none. */
export async function newFeature(workspace: string, before: DirectoryDigest): Promise<string | null> {
  const names = await readdir(join(workspace, 'specs')).catch(() => [] as string[]);
  const features = names.sort().map((name) => `specs/${name}`);
  for (const feature of features.reverse()) {
    const spec = `${feature}/spec.md`;
    if (!before.has(spec) && (await textOf(workspace, spec)) !== null) return feature;
  }
  return null;
}

/** What is missing, as one line for people; null when all is there. */
export async function missingWork(workspace: string, before: DirectoryDigest, after: DirectoryDigest): Promise<string | null> {
  const feature = await newFeature(workspace, before);
  if (feature === null) return 'there is no new specs/…/spec.md';
  for (const artefact of ARTEFACTS) {
    const path = `${feature}/${artefact}.md`;
    const text = await textOf(workspace, path);
    if (text === null || text.trim() === '') return `there is no ${path}`;
    if (text === (await templateOf(workspace, artefact))) return `${path} is still the empty template`;
  }
  const { added, changed, removed } = compareDigests(before, after);
  const code = [...added, ...changed, ...removed].filter((path) => !BOOKKEEPING.test(path));
  return code.length > 0 ? null : 'nothing changed outside of specs, .specify and .pi';
}

export async function templateOf(workspace: string, artefact: (typeof ARTEFACTS)[number]): Promise<string> {
  return (await textOf(workspace, `.specify/templates/${artefact}-template.md`)) ?? '';
}

export async function textOf(workspace: string, path: string): Promise<string | null> {
  return await readFile(join(workspace, path), 'utf8').catch(() => null);
}

/** Tasks of tasks.md by whether the agent ticked them. */
export function tasksIn(text: string): { readonly done: number; readonly open: readonly string[] } {
  const tasks = [...text.matchAll(/^\s*[-*] \[([ xX])\] +(.*)$/gm)];
  const open = tasks.filter(([, tick]) => tick === ' ').map(([, , task = '']) => task.trim());
  return { done: tasks.length - open.length, open };
}
