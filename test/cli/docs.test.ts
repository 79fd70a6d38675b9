import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { cliDocs } from '../../scripts/generate-cli-docs.ts';
import { buildProgram, COMMANDS } from '../../src/cli/program.ts';

test('docs/cli.md is generated from the help (node scripts/generate-cli-docs.ts writes it)', () => {
  assert.equal(readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8'), cliDocs());
});

test('every command takes --config and --runs-dir and has an example in its help', () => {
  const program = buildProgram(() => Promise.resolve());
  assert.deepEqual(
    program.commands.map((command) => command.name()),
    [...COMMANDS],
  );
  for (const command of program.commands) {
    const flags = command.options.map((option) => option.long);
    assert.ok(flags.includes('--config') && flags.includes('--runs-dir'), command.name());
    let help = '';
    command.configureOutput({ writeOut: (text) => (help += text) });
    command.outputHelp();
    assert.match(help, new RegExp(`Examples?:\\n  \\$ stepwell ${command.name()}`));
  }
});
