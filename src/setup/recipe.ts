/** What makes a framework ready: which commit of its source or which package, and which Python packages beside it. Data; `setUp` does the work. */
export interface Recipe {
  /** The adapter's name; the directory is `<name>@<commit>`. */
  readonly name: string;
  /** Where git gets the source unless `repo_url` says otherwise. Null where the framework is one of `packages`. */
  readonly repository: string | null;
  /** All 40 digits: what is run must not depend on what a short name means tomorrow. Of a package its version. */
  readonly commit: string;
  /** Versions of Python that it runs on, the best first. */
  readonly pythons: readonly string[];
  /** What pip is asked for, with versions. */
  readonly packages: readonly string[];
  /** Names at the top of the source that it runs without, such as recorded examples. */
  readonly leaveOut: readonly string[];
  /** Modules that have to be importable, by name. */
  readonly imports: readonly string[];
  /** Files that must be in the source, relative to it; of a package programs that it brings. */
  readonly requires: readonly string[];
  /** Data that it would fetch from the network while it runs: encodings of tiktoken. */
  readonly encodings?: readonly string[];
  /** A coding agent that it drives unless the settings name another. */
  readonly agent?: {
    /** On PATH it is taken from there, else installed from npm. */
    readonly program: string;
    /** With its version. */
    readonly npmPackage: string;
    /** Names of all that it can drive, this one among them. */
    readonly known: readonly string[];
  };
}
