/** User names and passwords in URLs. */

/** Whether a URL names a user or a password. */
export function hasCredentials({ username, password }: URL): boolean {
  return username !== '' || password !== '';
}

/**
 * An address as messages may show it, `https://…@host/v1`. If it is not a valid URL, everything before its last `@`
 * is removed: a password with a slash makes a URL invalid.
 */
export function withoutCredentials(address: string): string {
  const url = URL.parse(address);
  const isRead = url !== null && url.host !== '';
  if (isRead && !hasCredentials(url)) return address;
  const user = isRead ? /^([a-z][a-z0-9+.-]*:(?=[/\\]))?[/\\]*[^/\\?#]*@/i : /^([a-z][a-z0-9+.-]*:(?=[/\\]))?[^]*@/i;
  return address.replace(user, (_, scheme: string | undefined) => (scheme === undefined ? '…@' : `${scheme}//…@`));
}

/** Everything between `https://` and the last `@` before the path; for ssh only the part after a colon there is secret. */
const USER = /^([a-z][a-z0-9+.-]*:\/\/)([^/\s]*)@/i;
/** The same of an address that cannot be read as a URL: its password may hold anything. */
const USER_OF_UNREADABLE = /^([a-z][a-z0-9+.-]*:\/\/)([^]*)@/i;

/** The address of a git repository, which may hold a password or a token. */
export interface Repository {
  /** As it is given to git. */
  readonly address: string;
  /** As it may be shown and written down: without the secret, so that git can use it still. */
  readonly shown: string;
  /** The part to hide: `name:password` or a token; null if there is none. */
  readonly secret: string | null;
  /** Takes the secret out of a text. */
  hide(text: string): string;
}

export function parseRepository(address: string): Repository {
  const [, scheme = '', user = ''] = (URL.canParse(address) ? USER : USER_OF_UNREADABLE).exec(address) ?? [];
  const secret = user !== '' && (scheme.toLowerCase() !== 'ssh://' || user.includes(':')) ? user : null;
  const hide = (text: string): string => (secret === null ? text : text.replaceAll(`${secret}@`, ''));
  return { address, shown: hide(address), secret, hide };
}
