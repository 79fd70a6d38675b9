/** One entry of the catalogue: from the facts of a case to what the user reads. */
export interface ErrorText {
  /** One sentence: what, where, and the offending value. */
  sentence: string;
  /** What to type or change. */
  fix: string;
  exitCode: number;
}

// A describe function takes one facts object; its exact shape is checked where the error is raised.
// eslint-disable-next-line typescript/no-explicit-any
export type ErrorEntries = Record<string, (facts: any) => ErrorText>;
