/** Which endpoint, key and ids each framework gets. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { adapters } from '../../../src/frameworks/index.ts';
import { loadConfig } from '../../../src/config/index.ts';
import { declaredEndpoint } from '../../../src/config/endpoint/endpoint.ts';
import type { LoadConfigOptions } from '../../../src/config/load.ts';
import type { ResolvedConfig, ResolvedEndpoint } from '../../../src/config/resolved.ts';
import { refusal } from '../refusal.ts';

let directory: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'stepwell-endpoints-'));
  mkdirSync(join(directory, 'config'));
  writeFileSync(join(directory, 'config/prompt.txt'), 'Prompt\n');
});
after(() => rmSync(directory, { recursive: true, force: true }));

const ENV = {
  OPENAI_API_KEY: 'shared-key-0',
  OPENAI_API_KEY_BAES: 'baes-key-111',
  OPENAI_API_KEY_BAES_ID: 'key_baes11111111',
  OPENAI_API_KEY_CHATDEV: 'chatdev-key-222',
  OPENAI_API_KEY_CHATDEV_ID: 'key_chatdev22222',
  OPENAI_PROJECT_ID: 'proj_shared',
  ANTHROPIC_API_KEY: 'claude-key-333',
};
const COMMON = `endpoint:
  base_url: https://api.openai.com/v1
  api_key: \${OPENAI_API_KEY}
  usage_api: { admin_key: "\${OPEN_AI_KEY_ADM}", api_key_id: key_shared00000, project_id: "\${OPENAI_PROJECT_ID}" }
`;

function load(
  frameworks: string,
  { common = COMMON, env = ENV, ...options }: Partial<LoadConfigOptions> & { common?: string } = {},
) {
  const steps = 'steps: [{ id: 1, name: first, prompt_file: prompt.txt }]';
  writeFileSync(join(directory, 'config/experiment.yaml'), `model: gpt\n${common}frameworks: ${frameworks}\n${steps}\n`);
  return loadConfig({ adapters, cwd: directory, env, ...options });
}

function endpointOf(resolved: ResolvedConfig, name: string): ResolvedEndpoint | null {
  return resolved.frameworks.find((framework) => framework.name === name)?.endpoint ?? null;
}

const at = (baseUrl: string) => ({ baseUrl, shownUrl: baseUrl });

const OWN = `{
  baseline: {},
  baes: { adapter: baseline, endpoint: { api_key: "\${OPENAI_API_KEY_BAES}", usage_api: { api_key_id: "\${OPENAI_API_KEY_BAES_ID}" } } },
  chatdev: { adapter: baseline, endpoint: { api_key: "\${OPENAI_API_KEY_CHATDEV}", ask_stream_usage: false, usage_api: { api_key_id: "\${OPENAI_API_KEY_CHATDEV_ID}", project_id: proj_own } } }
}`;

test('a framework’s endpoint is merged over that of the experiment, key by key', () => {
  const resolved = load(OWN);
  const openai = { provider: 'openai', workspace_id: null };
  assert.deepEqual(endpointOf(resolved, 'baseline'), {
    ...at('https://api.openai.com/v1'),
    apiKey: 'shared-key-0',
    askStreamUsage: true,
    usageApi: { ...openai, api_key_id: 'key_shared00000', project_id: 'proj_shared' },
  });
  assert.deepEqual(endpointOf(resolved, 'baes'), {
    ...at('https://api.openai.com/v1'),
    apiKey: 'baes-key-111',
    askStreamUsage: true,
    usageApi: { ...openai, api_key_id: 'key_baes11111111', project_id: 'proj_shared' },
  });
  assert.deepEqual(endpointOf(resolved, 'chatdev'), {
    ...at('https://api.openai.com/v1'),
    apiKey: 'chatdev-key-222',
    askStreamUsage: false,
    usageApi: { ...openai, api_key_id: 'key_chatdev22222', project_id: 'proj_own' },
  });
  assert.deepEqual(resolved.warnings, []);
  assert.deepEqual(resolved.secrets.map(({ value }) => value).sort(), ['baes-key-111', 'chatdev-key-222', 'shared-key-0']);
});

test('a key that no selected framework uses need not be set', () => {
  const { OPENAI_API_KEY: _, OPENAI_API_KEY_CHATDEV: __, ...env } = ENV;
  const resolved = load(OWN, { env, flags: { frameworks: ['baes'] } });
  assert.equal(endpointOf(resolved, 'baes')?.apiKey, 'baes-key-111');
  const text = refusal(() => load(OWN, { env }));
  assert.match(text, /experiment\.yaml:4:12: endpoint\.api_key refers to \$\{OPENAI_API_KEY\}/);
  assert.match(text, /frameworks\.chatdev\.endpoint\.api_key refers to \$\{OPENAI_API_KEY_CHATDEV\}/);
  assert.equal(text.match(/refers to/g)?.length, 2, 'what two frameworks share is said once');
});

test('an endpoint on another host inherits nothing, so no key goes to the wrong host', () => {
  const elsewhere = load(`{ local: { adapter: baseline, endpoint: { base_url: "http://127.0.0.1:8080/v1" } } }`);
  assert.deepEqual(endpointOf(elsewhere, 'local'), {
    ...at('http://127.0.0.1:8080/v1'),
    apiKey: null,
    askStreamUsage: true,
    usageApi: null,
  });
  const plain = load('{ x: { adapter: baseline, endpoint: { base_url: "http://api.openai.com/v1" } } }');
  assert.equal(endpointOf(plain, 'x')?.apiKey, null, 'nor to the same host without encryption');
  const samePlace = load('{ x: { adapter: baseline, endpoint: { base_url: "https://api.openai.com/v1/" } } }');
  assert.equal(endpointOf(samePlace, 'x')?.apiKey, 'shared-key-0');
  const byReference = load('{ x: { adapter: baseline, endpoint: { base_url: "${HOST}/v1" } } }', {
    env: { ...ENV, HOST: 'https://api.openai.com' },
  });
  assert.equal(endpointOf(byReference, 'x')?.apiKey, 'shared-key-0');
});

test('a usage API of another provider or at another address does not inherit the admin key', () => {
  const gateway = (usage: string) => `endpoint: { base_url: "https://gw.example/v1", usage_api: ${usage} }\n`;
  const usageOf = (own: string, common: string, env: Record<string, string> = ENV) => {
    const resolved = load(`{ x: { adapter: baseline, endpoint: { usage_api: ${own} } } }`, { common, env });
    return { ids: endpointOf(resolved, 'x')?.usageApi, written: declaredEndpoint(resolved.config, 'x', env)?.settings.usage_api };
  };
  const openai = gateway('{ provider: openai, admin_key: "${OPENAI_ADMIN_KEY}", project_id: proj_1 }');
  const other = usageOf('{ provider: anthropic, workspace_id: wrkspc_1 }', openai);
  assert.deepEqual(other.written, { provider: 'anthropic', workspace_id: 'wrkspc_1' });
  assert.deepEqual(other.ids, { provider: 'anthropic', api_key_id: null, project_id: null, workspace_id: 'wrkspc_1' });
  assert.equal(usageOf('{ provider: openai }', openai).written?.admin_key, '${OPENAI_ADMIN_KEY}');
  assert.equal(usageOf('{ provider: openai }', COMMON).written?.admin_key, '${OPEN_AI_KEY_ADM}', 'the host says who that is');

  const moved = usageOf('{ base_url: "https://usage.example/v1" }', openai);
  assert.deepEqual(moved.written, { provider: 'openai', base_url: 'https://usage.example/v1', project_id: 'proj_1' });
  const withKey = usageOf('{ base_url: "https://usage.example/v1", admin_key: "${MY_ADMIN_KEY}" }', openai);
  assert.equal(withKey.written?.admin_key, '${MY_ADMIN_KEY}');
  const there = gateway('{ provider: openai, base_url: "https://usage.example/v1", admin_key: "${OPENAI_ADMIN_KEY}" }');
  assert.equal(usageOf('{ base_url: "${USAGE}/v2" }', there).written?.admin_key, undefined, 'it cannot be told where that is');
  const known = usageOf('{ base_url: "${USAGE}/v2" }', there, { ...ENV, USAGE: 'https://usage.example' });
  assert.equal(known.written?.admin_key, '${OPENAI_ADMIN_KEY}');
});

test('a base URL with a secret reference is shown unexpanded', () => {
  const shown = (base_url: string) => {
    const env = { ...ENV, GATEWAY: 'gw.example', GATEWAY_TOKEN: 'tok-123456789' };
    return endpointOf(load('{ baseline: {} }', { common: `endpoint: { base_url: "${base_url}" }\n`, env }), 'baseline');
  };
  const secret = shown('https://${GATEWAY}/${GATEWAY_TOKEN}/v1/');
  assert.deepEqual(
    [secret?.baseUrl, secret?.shownUrl],
    ['https://gw.example/tok-123456789/v1', 'https://${GATEWAY}/${GATEWAY_TOKEN}/v1'],
  );
  assert.equal(shown('https://${GATEWAY}/v1/')?.shownUrl, 'https://gw.example/v1');
});

test('an endpoint without a model is refused, for the experiment and for frameworks', () => {
  const endpoint = '{ base_url: "http://127.0.0.1:1/v1" }';
  const steps = 'steps: [{ id: 1, name: first, prompt_file: prompt.txt }]';
  const withoutModel = (options: Partial<LoadConfigOptions> = {}) => {
    writeFileSync(
      join(directory, 'config/experiment.yaml'),
      `frameworks: { x: { adapter: baseline, endpoint: ${endpoint} } }\n${steps}\n`,
    );
    return loadConfig({ adapters, cwd: directory, env: {}, ...options });
  };
  assert.match(
    refusal(() => withoutModel()),
    /:1:49: frameworks\.x\.endpoint is given, but no model is set\. Add model:/,
  );
  assert.equal(withoutModel({ flags: { model: 'some' } }).model, 'some');
  assert.equal(withoutModel({ flags: { rehearse: true } }).rehearsal, true);
});

test('a reconciliation limit too short for a verdict is a warning', () => {
  const warned = (settings: string) =>
    load('{ baseline: {} }', { common: `${COMMON}reconciliation: ${settings}\n` }).warnings.join();
  assert.match(
    warned('{ required_readings: 5, interval_minutes: 3000 }'),
    /reconciliation\.max_age_hours is 168: waiting ends before a run has 5 valid readings/,
  );
  assert.match(
    warned('{ required_readings: 1, min_age_minutes: 61, max_age_hours: 1 }'),
    /:6:\d+: reconciliation\.max_age_hours is 1: waiting ends before a run is 61 minutes old/,
  );
  assert.equal(warned('{ required_readings: 2, interval_minutes: 60, min_age_minutes: 60, max_age_hours: 2 }'), '');
});

test('reconciliation times beyond the range of dates are refused', () => {
  const settings = '{ interval_minutes: 1e18, min_age_minutes: 1e18, max_age_hours: 1e18 }';
  const text = refusal(() => load('{ baseline: {} }', { common: `${COMMON}reconciliation: ${settings}\n` }));
  assert.equal(text.match(/but must be a number from 0 to (5256000|87600)\./g)?.length, 3, text);
});

test('api_key_id is inherited only together with its key, and a missing one is a warning', () => {
  const resolved = load('{ x: { adapter: baseline, endpoint: { api_key: "${OPENAI_API_KEY_BAES}" } } }');
  assert.deepEqual(endpointOf(resolved, 'x')?.usageApi, {
    provider: 'openai',
    api_key_id: null,
    project_id: 'proj_shared',
    workspace_id: null,
  });
  assert.match(resolved.warnings.join('\n'), /:6:60: frameworks\.x\.endpoint\.api_key is a separate key without .*api_key_id/);
  const same = load('{ x: { adapter: baseline, endpoint: { api_key: "${OPENAI_API_KEY}" } } }');
  assert.equal(endpointOf(same, 'x')?.usageApi?.api_key_id, 'key_shared00000');
});

const hosts: [baseUrl: string, provider: string | null][] = [
  ['https://api.openai.com/v1', 'openai'],
  ['https://eu.api.openai.com/v1', 'openai'],
  ['https://us.api.openai.com/v1/', 'openai'],
  ['https://api.anthropic.com/v1', 'anthropic'],
  ['https://api.openai.com.example.org/v1', null],
  ['https://generativelanguage.googleapis.com/v1beta', null],
  ['http://localhost:1234/v1', null],
];
for (const [baseUrl, provider] of hosts) {
  test(`the provider with the usage of ${baseUrl} is ${provider ?? 'unknown'}`, () => {
    const baseline = (common: string) => endpointOf(load('{ baseline: {} }', { common }), 'baseline');
    const common = `endpoint: { base_url: "${baseUrl}" }\n`;
    assert.equal(baseline(common)?.usageApi?.provider ?? null, provider);
    const none = `endpoint: { base_url: "${baseUrl}", usage_api: { provider: none, api_key_id: any } }\n`;
    assert.equal(baseline(none)?.usageApi, null);
    const named = `endpoint: { base_url: "${baseUrl}", usage_api: { provider: anthropic, workspace_id: wrkspc_1 } }\n`;
    assert.equal(baseline(named)?.usageApi?.workspace_id, 'wrkspc_1');
  });
}

test('an admin key may be unset; if set, its value is a secret whatever the name of its variable', () => {
  assert.ok(!load('{ baseline: {} }').secrets.some(({ name }) => name === 'OPEN_AI_KEY_ADM'));
  const env = { ...ENV, OPEN_AI_KEY_ADM: 'the-admin-key-9' };
  for (const flags of [{}, { rehearse: true }]) {
    const secrets = load('{ baseline: {} }', { env, flags }).secrets;
    assert.ok(secrets.some(({ value }) => value === 'the-admin-key-9'));
  }
});

test('the keys of all endpoints are secrets, used or not', () => {
  for (const flags of [{ frameworks: ['baes'] }, { rehearse: true }]) {
    const values = load(OWN, { flags }).secrets.map(({ value }) => value);
    assert.deepEqual(values.sort(), ['baes-key-111', 'chatdev-key-222', 'shared-key-0']);
  }
});

test('an id that is a key or has a secret name is refused; an unusual id is a warning', () => {
  const withId = (id: string, env: Record<string, string> = {}) => {
    const endpoint = `{ usage_api: { api_key_id: ${JSON.stringify(id)} } }`;
    return load(`{ baseline: { endpoint: ${endpoint} } }`, { env: { ...ENV, ...env } });
  };
  const pasted = refusal(() => withId('${BAES_ID}', { BAES_ID: 'sk-proj-0123456789abcdefghij' }));
  assert.match(pasted, /usage_api\.api_key_id is a key, not an id: "sk-…" \(28 characters\)\. .*key_…/);
  assert.doesNotMatch(pasted, /0123456789/);
  assert.match(
    refusal(() => withId('sk-short')),
    /is a key, not an id/,
  );
  assert.match(
    refusal(() => withId('${BAES_ID}', { BAES_ID: '' })),
    /is empty/,
  );
  assert.match(
    refusal(() => withId('${A_KEY}', { A_KEY: 'key_1' })),
    /masked in the record.*A_KEY_ID/,
  );
  assert.match(
    refusal(() => withId('${NOT_SET_ID}')),
    /NOT_SET_ID\}, which is not set/,
  );
  assert.match(withId('mykey').warnings.join(), /api_key_id does not begin with key_/);
  assert.deepEqual(withId('key_x').warnings, []);
});

test('a rehearsal and a replay need no endpoint, key or id, and use the right model', () => {
  const env = {};
  const rehearsal = load(OWN, { env, flags: { rehearse: true } });
  const replay = load(OWN, { env, flags: { replay: { runId: 'a-run', model: 'gpt-recorded' } } });
  for (const resolved of [rehearsal, replay]) {
    assert.deepEqual([...new Set(resolved.frameworks.map(({ endpoint }) => endpoint))], [null]);
  }
  assert.deepEqual([rehearsal.replayOf, replay.replayOf], [null, 'a-run']);
  assert.deepEqual([replay.model, replay.rehearsal, replay.config.model], ['gpt-recorded', false, 'gpt-recorded']);
  const flags = { replay: { runId: 'a-run', model: 'gpt-recorded' } };
  assert.match(
    refusal(() => load(OWN, { flags: { ...flags, model: 'other' } })),
    /--model: it excludes --replay.*gpt-recorded/,
  );
  assert.match(
    refusal(() => load(OWN, { flags: { ...flags, rehearse: true } })),
    /--rehearse: it excludes --replay/,
  );
});

test('a cost limit in a rehearsal or replay is a warning', () => {
  const common = `${COMMON}budgets: { run: { max_cost_usd: 1, max_calls: 3 } }\n`;
  assert.deepEqual(load('{ baseline: {} }', { common }).warnings, []);
  assert.match(
    load('{ baseline: {} }', { common, flags: { rehearse: true } }).warnings.join(),
    /:6:33: budgets\.run\.max_cost_usd has no effect here/,
  );
});

test('a framework without an endpoint is a warning when budgets are set', () => {
  const frameworks =
    '{ tool: { adapter: command, command: [x] }, metered: { adapter: baseline, endpoint: { base_url: "http://127.0.0.1:1/v1" } } }';
  const warnings = load(frameworks, { common: 'budgets: { experiment: { max_calls: 3 } }\n' }).warnings;
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /frameworks\.tool has no endpoint, so its calls are not metered and no budget limits them/);
  assert.deepEqual(load(frameworks, { common: '' }).warnings, []);
});

test('literal keys of framework endpoints are refused, used or not; short ones are masked', () => {
  const frameworks = (key: string) =>
    `{ baseline: {}, off: { adapter: baseline, enabled: false, endpoint: { api_key: ${key} } } }`;
  assert.match(
    refusal(() => load(frameworks('sk-0123456789abcdef01'))),
    /frameworks\.off\.endpoint\.api_key contains what looks like a key: .*\$\{OPENAI_API_KEY_OFF\}/,
  );
  const resolved = load(frameworks('dummy-key'));
  assert.match(resolved.warnings.join(), /frameworks\.off\.endpoint\.api_key is a literal in the file/);
  assert.doesNotMatch(resolved.snapshot.text, /dummy-key/);
  assert.match(resolved.snapshot.text, /admin_key: \$\{OPEN_AI_KEY_ADM\}/);
});
