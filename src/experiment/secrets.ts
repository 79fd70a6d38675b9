/** Values of the environment that a run must never record. */
import { formatWords } from '../schema/index.ts';
import { collectSecrets } from '../secrets/index.ts';

export interface RunSecrets {
  readonly values: readonly string[];
  /** Variables whose value is an ordinary word of the record, so it is not treated as a secret. */
  readonly ignored: readonly string[];
}

/**
 * The secrets of the environment and of the configuration's references.
 *
 * Every record contains values such as `rehearsal` or `complete`: masking them would hide nothing and make the record
 * unreadable. `runWords` are such words of this run: its framework, adapter, model and steps.
 */
export function secretsOfRun(
  env: Readonly<Record<string, string | undefined>>,
  references: { readonly names?: Iterable<string>; readonly values?: Iterable<string> },
  runWords: Iterable<string>,
): RunSecrets {
  const words = [...formatWords(), ...runWords];
  const isWord = (value: string): boolean => words.some((word) => word.includes(value));
  const found = [...new Set([...collectSecrets(env, references.names), ...(references.values ?? [])])];
  const common = new Set(found.filter(isWord));
  return {
    values: found.filter((value) => !common.has(value)),
    ignored: Object.keys(env).filter((name) => common.has(env[name] ?? '')),
  };
}
