/** Runs programs: every line out, a time limit, cancelling, and an end of the whole process tree. */
export { killTagged, type TerminationResult } from './processes/terminate.ts';
export { allowedEnvironment, PROCESS_TAG_VARIABLE } from './environment.ts';
export { execError } from './errors.ts';
export { findProgram } from './find-program.ts';
export { describeOutcome, runLogged, startLogged, type LoggedProgramOptions } from './logged.ts';
export type { OutputLine, OutputStream, Program, ProgramOptions, ProgramOutcome, ProgramResult, TextFilter } from './program.ts';
export { shellQuote } from './shell-quote.ts';
export { runProgram, startProgram } from './start.ts';
