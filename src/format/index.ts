/** Formats numbers and times, and adds numbers of which some are unknown. Output never depends on the locale. */
export {
  formatBytes,
  formatCount,
  pluralize,
  pluralizeGrouped,
  DASH,
  formatNumber,
  formatNanoUsd,
  formatOutOf,
  formatPercent,
  formatPercentNear,
  formatShare,
  pluralForm,
  formatShortCount,
  formatSigned,
  formatStep,
  formatTokens,
  UNKNOWN,
  formatUsd,
} from './numbers.ts';
export { addTo, emptySum, exactTotal, roundToMilliseconds, sumComplete, sumKnown, sumSeconds, type Sum } from './sum.ts';
export { formatDuration, formatIsoSeconds, formatUtc } from './time.ts';
