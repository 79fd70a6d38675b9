// Keeps the command-line contract of Spec Kit's `specify`; SPECIFY in the environment says how it behaves.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

const [command, ...args] = process.argv.slice(2);
const behavior = process.env.SPECIFY ?? '';

function write(path, text) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function end(status, at, more = {}) {
  console.log('Running workflow: One feature');
  const answer = { run_id: 'r1', workflow_id: 'stepwell', status, current_step_id: at, current_step_index: 0, ...more };
  console.log(JSON.stringify(answer, null, 2));
  process.exit(behavior !== 'completes with exit code 1' && (status === 'completed' || status === 'paused') ? 0 : 1);
}

if (command === 'init') {
  if (behavior === 'makes no project') process.exit(5);
  for (const phase of ['specify', 'plan', 'tasks', 'implement']) {
    const text = `---\ndescription: phase\nhandoffs:\n  - label: next\n---\n\n## User Input\n\n$ARGUMENTS\n\nNow ${phase}. Context: $ARGUMENTS\n`;
    write(`.pi/prompts/speckit.${phase}.md`, text);
  }
  for (const artifact of ['spec', 'plan', 'tasks'])
    write(`.specify/templates/${artifact}-template.md`, `# ${artifact}\n\n[NEEDS CLARIFICATION: an example of the template?]\n`);
  process.exit(0);
}

if (command !== 'workflow' || args[0] !== 'run') throw new Error(`unknown: ${command} ${args}`);
write('.specify/workflows/runs/r1/state.json', String(process.hrtime.bigint()));
if (behavior === 'pauses') end('paused', 'review-spec', { gate: { message: 'Review the spec' } });
if (behavior === 'says nothing') process.exit(0);
if (behavior === 'breaks') end('failed', 'plan', { error: 'no such\n  integration' });
if (behavior === 'only claims') end('completed', 'implement');
if (behavior === 'calls for something else') spawnSync(process.env.SPECKIT_INTEGRATION_PI_EXECUTABLE, ['-p', '/other.thing']);
if (behavior === 'removes the agent') rmSync(process.env.AGENT);
if (behavior === 'dies in a phase') {
  spawn(process.env.SPECKIT_INTEGRATION_PI_EXECUTABLE, ['-p', '/speckit.specify x'], { stdio: 'ignore' });
  setInterval(() => existsSync('begun') && process.exit(7), 20);
} else if (behavior === 'hangs') {
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => {});
  spawn('sleep', ['600'], { detached: true });
  write('begun', '');
  setInterval(() => {}, 1000);
} else {
  if (behavior === 'leaves processes') spawn('sleep', ['600'], { detached: true, stdio: 'ignore' }).unref();
  const input = args[args.indexOf('-i') + 1].replace(/^spec=/, '');
  for (const [, phase] of readFileSync(args[1], 'utf8').matchAll(/command: speckit\.(\w+)/g)) {
    const call = ['-p', `/speckit.${phase} ${input}`];
    const { status } = spawnSync(process.env.SPECKIT_INTEGRATION_PI_EXECUTABLE, call, { stdio: ['ignore', 2, 2] });
    if (status !== 0) end('failed', phase, { error: `Command speckit.${phase} failed` });
  }
  end('completed', 'implement');
}
