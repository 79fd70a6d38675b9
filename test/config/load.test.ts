/** What a right configuration becomes: precedence, references, selection, snapshot. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { adapters } from '../../src/frameworks/index.ts';
import { checksDigest, loadConfig, resolveRunsDir, type ResolvedConfig } from '../../src/config/index.ts';
import type { LoadConfigOptions } from '../../src/config/load.ts';
import { refusal } from './refusal.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'stepwell-config-'));
  mkdirSync(join(directory, 'config/prompts'), { recursive: true });
  for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(directory, `config/prompts/${name}.txt`), `Prompt ${name}\n`);
  writeFileSync(join(directory, 'config/hitl.txt'), 'Decide yourself.\n');
});
after(() => rmSync(directory, { recursive: true, force: true }));

const STEPS = `steps:
  - { id: 4, name: fourth, prompt_file: prompts/d.txt }
  - { id: 1, name: first, prompt_file: prompts/a.txt }
  - { id: 2, name: second, prompt_file: prompts/b.txt, enabled: false }
  - { id: 9, name: ninth, prompt_file: prompts/c.txt }
`;
const MINIMAL = `frameworks: { baseline: {}, other: { adapter: command, command: [x] }, off: { adapter: baseline, enabled: false } }\n${STEPS}`;

function load(text: string, options: Partial<LoadConfigOptions> = {}): ResolvedConfig {
  writeFileSync(join(directory, 'config/experiment.yaml'), text);
  return loadConfig({ adapters, env: {}, cwd: directory, ...options });
}

test('a file with frameworks and steps alone gets every default', () => {
  const resolved = load(MINIMAL);
  assert.equal(resolved.file, join(directory, 'config/experiment.yaml'));
  assert.equal(resolved.directory, join(directory, 'config'));
  assert.equal(resolved.runsDir, join(directory, 'runs'));
  assert.equal(resolved.jobs, 1);
  assert.equal(resolved.model, 'rehearsal');
  assert.equal(resolved.rehearsal, true);
  assert.equal(resolved.frameworks[0]?.endpoint, null);
  assert.equal(resolved.hitl, null);
  assert.deepEqual(resolved.secrets, []);
  assert.deepEqual(resolved.warnings, []);
  assert.deepEqual(resolved.config.timeouts, {
    step_timeout_seconds: 600,
    shutdown_grace_seconds: 30,
    health_check_interval_seconds: 5,
  });
  assert.deepEqual(resolved.config.retries, { max_retries: 2, initial_backoff_seconds: 5, backoff_multiplier: 2 });
  assert.equal(resolved.config.validation.artifacts, 'changed');
});

const OWN_MODELS = `frameworks:
  baseline: { model: own }
  other: { adapter: command, command: [x] }
  scripted: { adapter: baseline, model: rehearsal }
${STEPS}`;
const modelsOf = ({ frameworks }: ResolvedConfig): object[] =>
  frameworks.map(({ name, model, rehearsal, endpoint, settings }) => {
    assert.equal(settings.model, model, 'adapters see it when they check');
    return [name, model, rehearsal, endpoint?.baseUrl ?? null];
  });

test('a framework’s model wins over the experiment’s; flags, environment and a replay win over both', () => {
  const text = `model: common\nendpoint: { base_url: "https://x/v1" }\n${OWN_MODELS}`;
  const own = load(text);
  assert.deepEqual([own.model, own.rehearsal], ['common', false]);
  assert.deepEqual(modelsOf(own), [
    ['baseline', 'own', false, 'https://x/v1'],
    ['other', 'common', false, 'https://x/v1'],
    ['scripted', 'rehearsal', true, null],
  ]);
  const kept = parse(own.snapshot.text);
  assert.deepEqual([kept.model, kept.frameworks.baseline.model, kept.frameworks.other.model], ['common', 'own', undefined]);
  for (const [options, model] of [
    [{ flags: { model: 'flag' } }, 'flag'],
    [{ env: { STEPWELL_MODEL: 'variable' } }, 'variable'],
    [{ flags: { rehearse: true } }, 'rehearsal'],
  ] as const) {
    const imposed = load(text, options);
    const asked = model !== 'rehearsal';
    assert.deepEqual([imposed.model, imposed.rehearsal], [model, !asked]);
    assert.deepEqual(
      modelsOf(imposed),
      ['baseline', 'other', 'scripted'].map((name) => [name, model, !asked, asked ? 'https://x/v1' : null]),
    );
    const written = parse(imposed.snapshot.text);
    assert.deepEqual([written.model, written.frameworks.baseline.model], [model, undefined], 'what was used is recorded');
  }
  const replay = load(text, { flags: { frameworks: ['baseline'], replay: { runId: 'r', model: 'recorded' } } });
  assert.deepEqual(modelsOf(replay), [['baseline', 'recorded', false, null]]);
});

test('if only one framework names a model, the others rehearse and the experiment’s endpoint is accepted', () => {
  const text = `endpoint: { base_url: "https://x/v1", api_key: "\${MY_KEY}" }\n${OWN_MODELS}`;
  const resolved = load(text, { env: { MY_KEY: 'key-1234567890' } });
  assert.deepEqual(modelsOf(resolved), [
    ['baseline', 'own', false, 'https://x/v1'],
    ['other', 'rehearsal', true, null],
    ['scripted', 'rehearsal', true, null],
  ]);
  assert.match(
    refusal(() => load(text)),
    /refers to \$\{MY_KEY\}/,
  );
  assert.equal(load(text, { flags: { frameworks: ['other'] } }).rehearsal, true, 'a key that nobody needs is not asked for');
  const vain = `frameworks: { baseline: { endpoint: { base_url: "https://x/v1" } }, b: { adapter: baseline, model: m } }\n${STEPS}`;
  assert.match(
    refusal(() => load(vain)),
    /frameworks\.baseline\.endpoint is given, but no model/,
  );
});

test('a reference in a framework’s model is refused, and so is an empty name', () => {
  const refused = (model: string): string => refusal(() => load(`frameworks: { baseline: { model: ${model} } }\n${STEPS}`));
  assert.match(refused('"${MODEL}"'), /frameworks\.baseline\.model is "\$\{MODEL\}", but references are expanded only in/);
  assert.match(refused('""'), /frameworks\.baseline\.model/);
});

test('each validation section of a framework replaces the experiment’s section as a whole', () => {
  const { frameworks } = load(`frameworks:
  baseline: {}
  files: { adapter: baseline, validation: { artifacts: { ignore: ["*.log"] } } }
  none: { adapter: baseline, validation: { http: [] } }
  other: { adapter: baseline, validation: { app: { command: [./own.sh] } } }
validation:
  artifacts: { require: [start.sh] }
  app: { command: [./start.sh], port_env: SERVICE_PORT }
  http: [{ name: list, path: /students }]
${STEPS}`);
  const of = (name: string) => frameworks.find((framework) => framework.name === name)!.validation;
  const common = of('baseline');
  assert.deepEqual(
    [common.artifacts, common.app?.port_env, common.http.length],
    [{ require: ['start.sh'], ignore: [] }, 'SERVICE_PORT', 1],
  );
  assert.deepEqual(of('files'), { ...common, artifacts: { require: [], ignore: ['*.log'] } });
  assert.deepEqual(of('none'), { ...common, http: [] });
  // Also a key of the section that is not given: it has its default, not what the experiment has.
  assert.deepEqual([of('other').app?.command, of('other').app?.port_env, of('other').http], [['./own.sh'], 'PORT', common.http]);
});

test('the digest of checks depends on their meaning, not on their formatting', () => {
  const digest = (validation: string) => {
    const { frameworks } = load(`frameworks: { baseline: {} }\nvalidation: ${validation}\n${STEPS}`);
    return checksDigest(frameworks[0]!.validation);
  };
  const app = 'app: { command: [./start.sh] }';
  const one = `{ ${app}, http: [{ name: a, path: /a, body: { x: 1, y: 2 } }, { name: b, path: /b }] }`;
  const same = `{ http: [{ path: /a, body: { y: 2, x: 1 }, name: a, method: GET }, { name: b, path: /b }], ${app}, artifacts: changed }`;
  assert.equal(digest(one), digest(same));
  const others = [one.replace('y: 2', 'y: 3'), one.replace('/b', '/c'), one.replace('./start.sh', './run.sh'), `{ ${app} }`];
  assert.equal(new Set([one, ...others].map(digest)).size, 5);
  const [head, first, second] = /^(.*\[)(.*\}), (\{ name: b.*\})\] \}$/.exec(one)!.slice(1);
  assert.notEqual(digest(`${head}${second}, ${first}] }`), digest(one));
});

test('steps run in the order of the file, with their texts and digests; disabled ones do not run', () => {
  const { steps } = load(MINIMAL);
  assert.deepEqual(
    steps.map((step) => step.step),
    [4, 1, 9],
  );
  assert.deepEqual(steps[0], {
    step: 4,
    name: 'fourth',
    prompt_file: 'prompts/d.txt',
    prompt: 'Prompt d\n',
    prompt_sha256: createHash('sha256').update('Prompt d\n').digest('hex'),
  });
});

test('a flag wins over the environment, the environment over the file, the file over the default', () => {
  const text = `model: from-file\n${MINIMAL}`;
  const env = { STEPWELL_MODEL: 'from-env', STEPWELL_RUNS_DIR: 'env-runs', STEPWELL_JOBS: '3' };
  assert.equal(load(text).model, 'from-file');
  const fromEnv = load(text, { env });
  assert.deepEqual([fromEnv.model, fromEnv.jobs, fromEnv.runsDir], ['from-env', 3, join(directory, 'env-runs')]);
  const fromFlags = load(text, { env, flags: { model: 'from-flag', jobs: 2, runsDir: 'flag-runs' } });
  assert.deepEqual([fromFlags.model, fromFlags.jobs, fromFlags.runsDir], ['from-flag', 2, join(directory, 'flag-runs')]);
  assert.equal(fromFlags.config.model, 'from-flag', 'the recorded configuration is the one that was used');
});

test('an empty environment variable counts as not set', () => {
  assert.equal(load(`model: from-file\n${MINIMAL}`, { env: { STEPWELL_MODEL: '', STEPWELL_JOBS: '' } }).model, 'from-file');
});

test('STEPWELL_CONFIG names the file, --config wins over it, both are relative to the current directory', () => {
  load(MINIMAL);
  writeFileSync(join(directory, 'config/second.yaml'), `model: second\n${MINIMAL}`);
  const env = { STEPWELL_CONFIG: 'config/second.yaml' };
  assert.equal(loadConfig({ adapters, env, cwd: directory }).model, 'second');
  assert.equal(loadConfig({ adapters, env, file: 'experiment.yaml', cwd: join(directory, 'config') }).model, 'rehearsal');
  assert.equal(loadConfig({ adapters, env, file: join(directory, 'config/second.yaml'), cwd: tmpdir() }).model, 'second');
});

test('a missing file, a directory and a binary file are each reported', () => {
  const at = (file: string) => refusal(() => loadConfig({ adapters, file, env: {}, cwd: directory }));
  assert.match(at('nowhere.yaml'), /Configuration file not found: nowhere\.yaml .*--config FILE/s);
  assert.match(at('config'), /configuration file config cannot be read: it is a directory/);
  writeFileSync(join(directory, 'latin.yaml'), Buffer.from([0x61, 0xff]));
  assert.match(at('latin.yaml'), /cannot be read: it is not UTF-8 text/);
});

test('a file with a byte order mark and Windows line ends is read, with right positions', () => {
  const text = `\uFEFF${MINIMAL}zebra: 1\n`.replaceAll('\n', '\r\n');
  assert.match(
    refusal(() => load(text)),
    /experiment\.yaml:7:1: zebra is not a known key/,
  );
});

test('references are expanded in endpoint and env, with and without quotes, and nowhere else', () => {
  const text = `model: gpt
endpoint: { base_url: \${BASE}/v1/, api_key: \${MY_KEY} }
frameworks:
  mytool:
    adapter: command
    command: [sh, -c, "echo \${HOME} {prompt}"]
    env: { MODE: "\${MODE}-x", MY_TOKEN: \${MY_KEY}, PLAIN: batch }
${STEPS}`;
  const env = { BASE: 'https://api.example.org', MY_KEY: 'abcdefgh-123', MODE: 'a-long-enough-mode' };
  const resolved = load(text, { env });
  assert.deepEqual(resolved.frameworks[0]?.endpoint, {
    baseUrl: 'https://api.example.org/v1',
    shownUrl: 'https://api.example.org/v1',
    apiKey: 'abcdefgh-123',
    askStreamUsage: true,
    usageApi: null,
  });
  assert.deepEqual(resolved.frameworks[0]?.settings.env, {
    MODE: 'a-long-enough-mode-x',
    MY_TOKEN: 'abcdefgh-123',
    PLAIN: 'batch',
  });
  assert.deepEqual(resolved.frameworks[0]?.settings['command'], ['sh', '-c', 'echo ${HOME} {prompt}']);
  assert.deepEqual(resolved.secrets, [{ name: 'MY_KEY', value: 'abcdefgh-123' }], 'a mode is no secret');
  assert.equal(resolved.config.endpoint?.api_key, '${MY_KEY}', 'the configuration itself keeps the reference');
});

test('every secret in a composed value is collected, and the rest of the value is not', () => {
  const text = `model: gpt
endpoint: { base_url: "https://x/\${PATH_TOKEN}/v1", api_key: "\${REGION}:\${MY_KEY}" }
frameworks: { baseline: { env: { LOGIN: "\${USER_NAME}:\${MY_PASSWORD}", A_TOKEN: "x-\${PLAIN_NAME}" } } }
${STEPS}`;
  const env = {
    PATH_TOKEN: 'path-token-1',
    REGION: 'eu-central-1',
    MY_KEY: 'abcdefgh-123',
    USER_NAME: 'some-user-name',
    MY_PASSWORD: 'pass-word-1',
    PLAIN_NAME: 'plain-value-1',
  };
  const values = load(text, { env }).secrets.map((secret) => secret.value);
  assert.deepEqual(values.sort(), [
    'abcdefgh-123',
    'eu-central-1:abcdefgh-123',
    'pass-word-1',
    'path-token-1',
    'plain-value-1',
    'x-plain-value-1',
  ]);
});

function refusedUrl(url: string, options: Parameters<typeof load>[1]): string {
  return refusal(() => load(`endpoint: { base_url: ${JSON.stringify(url)} }\n${MINIMAL}`, options));
}

test('passing the endpoint’s key to a framework is a warning', () => {
  const text = `model: gpt
endpoint: { base_url: "https://x/v1", api_key: "\${MY_KEY}" }
frameworks: { baseline: { env: { OPENAI_API_KEY: "\${MY_KEY}", OTHER_KEY: "\${OTHER}" } } }
${STEPS}`;
  const { warnings } = load(text, { env: { MY_KEY: 'abcdefgh-123', OTHER: 'other-key-1' } });
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /3:50: frameworks\.baseline\.env\.OPENAI_API_KEY passes the endpoint’s own key/);
});

test('a password in base_url is refused in a rehearsal as well, and no message shows a secret', () => {
  assert.match(refusedUrl('htp://me:hun@ter2@host/v1', {}), /base_url is "htp:\/\/…@host\/v1", which is not/);
  assert.match(refusedUrl('https://me:hun/ter2@host/v1', {}), /base_url is "https:\/\/…@host\/v1", which is not/);
  assert.match(refusedUrl('me:hunter2@host/v1', {}), /base_url is "…@host\/v1", which is not/);
  assert.match(refusedUrl('https://me:hunter2@host/v1', {}), /base_url contains a user name or password\.\s+Move it to api_key/);
  const usage = 'endpoint: { base_url: "https://x/v1", usage_api: { base_url: "https://me:hunter2@host/v1" } }';
  assert.match(
    refusal(() => load(`${usage}\n${MINIMAL}`)),
    /usage_api\.base_url contains a user name or password\.\s+Move it to admin_key/,
  );
  const key = 'sk-abcdefgh1234567890';
  for (const [url, env] of [
    ['${MY_KEY}', { MY_KEY: key }],
    [key, {}],
    [`ftp://me:${key}@host/v1`, {}],
  ] as const) {
    const text = refusedUrl(url, { env, flags: { model: 'gpt' } });
    assert.match(text, /base_url is .*not an http or https URL/);
    assert.ok(!text.includes(key), text);
  }
});

test('a rehearsal needs no key, even if the file refers to one', () => {
  const text = `model: gpt\nendpoint: { base_url: "https://x/v1", api_key: "\${NOT_SET_KEY}" }\n${MINIMAL}`;
  assert.match(
    refusal(() => load(text)),
    /experiment\.yaml:2:48: endpoint\.api_key refers to \$\{NOT_SET_KEY\}, which is not set/,
  );
  for (const resolved of [load(text, { flags: { rehearse: true } }), load(text, { env: { STEPWELL_MODEL: 'rehearsal' } })]) {
    assert.deepEqual([resolved.rehearsal, resolved.model, resolved.frameworks[0]?.endpoint], [true, 'rehearsal', null]);
  }
});

test('--rehearse wins over a model of the environment and excludes one of the command line', () => {
  assert.equal(load(MINIMAL, { flags: { rehearse: true }, env: { STEPWELL_MODEL: 'gpt' } }).model, 'rehearsal');
  assert.match(
    refusal(() => load(MINIMAL, { flags: { rehearse: true, model: 'gpt' } })),
    /--rehearse: it excludes --model "gpt"/,
  );
});

test('a reference of a framework that does not run need not be set', () => {
  const text = `frameworks: { baseline: {}, mytool: { adapter: command, command: [x], env: { K: "\${NOT_SET}" } } }\n${STEPS}`;
  assert.equal(load(text, { flags: { frameworks: ['baseline'] } }).frameworks.length, 1);
  assert.match(
    refusal(() => load(text, { flags: { frameworks: ['mytool'] } })),
    /frameworks\.mytool\.env\.K refers to \$\{NOT_SET\}/,
  );
});

const names = (frameworks?: string[]): string[] =>
  load(MINIMAL, { flags: { frameworks } }).frameworks.map((one) => `${one.name}:${one.adapter}`);

test('selected frameworks keep the requested order without duplicates; "all" selects the enabled ones', () => {
  assert.deepEqual(names(), ['baseline:baseline', 'other:command']);
  assert.deepEqual(names(['all']), ['baseline:baseline', 'other:command']);
  assert.deepEqual(names(['other', 'baseline', 'other']), ['other:command', 'baseline:baseline']);
  assert.deepEqual(names(['off']), ['off:baseline'], 'what is named runs');
  assert.match(
    refusal(() => names(['basline', 'toString'])),
    /no framework "basline".*Did you mean "baseline"\?.*no framework "toString"/s,
  );
});

const selections: [text: string, ids: number[]][] = [
  ['1', [1]],
  ['9,4', [4, 9]],
  ['1-4', [4, 1, 2]],
  [' 1 , 2 - 2 ,1', [1, 2]],
  ['1-9', [4, 1, 2, 9]],
];
for (const [text, ids] of selections) {
  test(`--steps ${JSON.stringify(text)} runs ${ids.join(', ')} in the order of the file`, () => {
    const resolved = load(MINIMAL, { flags: { steps: text } });
    assert.deepEqual(
      resolved.steps.map((step) => step.step),
      ids,
    );
    assert.deepEqual(
      resolved.config.steps.filter((step) => step.enabled).map((step) => step.id),
      ids,
    );
  });
}

const badSelections: [text: string, says: RegExp][] = [
  ['', /--steps: no step is given\. .*The steps are 4, 1, 2, 9/],
  ['3', /there is no step 3\./],
  ['1-5', /there is no step 5\./],
  ['4-1', /the range 4-1 is reversed\. Write 1-4/],
  ['1,,2', /"" is neither a step id nor a range of ids/],
  ['first', /"first" is neither a step id nor a range/],
  ['-1', /"-1" is neither/],
  ['1.5', /"1\.5" is neither/],
];
for (const [text, says] of badSelections) {
  test(`--steps ${JSON.stringify(text)} is refused`, () => {
    assert.match(
      refusal(() => load(MINIMAL, { flags: { steps: text } })),
      says,
    );
  });
}

for (const jobs of ['0', '-1', '1.5', 'two', '1e9', ' ']) {
  test(`--jobs ${JSON.stringify(jobs)} is refused`, () => {
    assert.match(
      refusal(() => load(MINIMAL, { flags: { jobs } })),
      /--jobs: .* Give a whole number from 1 to 1000/,
    );
  });
}

test('problems of flags, environment and file are reported together', () => {
  const text = refusal(() => load(`zebra: 1\n${MINIMAL}`, { flags: { jobs: 'x' }, env: { STEPWELL_MODEL: ' ' } }));
  assert.match(text, /3 problems:.*zebra.*--jobs.*STEPWELL_MODEL/s);
});

test('the snapshot is complete, reproducible, and loads as the same configuration', () => {
  const text = `model: gpt\nendpoint: { base_url: "https://x/v1", api_key: "\${MY_KEY}" }\n${MINIMAL}`;
  const first = load(text, { env: { MY_KEY: 'first-value-of-key' }, flags: { steps: '1' } });
  const second = load(text, { env: { MY_KEY: 'second-value-of-key' }, flags: { steps: '1' } });
  assert.equal(first.snapshot.text, second.snapshot.text);
  assert.equal(first.snapshot.sha256, createHash('sha256').update(first.snapshot.text).digest('hex'));
  assert.deepEqual(parse(first.snapshot.text), JSON.parse(JSON.stringify(first.config)));
  assert.ok(!first.snapshot.text.includes('first-value'));
  assert.ok(first.snapshot.text.includes('api_key: ${MY_KEY}'));
  assert.ok(!first.snapshot.text.includes(directory), 'no path of the machine');
});

test('a token in an HTTP check is refused with a fix that applies to checks', () => {
  const check = (token: string): string =>
    `${MINIMAL}validation: { app: { command: [x] }, http: [{ name: list, path: /, headers: { authorization: "Bearer ${token}" } }] }\n`;
  const told = refusal(() => load(check('student-service-token-1')));
  assert.match(told, /validation\.http\[0\]\.headers\.authorization contains what looks like a key: "Bea…"/);
  assert.doesNotMatch(told, /\$\{/, 'references are not read in checks');
  assert.match(told, /\{\{token\}\}/);
  load(check('made-up-token-1'));
});

test('a short literal secret is a warning, is treated as a secret and masked in the snapshot', () => {
  const text = `model: gpt
endpoint: { base_url: "http://127.0.0.1:1/v1", api_key: dummy-key }
frameworks: { baseline: { env: { MY_TOKEN: hush-hush, EMPTY_KEY: "" } } }
${STEPS}`;
  const resolved = load(text);
  assert.equal(resolved.frameworks[0]?.endpoint?.apiKey, 'dummy-key');
  assert.match(
    resolved.warnings.join('\n'),
    /experiment\.yaml:2:57: endpoint\.api_key is a literal in the file.*\n.*3:44: frameworks\.baseline\.env\.MY_TOKEN/,
  );
  assert.deepEqual(resolved.secrets.map((secret) => secret.value).sort(), ['dummy-key', 'hush-hush']);
  assert.ok(!/dummy-key|hush-hush/.test(resolved.snapshot.text));
});

test('a misspelled STEPWELL_ variable is a warning', () => {
  assert.deepEqual(load(MINIMAL, { env: { STEPWELL_MODLE: 'x', STEPWELL_MARK: 'y', STEPWELL_RUN_ID: 'z' } }).warnings, [
    'The environment variable STEPWELL_MODLE is not read by stepwell; STEPWELL_MODEL is.',
  ]);
});

test('fractional seconds are kept', () => {
  const { timeouts } = load(`timeouts: { step_timeout_seconds: 0.25, shutdown_grace_seconds: 0 }\n${MINIMAL}`).config;
  assert.deepEqual([timeouts.step_timeout_seconds, timeouts.shutdown_grace_seconds], [0.25, 0]);
});

test('YAML anchors and aliases work, with correct positions in messages', () => {
  const text = `frameworks:\n  one: &shared { adapter: command, command: [x] }\n  two: *shared\n${STEPS}`;
  assert.equal(load(text).frameworks[1]?.adapter, 'command');
  assert.match(
    refusal(() => load(text.replace('adapter: command', 'adapter: 3'))),
    /2:27: frameworks\.one\.adapter is 3/,
  );
});

test('a framework accepts the keys of its adapter; a key of another adapter is refused with its owner', () => {
  const says = (frameworks: string) => refusal(() => load(`frameworks: ${frameworks}\n${STEPS}`));
  assert.match(
    says('{ baseline: { agent: pi } }'),
    /1:27: frameworks\.baseline\.agent is not a known key\. It belongs to the adapter ghspec\. Known keys here: adapter, enabled, model, endpoint, validation, env\./,
  );
  assert.match(
    says('{ x: { adapter: chatdev, command: [y] } }'),
    /x\.command is not a known key\. It belongs to the adapters command, ghspec, pi, /,
  );
  assert.match(
    says('{ ghspec: { repo_url: /x } }'),
    /ghspec\.repo_url is not a known key\. It belongs to the adapters baes, chatdev\. /,
  );
  assert.match(
    says('{ mine: { adapter: ghspec, commit_hash: x } }'),
    /mine\.commit_hash is not a known key\. It belongs to the adapters baes, chatdev\. /,
  );
  assert.match(says('{ ghspec: { agnt: pi } }'), /ghspec\.agnt is not a known key\. Did you mean "agent"\?/);
  assert.match(says('{ baes: { commit_hash: abc } }'), /frameworks\.baes\.commit_hash is "abc"/);
  // Also of one that is not to run: a file is right or wrong as a whole.
  assert.match(says('{ baseline: {}, chatdev: { enabled: false, agent: pi } }'), /frameworks\.chatdev\.agent is not/);
});

test('a path of a framework is relative to the file, whichever key it is', () => {
  const text = `frameworks:
  ghspec: { agent: codex, command: [./codex, ./x], python: bin/python }
  baes: { repo_url: ../clone, python: python3.12, install_dir: here }
  chatdev: { repo_url: "git@host:x.git" }
  baseline: {}
${STEPS}`;
  const env = { STEPWELL_FRAMEWORKS_DIR: '/set/up' };
  const common = ['enabled', 'model', 'env'];
  const own = load(text, { env }).frameworks.map(({ settings }) =>
    Object.fromEntries(Object.entries(settings).filter(([key]) => !common.includes(key))),
  );
  const at = (path: string): string => join(directory, 'config', path);
  assert.deepEqual(own, [
    { agent: 'codex', command: [at('codex'), './x'], python: at('bin/python'), install_dir: '/set/up' },
    { repo_url: join(directory, 'clone'), python: 'python3.12', install_dir: at('here') },
    { repo_url: 'git@host:x.git', install_dir: '/set/up' },
    {},
  ]);
});

test('an adapter that declares no keys accepts those of all adapters', () => {
  const mine = { ...adapters, mine: {} };
  const [framework] = load(`frameworks: { x: { adapter: mine, agent: pi, command: [./y] } }\n${STEPS}`, {
    adapters: mine,
  }).frameworks;
  assert.deepEqual([framework?.settings['agent'], framework?.settings['command']], ['pi', [join(directory, 'config/y')]]);
});

test('an unknown adapter is refused with its position in the file', () => {
  const known = { baseline: adapters['baseline']!, command: adapters['command']! };
  load(MINIMAL, { adapters: known });
  const says = (frameworks: string) => refusal(() => load(`frameworks: ${frameworks}\n${STEPS}`, { adapters: known }));
  assert.match(
    says('{ x: { adapter: comand } }'),
    /1:29: frameworks\.x\.adapter is "comand", but there is no such adapter\. Did you mean "command"\?/,
  );
  assert.match(says('{ mytool: { command: [x] } }'), /frameworks\.mytool has no adapter.*Add adapter: command\./);
  const all = says('{ good: { adapter: command, command: [x] }, one: { adapter: comand }, two: { adapter: basline } }');
  assert.match(all, /frameworks\.one\.adapter is "comand"/);
  assert.match(all, /frameworks\.two\.adapter is "basline"/, 'every wrong adapter is named, not only the first');
});

test('resolveRunsDir works without a configuration file', () => {
  assert.equal(resolveRunsDir({ env: {} }, '/x'), '/x/runs');
  assert.equal(resolveRunsDir({ flags: { runsDir: 'y' }, env: { STEPWELL_RUNS_DIR: 'z' } }, '/x'), '/x/y');
  assert.equal(resolveRunsDir({ flags: { runsDir: '/abs' }, env: {} }, '/x'), '/abs');
  assert.match(
    refusal(() => resolveRunsDir({ flags: { runsDir: ' ' }, env: {} }, '/x')),
    /--runs-dir: the directory of runs is empty/,
  );
});

test('a resolved configuration is plain data', () => {
  const text = `model: gpt\nendpoint: { base_url: "https://api.openai.com/v1", api_key: "\${MY_KEY}" }\n${MINIMAL}`;
  const resolved = load(text, { env: { MY_KEY: 'a-key-of-mine' } });
  assert.deepEqual(structuredClone(resolved), resolved);
  // What an optional key leaves undefined, JSON leaves out.
  assert.deepEqual(JSON.parse(JSON.stringify(resolved)), JSON.parse(JSON.stringify(structuredClone(resolved))));
  assert.equal(JSON.parse(JSON.stringify(resolved)).frameworks[0].endpoint.apiKey, 'a-key-of-mine');
});
