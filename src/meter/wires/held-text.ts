/** Keeps what a model has written so far, at the price of holding bytes: most streams end with their usage, and nobody asks. */

/** Events are held up to this size and then reduced to their text. */
const MOST_BYTES = 512 * 1024;
/** More than any model writes in one answer. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

export interface HeldText {
  hold(event: Buffer): void;
  text(): string;
}

/** `written` finds the text that one event carries. */
export function holdText(written: (event: Buffer) => string): HeldText {
  let events: Buffer[] = [];
  let bytes = 0;
  const texts: string[] = [];
  let characters = 0;

  function reduce(): void {
    for (const event of events) {
      const text = characters < MOST_CHARACTERS ? written(event) : '';
      if (text !== '') texts.push(text);
      characters += text.length;
    }
    events = [];
    bytes = 0;
  }

  return {
    hold(event) {
      events.push(event);
      bytes += event.length;
      if (bytes > MOST_BYTES) reduce();
    },
    text() {
      reduce();
      return texts.join('');
    },
  };
}
