/** The address of a git repository, which may hold a password or a token. */

/** Everything between `https://` and the last `@` before the path; of ssh only what stands behind a colon there is secret. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)([^/\s]*)@/i;

export interface Repository {
  /** As it is given to git. */
  readonly address: string;
  /** As it may be shown and written down. */
  readonly shown: string;
  /** What is not to be shown: `name:password` or a token; null where there is none. */
  readonly secret: string | null;
  /** Takes the secret out of a text. */
  hide(text: string): string;
}

export function repositoryAt(address: string): Repository {
  const [, scheme = '', user = ''] = USER.exec(address) ?? [];
  const secret = user !== '' && (scheme.toLowerCase() !== 'ssh://' || user.includes(':')) ? user : null;
  const hide = (text: string): string => (secret === null ? text : text.replaceAll(`${secret}@`, ''));
  return { address, shown: hide(address), secret, hide };
}
