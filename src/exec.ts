/** Runs programs: every line out, a time limit, cancelling, and an end of the whole process tree. */
export { killMarked, type Ended } from './exec/processes/end.ts';
export { allowedEnvironment, MARK_VARIABLE } from './exec/environment.ts';
export { execError } from './exec/errors.ts';
export { findProgram } from './exec/find-program.ts';
export { describeOutcome, runLogged, startLogged, type LoggedProgramOptions } from './exec/logged.ts';
export type {
  OutputLine,
  OutputStream,
  Program,
  ProgramOptions,
  ProgramOutcome,
  ProgramResult,
  TextFilter,
} from './exec/program.ts';
export { shellWord } from './exec/shell-word.ts';
export { runProgram, startProgram } from './exec/start.ts';
