/** The real agents, installed from npm: what they claim to have used is what the proxy measured. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');
/** A folder with node_modules/.bin/pi and codex saves installing them. */
const INSTALLED = process.env['STEPWELL_TEST_AGENTS'];
const PACKAGES = ['@mariozechner/pi-coding-agent@0.73.1', '@openai/codex@0.169.0'];

const place = mkdtempSync(join(tmpdir(), 'stepwell-agents-'));
after(() => rmSync(place, { recursive: true, force: true }));

/** Where the programs are, or why they cannot be had. */
async function install(): Promise<{ bin: string } | { reason: string }> {
  if (INSTALLED !== undefined) return { bin: join(INSTALLED, 'node_modules/.bin') };
  writeFileSync(join(place, 'package.json'), '{}');
  const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--fetch-retries=1', ...PACKAGES];
  try {
    await run('npm', args, { cwd: place, timeout: 300_000 });
    return { bin: join(place, 'node_modules/.bin') };
  } catch (error) {
    return { reason: `npm could not install ${PACKAGES.join(' and ')}: ${/npm error (.*)/.exec((error as Error).message)?.[1]}` };
  }
}

interface Claimed {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly difference_percent: number;
}

test(
  'pi and codex build the service over two steps, and their own figures are those of the proxy',
  { timeout: 600_000 },
  async (t) => {
    const installed = await install();
    if ('reason' in installed) return t.skip(installed.reason);
    const config = join(place, 'config');
    mkdirSync(config);
    for (const folder of ['prompts', 'rehearsal', 'hitl'])
      cpSync(join(ROOT, 'config', folder), join(config, folder), { recursive: true });
    const written = readFileSync(join(ROOT, 'config/experiment.yaml'), 'utf8');
    const program = (name: string) => JSON.stringify([join(installed.bin, name)]);
    const frameworks = `frameworks:\n  pi: { command: ${program('pi')} }\n  codex: { command: ${program('codex')} }\n`;
    writeFileSync(join(config, 'experiment.yaml'), written.replace(/^frameworks:\n(?: .*\n)+/m, frameworks));
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
    const args = ['src/cli.ts', 'run', 'all', '--rehearse', '--steps', '1,2', '--config', join(config, 'experiment.yaml')];
    await run(process.execPath, [...args, '--runs-dir', join(place, 'runs')], { cwd: ROOT, env, maxBuffer: 1 << 26 });
    for (const [name, calls] of [
      ['pi', 3],
      ['codex', null],
    ] as const) {
      await t.test(name, () => {
        const [id] = readdirSync(join(place, 'runs', name));
        const metrics = JSON.parse(readFileSync(join(place, 'runs', name, id!, 'metrics.json'), 'utf8'));
        assert.equal(metrics.status, 'success');
        assert.equal(metrics.steps.length, 2);
        for (const step of metrics.steps) {
          const { difference_percent, ...claimed } = step.claimed_usage as Claimed;
          assert.deepEqual(
            { ...claimed, difference_percent },
            { input_tokens: step.tokens_in, output_tokens: step.tokens_out, calls, partial: false, difference_percent: 0 },
          );
          assert.equal(step.api_calls, 3);
          assert.ok(step.tokens_in > 0);
        }
      });
    }
  },
);
