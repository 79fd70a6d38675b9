/** What a run amounts to: the fold of its logs, its metrics, and both as text, Markdown and JSON. */
export { createRunFold, foldRecords, foldRun, type RunDetails, type RunFold } from './summary/fold/fold.ts';
export type { RecordedCall } from './summary/fold/state.ts';
export { renderJson } from './summary/print/json.ts';
export { renderMarkdown } from './summary/print/markdown.ts';
export { computeMetrics } from './summary/metrics.ts';
export { fact, facts, figureText, plainText, type BlockOf, type Fact } from './summary/document/model.ts';
export { comparisonFigures } from './summary/document/reconciliation.ts';
export { costText, differencePercent, sharedText, stepsResolvedAs } from './summary/document/reconciliation-phrases.ts';
export { foldReconciliation, readReconciliation } from './summary/reconciliation.ts';
export { LogSummarizer } from './summary/summarizer.ts';
export { headLines, renderText } from './summary/print/text.ts';
export { claimLine, runNotes, totalCost } from './summary/document/phrases.ts';
