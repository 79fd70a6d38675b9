/** Colors, where they are wanted. */
const CODES = { red: 31, green: 32, yellow: 33, blue: 34, cyan: 36, dim: 2, bold: 1 } as const;
export type Style = keyof typeof CODES;
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

export const colored: Paint = (style, text) => (text === '' ? '' : `\u001b[${CODES[style]}m${text}\u001b[0m`);

/** Colors for a stream: on a terminal that can, unless NO_COLOR is set; FORCE_COLOR switches them on anywhere. */
export function paintFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): Paint {
  const isSet = (name: string): boolean => (env[name] ?? '') !== '';
  if (isSet('NO_COLOR')) return plain;
  if (isSet('FORCE_COLOR') && env['FORCE_COLOR'] !== '0') return colored;
  return stream.isTTY === true && env['TERM'] !== 'dumb' ? colored : plain;
}

/** The color of a run's or step's status, or of a reconciliation's state. */
export function styleOf(status: string): Style {
  switch (status) {
    case 'success':
    case 'verified':
      return 'green';
    case 'running':
    case 'provisional':
      return 'cyan';
    case 'mismatch':
    case 'failed':
    case 'timed_out':
    case 'crashed':
      return 'red';
    case 'interrupted':
    case 'unavailable':
    case 'pending':
      return 'yellow';
    default:
      return 'dim';
  }
}
