/** Colors, where they are wanted. No dependencies: the log core uses it. */
import { styleText } from 'node:util';

export type Style = 'red' | 'green' | 'yellow' | 'cyan' | 'dim' | 'bold';
export type Paint = (style: Style, text: string) => string;

export const plain: Paint = (_style, text) => text;

export const colored: Paint = (style, text) => (text === '' ? '' : styleText(style, text, { validateStream: false }));

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
