/** The one list of shapes, walked: what the configuration refuses as a key is what the log masks and the archive leaves out. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { adapters } from '../../src/frameworks/index.ts';
import { loadConfig } from '../../src/config/index.ts';
import { getLogger, withRun } from '../../src/log/index.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import { SHAPES } from '../../src/secrets/shapes.ts';
import { refusal } from '../config/refusal.ts';
import { createLogsDir } from '../log/logs-dir.ts';
import { examples } from './examples.ts';

/** What must not be left of a key: its core, without what it shares with harmless text. */
const core = (key: string): string => key.replace(/^Bearer /i, '').slice(8, -4);

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'stepwell-shapes-'));
  mkdirSync(join(directory, 'config'));
  writeFileSync(join(directory, 'config/a.txt'), 'Build it.\n');
});
after(() => rmSync(directory, { recursive: true, force: true }));

function load(argument: string): unknown {
  const frameworks = `{ mytool: { adapter: command, command: [mytool, ${JSON.stringify(argument)}] } }`;
  const steps = '[{ id: 1, name: first, prompt_file: a.txt }]';
  writeFileSync(join(directory, 'config/experiment.yaml'), `model: gpt\nframeworks: ${frameworks}\nsteps: ${steps}\n`);
  return loadConfig({ adapters, env: { OPENAI_API_KEY: 'no-key-at-all' }, cwd: directory });
}

const AROUND = [
  ['', ''],
  ['key=', '\nnext'],
  ['"', '"'],
  ['x\\n', '\\ny'],
  ['%20', '&a=b'],
  ['(', ')'],
  ['\u001B[31m', '\u001B[0m'],
  [String.raw`\u003c`, String.raw`\u003e`],
  [String.raw`\x00`, String.raw`\x00`],
] as const;

/** Keys whose beginning has a character that no key of the kind goes on with: the second of two is inside a word. */
const INSIDE_NO_WORD = new Set(['Hugging Face', 'Replicate']);

test('every shape has examples, at least one for each of its beginnings', () => {
  assert.deepEqual(
    Object.keys(examples),
    SHAPES.map(({ name }) => name),
  );
  for (const { name, starts } of SHAPES) {
    for (const start of starts)
      assert.ok(
        examples[name]?.keys.some((key) => key.startsWith(start)),
        `${name}: ${start}`,
      );
  }
});

test('docs/LOGGING_SYSTEM.md lists every shape', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/LOGGING_SYSTEM.md'), 'utf8');
  for (const start of SHAPES.flatMap(({ starts }) => starts)) assert.ok(page.includes(`\`${start}\``), start);
});

for (const [name, { keys, harmless }] of Object.entries(examples)) {
  describe(name, () => {
    const redactor = createRedactor({ values: [] });

    test('a key is refused by the configuration', () => {
      for (const key of keys) {
        const text = refusal(() => load(key));
        assert.match(text, /frameworks\.mytool\.command\[1\] contains what looks like a key/, key);
        assert.ok(!text.includes(core(key)), text);
      }
    });

    test('a key is masked in a record: message, metadata, module, event and error', () => {
      for (const key of keys) {
        using logs = createLogsDir();
        withRun({ runId: 'r', framework: 'f', logsDir: logs.path }, () => {
          const error = new Error(`refused: ${key}`);
          getLogger(`a/${key}`).info(`with ${key} in it`, { event: `e ${key}`, metadata: { token: key, [key]: [key] }, error });
        });
        const [line = ''] = logs.lines('run.log');
        const { length } = line.split('[redacted]');
        assert.ok(length >= 7, line);
        assert.ok(!line.includes(core(key)) && !line.includes(JSON.stringify(core(key)).slice(1, -1)), line);
      }
    });

    test('a key is masked in text and found in bytes, at even and odd offsets', () => {
      for (const key of keys) {
        for (const [begin, end] of AROUND) {
          for (const whole of [`${begin}${key}${end}`, ` ${begin}${key}${end}`]) {
            const shown = redactor.redact(whole);
            assert.ok(shown.includes('[redacted]') && !shown.includes(core(key)), `${whole} → ${shown}`);
            assert.ok(redactor.containsSecret(Buffer.from(whole)), whole);
          }
        }
      }
    });

    // Those that are not looked for inside a word have no second one there.
    if (!INSIDE_NO_WORD.has(name)) {
      test('two adjacent keys are both masked', () => {
        for (const key of keys) {
          const shown = redactor.redact(`${key}${key} ${key}${key}`);
          assert.ok(!shown.includes(core(key)), shown);
        }
      });
    }

    test('a key is masked in a stream, wherever the chunk border is', () => {
      const throughStream = (chunks: readonly string[]): string => {
        const stream = redactor.stream();
        return chunks.map((chunk) => stream.push(chunk)).join('') + stream.end();
      };
      for (const key of keys) {
        for (const [begin, end] of AROUND) {
          const whole = `${begin}${key}${end}`;
          const shown = redactor.redact(whole);
          for (let cut = 0; cut <= whole.length; cut++) {
            assert.equal(throughStream([whole.slice(0, cut), whole.slice(cut)]), shown, `${JSON.stringify(whole)} at ${cut}`);
          }
          assert.equal(throughStream(whole.split('')), shown, 'character by character');
        }
      }
    });

    test('ordinary text that resembles a key is not masked, and the configuration accepts it', () => {
      for (const text of harmless) {
        assert.equal(redactor.redact(text), text);
        assert.equal(redactor.containsSecret(Buffer.from(text)), false, text);
        assert.ok(load(text));
      }
    });
  });
}
