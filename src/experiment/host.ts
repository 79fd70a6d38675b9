/** The environment of a run: machine, tools, and the state of the project it belongs to. */
import { execFile } from 'node:child_process';
import { arch, cpus, hostname, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import type { HostFacts, RunMetadata } from '../schema/index.ts';
import { gitCommit, gitDirty } from '../store/index.ts';

const TOOLS = ['git', 'tar', 'python3', 'npm'] as const;
const TIMEOUT_MS = 10_000;

/** First line of the version output of a program, or null when it cannot be run. */
async function versionOf(program: string): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)(program, ['--version'], { timeout: TIMEOUT_MS });
    return stdout.split('\n', 1)[0]?.trim() ?? '';
  } catch {
    return null;
  }
}

export async function hostFacts(): Promise<HostFacts> {
  const versions = await Promise.all(TOOLS.map(async (tool) => [tool, await versionOf(tool)] as const));
  return {
    hostname: hostname(),
    os: `${type()} ${release()}`,
    arch: arch(),
    cpus: cpus().length,
    memory_bytes: totalmem(),
    node: process.version,
    tools: Object.fromEntries(versions),
  };
}

/** Commit of the repository that holds `directory`, and whether tracked files differ from it; null outside of any. */
export async function projectFacts(directory: string): Promise<RunMetadata['project']> {
  const git_commit = await gitCommit(directory);
  return { git_commit, git_dirty: git_commit === null ? null : await gitDirty(directory) };
}
