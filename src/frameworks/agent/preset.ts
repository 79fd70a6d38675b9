/** What stepwell knows of a coding agent: how it is started, told where the model is, and read. */
import type { AdapterEndpoint } from '../../run/index.ts';
import type { ClaimedUsage } from '../../schema/index.ts';

/** What an agent is told for one attempt. */
export interface AgentFacts {
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
  readonly args: (facts: AgentFacts) => readonly string[];
  /** The prompt stands in one of `files`; stdin is then empty. */
  readonly promptIn?: 'files';
  readonly env: (facts: AgentFacts) => Readonly<Record<string, string>>;
  /** Contents by path below HOME. */
  readonly files: (facts: AgentFacts) => Readonly<Record<string, string>>;
  readonly report: AgentReport;
}

/** Where and how the agent tells of itself. */
export interface AgentReport {
  /** `stdout`: its JSON lines. `folder`: the .json and .jsonl files of a folder below HOME. */
  readonly from: 'stdout' | { readonly folder: string };
  /** What one JSON value adds; null for one that says nothing of it. Input includes what came from a cache or went into one. */
  readonly usageOf: (value: unknown) => ClaimedUsage | null;
  /** How it went, as one JSON value says; null for one that says nothing of it. Of several the last counts: it may try again. */
  readonly outcomeOf: (value: unknown) => AgentOutcome | null;
  /** For a `folder`, which goes with HOME: what in one JSON value is to be kept in the record. Output is kept anyway. */
  readonly messagesOf?: (value: unknown) => readonly AgentMessage[];
}

export type AgentOutcome = { readonly status: 'fine' } | { readonly status: 'failed'; readonly words: string };

/** One message of the agent's session. */
export interface AgentMessage {
  /** As the agent names it: `user`, `assistant`, `toolResult` … */
  readonly role: string;
  /** Names of the tools that it calls, or whose result it is. */
  readonly tools: readonly string[];
  /** JSON as the agent keeps it. */
  readonly content: unknown;
}

export const FINE: AgentOutcome = { status: 'fine' };

export function failed(words: string): AgentOutcome {
  return { status: 'failed', words };
}
