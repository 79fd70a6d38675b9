/** Whole experiments through the command line: recorded with a provider, repeated when it is gone. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readCassette } from '../../../src/cassette/index.ts';
import { startRehearsal } from '../../../src/rehearsal/index.ts';
import { openRunDirectory, digestDirectory } from '../../../src/store/index.ts';
import { finished, newCliDirectory, type CliDirectory } from '../../cli/child.ts';
import { completion } from '../exchanges.ts';

let place: CliDirectory;
beforeEach(() => {
  place = newCliDirectory();
});
afterEach(() => place.remove());

const KEY = 'sk-test-0123456789abcdef0123';
const runsOf = (framework: string): string[] => readdirSync(join(place.dir, 'runs', framework)).sort();

function json(...path: string[]): Record<string, unknown> {
  return JSON.parse(readFileSync(join(place.dir, 'runs', ...path), 'utf8')) as Record<string, unknown>;
}

test('the default experiment replays without a provider to the same workspace and figures', async () => {
  await place.stepwell(['init']);
  const file = join(place.dir, 'config/experiment.yaml');
  const rehearsal = await startRehearsal({
    rulesDir: fileURLToPath(new URL('../../../config/rehearsal', import.meta.url)),
    strict: true,
  });
  const configuration = readFileSync(file, 'utf8').replace(/^model: .*$/m, '');
  writeFileSync(
    file,
    `${configuration}\nmodel: gpt-test\nendpoint: { base_url: "${rehearsal.baseUrl}", api_key: "\${TEST_KEY}" }\n`,
  );
  const recorded = await place.stepwell(['run', 'baseline', '1', '--steps', '1-3', '--record'], { TEST_KEY: KEY });
  assert.equal(recorded.code, 0, recorded.stdout + recorded.stderr);
  await rehearsal.close();

  const again = await place.stepwell(['run', 'baseline', '1', '--steps', '1-3', '--replay', 'latest']);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  const [first = '', second = ''] = runsOf('baseline');
  assert.match(again.stderr, new RegExp(`started: baseline ${second} \\(gpt-test, replay of ${first}\\)`));
  assert.match(again.stdout, new RegExp(`^REPLAY of ${first}: recorded answers; nothing was asked of a model$`, 'm'));
  const tree = async (run: string): Promise<unknown> => [
    ...(await digestDirectory(join(place.dir, 'runs/baseline', run, 'workspace'))),
  ];
  assert.deepEqual(await tree(second), await tree(first));
  const [was, is] = [json('baseline', first, 'metrics.json'), json('baseline', second, 'metrics.json')];
  for (const metrics of [was, is]) assert.equal(metrics['rehearsal'], false);
  const figures = ({ aggregate_metrics: all }: Record<string, unknown>): unknown[] =>
    ['TOK_IN', 'TOK_OUT', 'CACHED_TOKENS', 'API_CALLS', 'HIT'].map((name) => (all as Record<string, unknown>)[name]);
  assert.deepEqual(figures(is), figures(was));
  assert.equal(figures(is)[3], 4, 'a step asked once more for an answer');
  assert.deepEqual([was['replay_of'], is['replay_of'], is['verification_status']], [null, first, 'not_applicable']);
  assert.equal((await place.stepwell(['verify', second])).code, 0);
  assert.match((await place.stepwell(['show', second])).stdout, new RegExp(`^Replay +of ${first}`, 'm'));

  // The archive alone is enough, wherever it is.
  renameSync(join(place.dir, 'runs/baseline', first, 'run.tar.gz'), join(place.dir, 'kept.tar.gz'));
  rmSync(join(place.dir, 'runs'), { recursive: true });
  const third = await place.stepwell(['run', 'baseline', '1', '--steps', '1', '--replay', './kept.tar.gz', '--json']);
  assert.equal(third.code, 0, third.stderr);
  const warned = await place.stepwell(['logs', 'latest', '--level', 'warn', '--grep', 'replay_end']);
  assert.match(warned.stdout, /The replay used 1 of 4 recorded exchanges/);
});

/** Asks the model as many times as the step's number, tells it where it works, and writes down what it is answered. */
const SCRIPT = `node -e '
(async () => {
  for (let turn = 1; turn <= Number(process.argv[1]); turn++) {
    const content = "step " + process.argv[1] + ", turn " + turn + ", in " + process.cwd() + (process.env.MORE ?? "");
    const answer = await fetch(process.env.OPENAI_BASE_URL + "/chat/completions", {
      method: "POST",
      headers: { authorization: "Bearer " + process.env.OPENAI_API_KEY, "content-type": "application/json" },
      body: JSON.stringify({ model: "m", messages: [{ role: "user", content }] }),
    });
    const body = await answer.json();
    if (answer.status !== 200) throw new Error(answer.status + " " + body.error.message);
    require("node:fs").appendFileSync("answers.txt", body.choices[0].message.content + "\\n");
  }
})();' $1`;

