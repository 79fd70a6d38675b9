/** Which values of the environment a run must never write down. */
import { formatWords } from '../schema/index.ts';
import { collectSecrets } from '../secrets/index.ts';

export interface RunSecrets {
  readonly values: readonly string[];
  /** Variables whose value is an ordinary word of the record, and is therefore not taken for a secret. */
  readonly ignored: readonly string[];
}

/**
 * The secrets of the environment and of the configuration's references.
 *
 * A value such as `rehearsal` or `complete` stands in every record by itself: masking it would hide nothing and make the
 * record unreadable. `ownWords` are the words of this run: its framework, adapter, model and steps.
 */
export function secretsOfRun(
  env: Readonly<Record<string, string | undefined>>,
  references: { readonly names?: Iterable<string>; readonly values?: Iterable<string> },
  ownWords: Iterable<string>,
): RunSecrets {
  const words = [...formatWords(), ...ownWords];
  const isWord = (value: string): boolean => words.some((word) => word.includes(value));
  const found = [...new Set([...collectSecrets(env, references.names), ...(references.values ?? [])])];
  const common = new Set(found.filter(isWord));
  return {
    values: found.filter((value) => !common.has(value)),
    ignored: Object.keys(env).filter((name) => common.has(env[name] ?? '')),
  };
}
