import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runLogged, type LoggedProgramOptions } from '../../src/exec/index.ts';
import { type LogFields, type Logger } from '../../src/log/index.ts';
import { createRedactor } from '../../src/secrets/index.ts';
import { EVENT_METADATA } from '../../src/schema/index.ts';
import { newToken } from './processes.ts';

interface Entry extends LogFields {
  level: string;
  message: string;
}

function memoryLogger(): { log: Logger; entries: Entry[] } {
  const entries: Entry[] = [];
  const at =
    (level: string) =>
    (message: string, fields: LogFields = {}) =>
      void entries.push({ level, message, ...fields });
  return { entries, log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') } };
}

async function logged(script: string, options: Partial<LoggedProgramOptions> = {}) {
  const { log, entries } = memoryLogger();
  const result = await runLogged(
    {
      command: ['sh', '-c', script],
      cwd: '/',
      env: { PATH: process.env['PATH'] ?? '' },
      graceMs: 100,
      timeoutMs: 60_000,
      processTag: `test:${newToken()}`,
      redact: () => createRedactor({ values: [] }).stream(),
      ...options,
    },
    log,
  );
  const of = (event: string) => entries.filter((entry) => entry.event === event);
  return { result, entries, start: of('process_start'), output: of('process_output'), end: of('process_end') };
}

test('the start, each output line and the end are recorded in the documented shape', async () => {
  const { result, entries, start, output, end } = await logged('echo out; echo err >&2; exit 3');
  assert.equal(entries[0], start[0]);
  assert.equal(entries.at(-1), end[0]);
  assert.deepEqual(
    new Set(output.map((entry) => `${String(entry.metadata?.['stream'])} ${entry.message}`)),
    new Set(['stderr err', 'stdout out']),
  );
  for (const { event, metadata } of entries) EVENT_METADATA[event as 'process_start'].parse(metadata);
  assert.equal(start[0]?.metadata?.['pid'], result.pid);
  assert.equal(end[0]?.metadata?.['exit_code'], 3);
  assert.equal(end[0]?.metadata?.['signal'], null);
  assert.equal(end[0]?.metadata?.['stdout_bytes'], 4);
  assert.deepEqual([end[0]?.level, end[0]?.message], ['warn', 'sh: exit code 3']);
});

test('process_end records the signal that ended a program at its time limit', async () => {
  const { end } = await logged('exec sleep 60', { timeoutMs: 100 });
  assert.deepEqual([end[0]?.metadata?.['exit_code'], end[0]?.metadata?.['signal']], [null, 'SIGTERM']);
});

test('terminal escapes are removed from output, and other control characters are escaped by JSON', async () => {
  const { output } = await logged(String.raw`printf '\033[32mok\033[0m\tdone\0\n\033]0;title\007next\n'`);
  assert.deepEqual(
    output.map((entry) => entry.message),
    ['ok\tdone\0', 'next'],
  );
});

test('text held back as a possible secret is delivered when the output ends', async () => {
  const { stream: redact } = createRedactor({ values: ['correct-horse-battery-staple'] });
  const { output } = await logged(String.raw`printf 'correct-horse \033[3'; printf 'correct-hor' >&2`, { redact });
  assert.deepEqual(new Set(output.map((entry) => entry.message)), new Set(['correct-horse \x1b[3', 'correct-hor']));
});

test('a line longer than a record is recorded in parts', async () => {
  const { output } = await logged("head -c 600000 /dev/zero | tr '\\0' x; echo");
  assert.deepEqual(
    output.map(({ metadata }) => [metadata?.['part'], metadata?.['last_part']]),
    [
      [1, false],
      [2, false],
      [3, true],
    ],
  );
  assert.equal(output.map((entry) => entry.message).join(''), 'x'.repeat(600_000));
});

test('a secret is redacted even when two writes or two parts split it', async () => {
  const secret = 'correct-horse-battery-staple';
  const redact = () => createRedactor({ values: [secret] }).stream();
  const halves = await logged(`printf 'key=${secret.slice(0, 9)}'; sleep 0.05; printf '${secret.slice(9)} end\\n'`, { redact });
  assert.deepEqual(
    halves.output.map((entry) => entry.message),
    ['key=[redacted] end'],
  );

  const colored = await logged(String.raw`printf '${secret.slice(0, 9)}\033[0m${secret.slice(9)}\n'`, { redact });
  assert.deepEqual(
    colored.output.map((entry) => entry.message),
    ['[redacted]'],
  );

  // The border of the first part lies somewhere in these 200 copies, whatever the size of a part is.
  const script = `head -c 250000 /dev/zero | tr '\\0' x; i=0; while [ $i -lt 200 ]; do printf '${secret}'; i=$((i+1)); done; head -c 20000 /dev/zero | tr '\\0' y`;
  const parts = await logged(script, { redact });
  const text = parts.output.map((entry) => entry.message).join('');
  assert.ok(parts.output.length > 1);
  assert.ok(!text.includes(secret.slice(0, 9)) && !text.includes(secret.slice(-9)), text.slice(-300));
});

test('a private key that spans several lines is redacted', async () => {
  const key = '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nBKcwggSjAgEAAoIBAQ\n-----END PRIVATE KEY-----';
  const { output } = await logged('cat', { stdin: `before\n${key}\nafter\n` });
  const text = output.map((entry) => entry.message).join('\n');
  assert.match(text, /^before\n/);
  assert.match(text, /\nafter$/);
  assert.ok(!text.includes('MIIEv') && !text.includes('BKcwg'), text);
});

test('a long argument is shortened in the record but passed to the program in full', async () => {
  const { start, output } = await logged('printf %s "$1" | wc -c', {
    command: ['sh', '-c', 'printf %s "$1" | wc -c', 'sh', 'p'.repeat(50_000)],
  });
  assert.match(String((start[0]?.metadata?.['command'] as string[] | undefined)?.[4]), /^p{500}… \(50000 characters\)$/);
  assert.equal(output[0]?.message.trim(), '50000');
});

test('an argument is redacted before it is shortened, so that no half secret remains', async () => {
  const { stream: redact } = createRedactor({ values: ['correct-horse-battery-staple'] });
  const command = ['true', `${'p'.repeat(490)}correct-horse-battery-staple${'q'.repeat(5000)}`] as const;
  const { start } = await logged('', { command, redact });
  assert.ok(!JSON.stringify(start).includes('correct-hor'), JSON.stringify(start));
});

test('a program that cannot be started records process_end with the error and no process_start', async () => {
  const { start, end } = await logged('', { command: ['no-such-program-anywhere'] });
  assert.equal(start.length, 0);
  assert.equal(end[0]?.metadata?.['pid'], null);
  assert.equal((end[0]?.error as { code: string } | undefined)?.code, 'PROGRAM_NOT_FOUND');
});

test(
  'processes that a program left behind and that had to be ended are recorded',
  { skip: process.platform !== 'linux' },
  async () => {
    const { entries } = await logged(`sleep ${newToken()} > /dev/null 2>&1 & exit 0`);
    assert.ok(
      entries.some(({ level, message }) => level === 'warn' && message === 'Ended 1 process of sh'),
      JSON.stringify(entries),
    );
  },
);
