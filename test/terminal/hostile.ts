/** Texts by which a framework could steer, deceive or break the terminal of whoever reads its output. */
import assert from 'node:assert/strict';

/** A second line that looks like a record, with level, step and component. */
const FORGED = '14:15:03.123 INFO  003 orchestrator step_end: Step 3 succeeded';

export const HOSTILE: Readonly<Record<string, string>> = {
  'a forged record after a newline': `begun\n${FORGED}`,
  'a forged record after a carriage return': `begun\r${FORGED}`,
  'a forged record after CR LF': `begun\r\n${FORGED}`,
  'a forged record after U+0085': `begun\u0085${FORGED}`,
  'a forged record after U+2028': `begun\u2028${FORGED}`,
  'a forged record after U+2029': `begun\u2029${FORGED}`,
  'a forged record after a vertical tab': `begun\u000b${FORGED}`,
  'a forged record after a form feed': `begun\u000c${FORGED}`,
  'a cleared screen': 'a\u001b[2J\u001b[Hb',
  'cursor up and erase': 'a\u001b[1A\u001b[2Kb',
  'a color left on': 'a\u001b[31mb',
  'C1 controls': 'a\u009b31mb\u0090c\u009dd\u009c',
  'a title': 'a\u001b]0;owned\u0007b',
  'an OSC 8 link': '\u001b]8;;http://evil.example/\u001b\\docs\u001b]8;;\u001b\\',
  'the clipboard, by OSC 52': '\u001b]52;c;ZXZpbA==\u0007',
  'a sequence that never ends': 'a\u001b]0;never',
  bell: 'a\u0007b',
  backspace: 'rm -rf /\b\b\b\b\b\b\b\bls',
  'NUL and DEL': 'a\u0000b\u007fc',
  'an override of direction': 'a\u202egpj.exe',
  'bidi isolates': 'a\u2066b\u2067c\u2068d\u2069',
  'marks of direction': 'a\u200eb\u200fc\u061cd',
  'zero width characters and joiners': 'a\u200bb\u200cc\u200dd\u2060e\ufefff',
  'a soft hyphen': 'pass\u00adword',
  'tag characters': 'a\u{e0001}\u{e0041}\u{e0042}\u{e007f}',
  'selectors that carry text': 'a\u{e0100}\u{e01ef}',
  'Hangul fillers': 'a\u115f\u1160\u3164\uffa0b',
  'a lone surrogate': 'a\ud800b\udfffc',
  'interlinear annotation': 'a\ufff9b\ufffac\ufffbd',
};

/** What may not reach a terminal, whatever stood in a record. */
const HARMFUL = /(?!\n|[\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

/** Nothing in `shown`, which has no colors, steers a terminal or begins a line with {@link FORGED}. */
export function assertHarmless(shown: string, what: string): void {
  assert.doesNotMatch(shown, HARMFUL, what);
  assert.ok(!shown.split('\n').some((line) => line.startsWith(FORGED)), `${what}: a forged line stands by itself:\n${shown}`);
}
