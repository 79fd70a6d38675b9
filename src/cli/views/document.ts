/** Blocks of a report on a terminal: facts behind aligned labels or as sentences, figures side by side. */
import { formatCount, DASH } from '../../format/index.ts';
import { figureText, plainText, type ReportBlockOf, type Fact } from '../../summary/index.ts';
import { sanitizeLine, styleOf, wrap, type Paint } from '../../terminal/index.ts';
import { table } from './table.ts';

/** Of the labels of facts. */
const LABEL_COLUMNS = 10;

interface Terminal {
  readonly paint: Paint;
  readonly columns: number;
}

export function blockLines(block: ReportBlockOf<'facts' | 'figures'>, terminal: Terminal): string[] {
  switch (block.kind) {
    case 'facts':
      return block.facts.flatMap((fact) => (fact.under === undefined ? labeled(fact, terminal) : inset(fact, terminal)));
    case 'figures': {
      const heads = block.headers.map((title) => ({ title: title.toLowerCase(), align: 'right' }) as const);
      const rows = block.rows.map(({ label, cells }) => [
        label.toLowerCase().replace('api', 'API'),
        ...cells.map((cell) => figureText(cell, (value) => formatCount(value, DASH))),
      ]);
      return table([{ title: '' }, ...heads], rows).map((line) => `    ${line}`);
    }
    default:
      return block satisfies never;
  }
}

/** Sentences are folded; paths and commands stay whole. */
function labeled({ label, value, lines = 1, status }: Fact, { paint, columns }: Terminal): string[] {
  const text = sanitizeLine(plainText(value));
  const folded = lines === 1 ? [text] : wrap(text, columns - LABEL_COLUMNS - 1, lines);
  return folded.map((line, index) => {
    const shown = status === undefined ? line : paint(styleOf(status), line);
    return `${paint('dim', (index === 0 ? plainText(label ?? '') : '').padEnd(LABEL_COLUMNS))} ${shown}`;
  });
}

function inset({ label, value, lines }: Fact, terminal: Terminal): string[] {
  return sentence(`${plainText(label ?? '').toLowerCase()}: ${plainText(value)}`, terminal, lines);
}

/** Set in by two and wrapped. */
export function sentence(text: string, { columns }: Pick<Terminal, 'columns'>, most = 8): string[] {
  return wrap(sanitizeLine(text), columns - 4, most).map((line, index) => `${index === 0 ? '  ' : '    '}${line}`);
}
