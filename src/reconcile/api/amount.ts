/** Amounts of money as integers in units of 10⁻¹² US dollars, so sums of decimals are exact. */

const PLACES = 12;

/**
 * Parses a number or a decimal such as `"12.345"`; `shift` moves the decimal point: −2 for cents. Digits after the twelfth
 * decimal place are dropped. Null when the value is not an amount.
 */
export function readAmount(value: string | number, shift = 0): bigint | null {
  const match = /^([+-]?)(\d+)(?:\.(\d+))?(?:e([+-]?\d{1,3}))?$/i.exec(String(value).trim());
  if (match === null) return null;
  const [, sign = '', whole = '', part = '', exponent = '0'] = match;
  const scale = PLACES + shift + Number(exponent) - part.length;
  const digits = BigInt(whole + part);
  const amount = scale >= 0 ? digits * 10n ** BigInt(scale) : digits / 10n ** BigInt(-scale);
  return sign === '-' ? -amount : amount;
}

/** As a number of US dollars. */
export function toUsd(amount: bigint): number {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(PLACES + 1, '0');
  const usd = Number(`${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`);
  return amount < 0n ? -usd : usd;
}
