/** What a run was made on: machine, tools, and the state of the project it belongs to. */
import { execFile } from 'node:child_process';
import { arch, cpus, hostname, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';
import type { HostFacts, RunMetadata } from '../schema.ts';

const TOOLS = ['git', 'tar', 'python3', 'npm'] as const;
const TIMEOUT_MS = 10_000;

/** First line of a program's output, or null when it cannot be run. */
async function firstLine(file: string, args: readonly string[], cwd?: string): Promise<string | null> {
  // A caller's GIT_DIR (a hook, say) would make git speak of another repository.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('GIT_')));
  try {
    const { stdout } = await promisify(execFile)(file, args, { cwd, env, timeout: TIMEOUT_MS });
    return stdout.split('\n', 1)[0]?.trim() ?? '';
  } catch {
    return null;
  }
}

export async function hostFacts(): Promise<HostFacts> {
  const versions = await Promise.all(TOOLS.map(async (tool) => [tool, await firstLine(tool, ['--version'])] as const));
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
  const git_commit = await firstLine('git', ['rev-parse', 'HEAD'], directory);
  if (git_commit === null) return { git_commit: null, git_dirty: null };
  const changes = await firstLine('git', ['status', '--porcelain', '--untracked-files=no'], directory);
  return { git_commit, git_dirty: changes === null ? null : changes !== '' };
}
