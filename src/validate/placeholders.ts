/** `{{name}}` in a check: values carried over from earlier answers. */

export type Values = ReadonlyMap<string, unknown>;

/** Thrown and caught within a check: a value it needs is not there. */
export class MissingValue extends Error {
  override readonly name = 'MissingValue';
  readonly variable: string;

  constructor(variable: string) {
    super(`it needs {{${variable}}}, which no earlier check could save`);
    this.variable = variable;
  }
}

const PLACEHOLDER = /\{\{\s*(\w+)\s*\}\}/g;

/** Fills in every string of a JSON value. A string that is one placeholder and nothing else becomes the value itself. */
export function fillIn(template: unknown, values: Values): unknown {
  if (typeof template === 'string') {
    const whole = /^\{\{\s*(\w+)\s*\}\}$/.exec(template);
    return whole === null ? fillText(template, values) : valueOf(whole[1]!, values);
  }
  if (Array.isArray(template)) return template.map((element) => fillIn(element, values));
  if (typeof template !== 'object' || template === null) return template;
  return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillIn(value, values)]));
}

export function fillText(template: string, values: Values, encode: (text: string) => string = (text) => text): string {
  return template.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = valueOf(name, values);
    return encode(typeof value === 'string' ? value : JSON.stringify(value));
  });
}

function valueOf(name: string, values: Values): unknown {
  if (!values.has(name)) throw new MissingValue(name);
  return values.get(name);
}
