/** The version of an agent, as the program itself reports it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { PreflightIssue } from '../../run/index.ts';
import { parentPath, type CommandSettings } from '../command.ts';
import { findProgram } from '../../exec/index.ts';
import type { AgentPreset } from './preset.ts';

const TIMEOUT_MS = 60_000;

export type Version =
  | { readonly ok: true; readonly text: string; readonly path: string }
  | { readonly ok: false; readonly issue: PreflightIssue };

/** Some agents take seconds to start, and doctor, preflight and prepare all ask: each program is asked once. */
const answers = new Map<string, Promise<Version>>();

/** @param scratch an existing directory: the program gets a HOME in it, which is removed again */
export async function versionOf(preset: AgentPreset, settings: CommandSettings, scratch: string): Promise<Version> {
  const PATH = settings.env['PATH'] ?? parentPath();
  const found = findProgram(settings.command?.[0] ?? preset.program, PATH);
  if (found.status !== 'found')
    return { ok: false, issue: { what: `${preset.program} was not found.`, fix: installHint(preset) } };
  const { ino, size, mtimeNs } = await stat(found.path, { bigint: true });
  const key = JSON.stringify([preset.program, found.path, PATH, String([ino, size, mtimeNs])]);
  const known = answers.get(key);
  if (known !== undefined) return await known;
  const asked = queryVersion(preset, found.path, PATH, scratch);
  answers.set(key, asked);
  const version = await asked;
  // The cause may be gone next time.
  if (!version.ok) answers.delete(key);
  return version;
}

async function queryVersion(preset: AgentPreset, path: string, PATH: string, scratch: string): Promise<Version> {
  const args = preset.versionArgs ?? ['--version'];
  const home = await mkdtemp(join(scratch, 'stepwell-agent-'));
  try {
    const env = { PATH, HOME: home, TMPDIR: home };
    const { stdout, stderr } = await promisify(execFile)(path, args, { env, cwd: home, timeout: TIMEOUT_MS });
    const number = /\d+\.\d+\.\d+\S*/.exec(stdout + stderr)?.[0].replace(/\.$/, '') ?? 'of unknown version';
    return { ok: true, text: `${preset.program} ${number}`, path };
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    const said = stderr.trim().split('\n').at(-1) || message;
    return { ok: false, issue: { what: `${[path, ...args].join(' ')} failed: ${said}`, fix: installHint(preset) } };
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

export function installHint({ program, install }: AgentPreset): string {
  return `To install it: ${install}. If it is installed elsewhere, add command: [/path/to/${program}] to the framework.`;
}
