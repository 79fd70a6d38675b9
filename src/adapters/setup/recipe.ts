/** What makes a framework ready: which commit of its source, and which Python packages. Data; `setUp` does the work. */
export interface Recipe {
  /** The adapter's name; the directory is `<name>@<commit>`. */
  readonly name: string;
  /** Where git gets the source unless `repo_url` says otherwise. */
  readonly repository: string;
  /** All 40 digits: what is run must not depend on what a short name means tomorrow. */
  readonly commit: string;
  /** Versions of Python that it runs on, the best first. */
  readonly pythons: readonly string[];
  /** What pip is asked for, with versions. */
  readonly packages: readonly string[];
  /** Names at the top of the source that it runs without, such as recorded examples. */
  readonly leaveOut: readonly string[];
  /** Modules that have to be importable, by name. */
  readonly imports: readonly string[];
  /** Files that must be in the source, relative to it. */
  readonly requires: readonly string[];
  /** Data that it would fetch from the network while it runs: encodings of tiktoken. */
  readonly encodings?: readonly string[];
}
