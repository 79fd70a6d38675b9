/** `${NAME}` in `endpoint` and `frameworks.*.env`: the value stays out of the file and out of the record. */

export interface Expansion {
  readonly value: string;
  /** Names that are referred to. */
  readonly names: readonly string[];
  /** Those of them that the environment does not have. */
  readonly unset: readonly string[];
  /** References that are not of the form `${NAME}`. */
  readonly malformed: readonly string[];
}

export function expandReferences(text: string, env: Readonly<Record<string, string | undefined>>): Expansion {
  const names: string[] = [];
  const unset: string[] = [];
  const malformed: string[] = [];
  const value = text.replaceAll(/\$\{([^}]*)\}?/g, (whole, name: string) => {
    if (!/^\$\{[A-Za-z_]\w*\}$/.test(whole)) {
      malformed.push(whole);
      return whole;
    }
    names.push(name);
    const found = Object.hasOwn(env, name) ? env[name] : undefined;
    if (found === undefined) unset.push(name);
    return found ?? '';
  });
  return { value, names, unset, malformed };
}
