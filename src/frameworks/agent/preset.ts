/** What stepwell knows about a coding agent: how to start it, point it at the model, and read its report. */
import type { AdapterEndpoint } from '../../run/index.ts';
import type { ClaimedUsage } from '../../schema/index.ts';

/** Input of a preset for one attempt. */
export interface AgentContext {
  /** Absolute; its HOME, made for the attempt and empty but for `files`. */
  readonly home: string;
  readonly workspace: string;
  readonly prompt: string;
  readonly model: string;
  readonly endpoint: AdapterEndpoint;
}

export interface AgentPreset {
  /** The program's name on PATH. */
  readonly program: string;
  /** Arguments that make it print its version; default: `--version`. */
  readonly versionArgs?: readonly string[];
  /** What to type to install the version that the preset was run with. */
  readonly install: string;
  /** Arguments of one headless run that answers no questions. The prompt comes on stdin unless `promptIn` says otherwise. */
  readonly args: (facts: AgentContext) => readonly string[];
  /** The prompt is in one of `files`; stdin is then empty. */
  readonly promptIn?: 'files';
  readonly env: (facts: AgentContext) => Readonly<Record<string, string>>;
  /** Contents by path below HOME. */
  readonly files: (facts: AgentContext) => Readonly<Record<string, string>>;
  readonly report: AgentReport;
}

/** Where the agent reports usage and outcome, and how to read it. */
export interface AgentReport {
  /** `stdout`: its JSON lines. `folder`: the .json and .jsonl files of a folder below HOME. */
  readonly from: 'stdout' | { readonly folder: string };
  /** Usage in one JSON value; null when it has none. Input includes tokens read from or written to a cache. */
  readonly usageOf: (value: unknown) => ClaimedUsage | null;
  /** Outcome in one JSON value; null when it has none. The last one counts, since an agent may try again. */
  readonly outcomeOf: (value: unknown) => AgentOutcome | null;
  /** For a `folder`, which is removed with HOME: the messages in one JSON value to keep in the record. Output is always recorded. */
  readonly messagesOf?: (value: unknown) => readonly AgentMessage[];
}

export type AgentOutcome = { readonly status: 'fine' } | { readonly status: 'failed'; readonly message: string };

/** One message of the agent's session. */
export interface AgentMessage {
  /** As the agent calls it: `user`, `assistant`, `toolResult` … */
  readonly role: string;
  /** Names of the tools that it calls or whose result it carries. */
  readonly tools: readonly string[];
  /** JSON as the agent stored it. */
  readonly content: unknown;
}

export const SUCCEEDED: AgentOutcome = { status: 'fine' };

export function failed(words: string): AgentOutcome {
  return { status: 'failed', message: words };
}
