/** Of the parent's environment a framework sees these and nothing else, so that no key of the user's reaches it. */
const ALLOWED = /^(PATH|LANG|LC_[A-Z_]+|TZ|TERM)$/;

export const PROCESS_TAG_VARIABLE = 'STEPWELL_MARK';

/**
 * The complete environment of a framework's processes: PATH, LANG, LC_*, TZ and TERM of the parent, a HOME and TMPDIR of
 * their own (the caller creates them), then `extra`, then the process tag.
 *
 * @example allowedEnvironment(process.env, { home, tmpdir, processTag, extra: { STEPWELL_RUN_ID: runId, ...settings.env } })
 */
export function allowedEnvironment(
  parent: Readonly<Record<string, string | undefined>>,
  own: { home: string; tmpdir: string; processTag: string; extra: Readonly<Record<string, string>> },
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(parent)) {
    if (value !== undefined && ALLOWED.test(name)) env[name] = value;
  }
  return { ...env, HOME: own.home, TMPDIR: own.tmpdir, ...own.extra, [PROCESS_TAG_VARIABLE]: own.processTag };
}
