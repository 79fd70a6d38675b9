/** Query parameters, checked as strictly as the providers do. */

/** A request that the provider refuses, in its own words. */
export class Refusal extends Error {
  readonly status: number;
  readonly type: string;
  readonly parameter: string | null;
  constructor(status: number, type: string, message: string, parameter: string | null = null) {
    super(message);
    this.status = status;
    this.type = type;
    this.parameter = parameter;
  }
}

export const bad = (message: string, parameter: string | null = null): Refusal =>
  new Refusal(400, 'invalid_request_error', message, parameter);

export interface Query {
  readonly one: Map<string, string>;
  readonly many: Map<string, string[]>;
}

/** Sorts the parameters; `bareArrays`: lists may also be written without brackets. */
export function readQuery(
  search: URLSearchParams,
  known: { one: readonly string[]; many: readonly string[]; bareArrays: boolean },
): Query {
  const one = new Map<string, string>();
  const many = new Map<string, string[]>();
  for (const [spelled, value] of search) {
    const name = spelled.replace(/\[\]$/, '');
    const bracketed = name !== spelled;
    if (known.many.includes(name) && (bracketed || known.bareArrays)) many.set(name, [...(many.get(name) ?? []), value]);
    else if (known.one.includes(name) && !bracketed) {
      if (one.has(name)) throw bad(`Parameter given twice: '${name}'.`, name);
      one.set(name, value);
    } else throw bad(`Unknown parameter: '${spelled}'.`, spelled);
  }
  return { one, many };
}

export function integer(query: Query, name: string): number | null {
  const text = query.one.get(name);
  if (text === undefined) return null;
  if (!/^-?\d+$/.test(text)) {
    throw bad(`Invalid type for '${name}': expected an integer, but got '${text}' instead.`, name);
  }
  return Number(text);
}

export function choice<T extends string>(query: Query, name: string, choices: readonly T[], byDefault: T): T {
  const text = query.one.get(name);
  if (text === undefined) return byDefault;
  const found = choices.find((one) => one === text);
  if (found === undefined) throw bad(`Invalid value: '${text}'. Supported values are: ${choices.join(', ')}.`, name);
  return found;
}

export function limit(query: Query, byDefault: number, most: number): number {
  const value = integer(query, 'limit') ?? byDefault;
  if (value < 1)
    throw bad(`Invalid 'limit': integer below minimum value. Expected a value >= 1, but got ${value} instead.`, 'limit');
  if (value > most) {
    throw bad(`Invalid 'limit': integer above maximum value. Expected a value <= ${most}, but got ${value} instead.`, 'limit');
  }
  return value;
}

export function groups(query: Query, supported: readonly string[]): readonly string[] {
  const asked = query.many.get('group_by') ?? [];
  const unknown = asked.find((name) => !supported.includes(name));
  if (unknown !== undefined) throw bad(`Invalid value: '${unknown}'. Supported values are: ${supported.join(', ')}.`, 'group_by');
  return asked;
}

/** Opaque, and good for the same question alone. */
export function cursorFor(question: string, position: number): string {
  return `page_${Buffer.from(JSON.stringify([question, position])).toString('base64url')}`;
}

export function positionOf(query: Query, question: string): number {
  const page = query.one.get('page');
  if (page === undefined) return 0;
  try {
    const [asked, position] = JSON.parse(Buffer.from(page.replace(/^page_/, ''), 'base64url').toString()) as [string, number];
    if (asked === question && Number.isInteger(position)) return position;
  } catch {
    // Not one of ours.
  }
  throw bad(`Invalid 'page': '${page}' is not a cursor of this query.`, 'page');
}
