/** A small experiment whose framework is a shell script, for tests that need real runs without a model. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes config/experiment.yaml and a prompt below `dir`. `script` runs once a step; $1 is the step. */
export function writeExperiment(dir: string, script: string, { steps = 2, more = '' } = {}): void {
  mkdirSync(join(dir, 'config'), { recursive: true });
  writeFileSync(join(dir, 'config/prompt.txt'), 'Make something.\n');
  const list = Array.from(
    { length: steps },
    (_, index) => `  - { id: ${index + 1}, name: part-${index + 1}, prompt_file: prompt.txt }`,
  );
  writeFileSync(
    join(dir, 'config/experiment.yaml'),
    `frameworks:
  tool:
    adapter: command
    command: [sh, -c, ${JSON.stringify(script)}, sh, "{step}"]
steps:
${list.join('\n')}
retries: { max_retries: 0 }
timeouts: { shutdown_grace_seconds: 1 }
${more}`,
  );
}
