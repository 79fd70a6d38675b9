import { join } from 'node:path';
import { z } from 'zod';
import { messageOf } from '../errors/index.ts';
import { ArchiveFacts } from '../schema/index.ts';
import { METADATA_FILE, openRunDirectory, SUMMARY_FILE, writeFileAtomic, type RunSource } from '../store/index.ts';
import { foldRun } from './fold/fold.ts';
import { readReconciliation } from './reconciliation.ts';
import { renderText } from './print/text.ts';
import { summaryError } from './errors.ts';

const Sealed = z.object({ archive: ArchiveFacts.nullable() });

/**
 * Makes the summary of one run from its directory, at any time: while it runs, after it ended, long after.
 *
 * @example
 * const summarizer = new LogSummarizer(runId, 'baseline', runDir);
 * await summarizer.writeSummary(await summarizer.generateSummary());
 */
export class LogSummarizer {
  readonly #runId: string;
  readonly #framework: string;
  readonly #runDir: string;

  /** @param runDir absolute or relative; `runId` and `framework` must be those in its logs */
  constructor(runId: string, framework: string, runDir: string) {
    this.#runId = runId;
    this.#framework = framework;
    this.#runDir = runDir;
  }

  /**
   * The text of `logs_summary.txt`, folded from the logs; with the reconciliation, once there was an attempt.
   *
   * @throws StepwellError with NOT_A_RUN, RUN_UNREADABLE, METADATA_UNREADABLE; SUMMARY_OF_OTHER_RUN when the logs name another run
   *   or framework
   */
  async generateSummary(): Promise<string> {
    await using source = await openRunDirectory(this.#runDir);
    const folded = await foldRun(source);
    this.#check('run', this.#runId, folded.run_id);
    this.#check('framework', this.#framework, folded.framework);
    const reconciliation = await readReconciliation(this.#runDir);
    const summary = { ...folded, run_id: this.#runId, framework: this.#framework, reconciliation };
    return renderText(summary, await sealedArchive(source));
  }

  /** Replaces `logs_summary.txt` as a whole and returns its path. */
  async writeSummary(text: string): Promise<string> {
    const path = join(this.#runDir, SUMMARY_FILE);
    await writeFileAtomic(path, text);
    return path;
  }

  #check(kind: 'run' | 'framework', expected: string, found: string | null): void {
    if (found !== null && found !== expected)
      throw summaryError('SUMMARY_OF_OTHER_RUN', { kind, expected, found, runDir: this.#runDir });
  }
}

/** The archive's facts as metadata.json has them; null while the run is not sealed. */
async function sealedArchive(source: RunSource): Promise<ArchiveFacts | null> {
  const bytes = await source.read(METADATA_FILE);
  if (bytes === null) return null;
  let metadata: unknown;
  try {
    metadata = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw summaryError('METADATA_UNREADABLE', { location: source.location, reason: messageOf(error) }, { cause: error });
  }
  const parsed = Sealed.safeParse(metadata);
  return parsed.success ? parsed.data.archive : null;
}
