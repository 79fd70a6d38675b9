/** What a run amounts to: the fold of its logs, its metrics, and both as text, Markdown and JSON. */
export { createRunFold, foldRecords, foldRun, type FoldOptions, type RunDetails, type RunFold } from './fold/fold.ts';
export { renderJson } from './print/json.ts';
export { renderMarkdown } from './print/markdown.ts';
export { computeMetrics } from './metrics.ts';
export { fact, facts, figureText, plainText, type ReportBlockOf, type Fact } from './document/model.ts';
export { comparisonFigures } from './document/reconciliation.ts';
export { costText, differencePercent, sharedText, stepsResolvedAs } from './document/reconciliation-phrases.ts';
export { foldReconciliation, readReconciliation } from './reconciliation.ts';
export { LogSummarizer } from './summarizer.ts';
export { headLines, renderText } from './print/text.ts';
export { claimText, runNotes, totalCost } from './document/phrases.ts';
export type { RecordedCall } from './fold/state.ts';
export type { FileSizes } from './fold/snapshot.ts';
