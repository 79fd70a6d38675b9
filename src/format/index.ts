/** Figures in words, and sums in which unknown is not 0. No locale has a say: the same run gives the same bytes everywhere. */
export {
  bytes,
  count,
  counted,
  countOf,
  DASH,
  figure,
  nanoUsd,
  outOf,
  percent,
  percentAgainst,
  percentOf,
  plural,
  shortCount,
  signed,
  stepNumber,
  tokens,
  UNKNOWN,
  usd,
} from './figures.ts';
export { addTo, emptySum, exactTotal, roundToMilliseconds, sumComplete, sumKnown, sumSeconds, type Sum } from './sum.ts';
export { duration, isoSeconds, utc } from './time.ts';