function writeConfiguration(baseUrl: string, { more = '', framework = 'tool' } = {}): void {
  const config = `frameworks:
  ${framework}:
    adapter: command
    command: [sh, -c, ${JSON.stringify(SCRIPT)}, sh, "{step}"]
    env: { MORE: "${more}" }
steps:
  - { id: 1, name: one, prompt_file: prompt.txt }
  - { id: 2, name: two, prompt_file: prompt.txt }
model: m
endpoint: { base_url: "${baseUrl}", api_key: "\${TEST_KEY}" }
retries: { max_retries: 0 }
timeouts: { shutdown_grace_seconds: 1 }
`;
  writeFileSync(join(place.dir, 'experiment.yaml'), config);
  writeFileSync(join(place.dir, 'prompt.txt'), 'Make something.\n');
}

const run = (args: string[], env: NodeJS.ProcessEnv = {}): ReturnType<CliDirectory['stepwell']> =>
  place.stepwell(['run', 'tool', '1', '--config', 'experiment.yaml', ...args], env);

/** Says what it was told, and its key. */
async function startEcho(onAsk: (count: number) => Promise<void> = async () => {}): Promise<{ baseUrl: string; server: Server }> {
  let count = 0;
  const server = createServer((request, response) => {
    void (async () => {
      const body = JSON.parse(await readText(request)) as { messages: { content: string }[] };
      count += 1;
      await onAsk(count);
      const key = request.headers.authorization ?? '';
      response.setHeader('content-type', 'application/json');
      response.end(completion(`${body.messages[0]?.content ?? ''} with ${key}`));
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, server };
}

function stop(server: Server): void {
  server.closeAllConnections();
  server.close();
}

test('a replay uses its own directory; an unrecorded request fails the step, except in loose mode', async () => {
  const { baseUrl, server } = await startEcho();
  writeConfiguration(baseUrl);
  const recorded = await run(['--record'], { TEST_KEY: KEY });
  stop(server);
  assert.equal(recorded.code, 0, recorded.stdout + recorded.stderr);
  const [first = ''] = runsOf('tool');
  const cassette = readFileSync(join(place.dir, 'runs/tool', first, 'cassette.jsonl'), 'utf8');
  assert.ok(!cassette.includes(KEY) && !cassette.includes(first) && !cassette.includes(place.dir), cassette);
  assert.match(cassette, /in \{\{stepwell:run_dir\}\}\/workspace/);
  const listed = await place.stepwell(['list', '--json']);
  assert.equal((JSON.parse(listed.stdout) as { replay_of: unknown }).replay_of, null);

  const again = await run(['--replay', 'latest']);
  assert.equal(again.code, 0, again.stdout + again.stderr);
  const second = runsOf('tool')[1] ?? '';
  const answers = (name: string): string => readFileSync(join(place.dir, 'runs/tool', name, 'workspace/answers.txt'), 'utf8');
  assert.match(answers(second), new RegExp(`^step 1, turn 1, in \\S+/${second}/workspace with`));
  assert.equal(answers(second), answers(first).replaceAll(first, second));

  writeConfiguration(baseUrl, { more: ', today' });
  const strict = await run(['--replay', first]);
  assert.equal(strict.code, 4);
  assert.match(strict.stdout, /^ {2}\| Error: 422 This request \(POST \/v1\/chat\/completions\) is not on/m);
  const third = runsOf('tool')[2] ?? '';
  const told = await place.stepwell(['logs', third, '--grep', 'replay_mismatch']);
  assert.match(
    told.stdout,
    /Nearest is exchange 1 \(step 1, attempt 1, .*they first differ at messages\.0\.content, character \d+: recorded ".*", asked ".*, today"/,
  );

  const loose = await run(['--replay', first, '--replay-loose']);
  assert.equal(loose.code, 0, loose.stdout + loose.stderr);
  const fourth = runsOf('tool')[3] ?? '';
  assert.equal(answers(fourth), answers(first).replaceAll(first, fourth));
  const warned = await place.stepwell(['logs', fourth, '--level', 'warn', '--grep', 'replay_mismatch']);
  assert.equal(warned.stdout.trim().split('\n').length, 3);
});

test('a killed recording leaves a cassette that replays as far as it goes, also from the recovered archive', async () => {
  const asked = Promise.withResolvers<void>();
  const { baseUrl, server } = await startEcho(async (count) => {
    if (count < 3) return;
    asked.resolve();
    await new Promise(() => {});
  });
  writeConfiguration(baseUrl);
  const child = place.start(['run', 'tool', '1', '--config', 'experiment.yaml', '--record', '--json'], { TEST_KEY: KEY });
  const ended = finished(child);
  await Promise.race([asked.promise, ended.then((done) => assert.fail(`it ended by itself: ${done.stderr}`))]);
  child.kill('SIGKILL');
  await ended;
  stop(server);
  const [first = ''] = runsOf('tool');
  await using source = await openRunDirectory(join(place.dir, 'runs/tool', first));
  assert.equal((await readCassette(source, first)).exchanges.length, 2);
  assert.equal((await place.stepwell(['recover', 'latest'])).code, 0);
  assert.equal((await place.stepwell(['verify', 'latest'])).code, 0);

  const again = await run(['--replay', `runs/tool/${first}/run.tar.gz`]);
  assert.equal(again.code, 4);
  assert.match(again.stdout, /Failing Step: 002 two/);
  assert.match(again.stdout, /Error: 422 This request /);
});

test('a run that cannot be replayed is refused before anything starts', async () => {
  const { baseUrl, server } = await startEcho();
  writeConfiguration(baseUrl);
  assert.equal((await run(['--steps', '1', '--record'], { TEST_KEY: KEY })).code, 0);
  stop(server);
  const refused = async (args: string[], sentence: RegExp): Promise<void> => {
    const before = runsOf('tool').length;
    const done = await run(args);
    assert.equal(done.code, 2, done.stdout);
    assert.match(done.stderr, sentence);
    assert.equal(runsOf('tool').length, before, 'no run directory');
  };
  await refused(['--replay-loose'], /^error\[OPTION_REQUIRES\]: --replay-loose requires --replay\.\nfix: /);
  await refused(['--replay', 'zzzz'], /^error\[RUN_NOT_FOUND\]: /);
  await refused(['--replay', 'latest', '--record'], /^error\[OPTIONS_CONFLICT\]: --record and --replay cannot be combined/);
  await refused(['--replay', 'latest', '--model', 'other'], /made with the model/);
  writeConfiguration(baseUrl, { framework: 'other' });
  const other = await place.stepwell(['run', 'other', '--config', 'experiment.yaml', '--replay', 'latest']);
  assert.equal(other.code, 2);
  assert.match(other.stderr, /was recorded with the framework tool, so it cannot be replayed with other/);

  writeConfiguration(baseUrl);
  rmSync(join(place.dir, 'runs/tool', runsOf('tool')[0] ?? '', 'cassette.jsonl'));
  await refused(
    ['--replay', 'latest'],
    /^error\[CASSETTE_MISSING\]: The run \S+ has no cassette \(.*\nfix: Record a run with `npx stepwell run/,
  );
});
