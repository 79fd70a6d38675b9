/** Checks what a Spec Kit step must leave: its own specification with plan and tasks, and code. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareDigests, type DirectoryDigest } from '../../store/index.ts';

/** Spec Kit's own files: changes there do not count as code. */
const SPEC_KIT_FILES = /^(\.specify|\.pi|specs)\//;

const ARTIFACTS = ['spec', 'plan', 'tasks'] as const;

/** The feature whose spec.md is new, such as `specs/003-courses`; the last if there are several. Null for none. */
export async function newFeature(workspace: string, before: DirectoryDigest): Promise<string | null> {
  const names = await readdir(join(workspace, 'specs')).catch(() => [] as string[]);
  const features = names.sort().map((name) => `specs/${name}`);
  for (const feature of features.reverse()) {
    const spec = `${feature}/spec.md`;
    if (!before.has(spec) && (await textOf(workspace, spec)) !== null) return feature;
  }
  return null;
}

/** What is missing, as one line for people; null when nothing is. */
export async function missingArtifact(
  workspace: string,
  before: DirectoryDigest,
  after: DirectoryDigest,
): Promise<string | null> {
  const feature = await newFeature(workspace, before);
  if (feature === null) return 'there is no new specs/…/spec.md';
  for (const artifact of ARTIFACTS) {
    const path = `${feature}/${artifact}.md`;
    const text = await textOf(workspace, path);
    if (text === null || text.trim() === '') return `there is no ${path}`;
    if (text === (await templateOf(workspace, artifact))) return `${path} is still the empty template`;
  }
  const { added, changed, removed } = compareDigests(before, after);
  const code = [...added, ...changed, ...removed].filter((path) => !SPEC_KIT_FILES.test(path));
  return code.length > 0 ? null : 'nothing changed outside of specs, .specify and .pi';
}

export async function templateOf(workspace: string, artifact: (typeof ARTIFACTS)[number]): Promise<string> {
  return (await textOf(workspace, `.specify/templates/${artifact}-template.md`)) ?? '';
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
