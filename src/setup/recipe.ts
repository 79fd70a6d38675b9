/** How to install a framework: the commit of its source or its package, and its Python packages. Data only; `setUp` does the work. */
export interface Recipe {
  /** The adapter's name; the directory is `<name>@<commit>`. */
  readonly name: string;
  /** Where git gets the source unless `repo_url` says otherwise. Null where the framework is one of `packages`. */
  readonly repository: string | null;
  /** All 40 digits, since an abbreviation may become ambiguous. For a package, its version. */
  readonly commit: string;
  /** Versions of Python that it runs on, in order of preference. */
  readonly pythons: readonly string[];
  /** Requirements for pip, with versions. */
  readonly packages: readonly string[];
  /** Names at the top of the source that it runs without, such as recorded examples. */
  readonly leaveOut: readonly string[];
  /** Modules that must be importable. */
  readonly imports: readonly string[];
  /** Files that the source must have, relative to it; for a package, its programs. */
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
