/** A value gets the same verdict from a flag, an option of the library, a variable and the file. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveSettings, SETTINGS, type GivenSettings, type SettingName } from '../../src/config/settings.ts';
import { ExperimentConfig } from '../../src/schema/index.ts';
import { refusal } from './refusal.ts';

/** What a setting becomes, or what is said of it, from one source. */
function verdict(name: SettingName, given: GivenSettings): unknown {
  try {
    return resolveSettings([name], { env: {}, ...given })[name];
  } catch {
    return refusal(() => resolveSettings([name], { env: {}, ...given })).replace(/^[^:]+: /, '');
  }
}

const REFUSED = /(?: is empty\.| but must be ).* Give /;
const verdicts: [name: SettingName, text: string, expected: unknown][] = [
  ...['runsDir', 'config', 'model', 'frameworksDir', 'replay'].flatMap((name): [SettingName, string, unknown][] => [
    [name as SettingName, ' ', REFUSED],
    [name as SettingName, '\t\n', REFUSED],
    [name as SettingName, 'name', 'name'],
  ]),
  ...['0', '-1', '1e3', '+2', '2.5', '0x10', 'NaN', 'Infinity', '1001', '1_0', ' ', 'two', '99999999999999999999'].map(
    (text): [SettingName, string, unknown] => ['jobs', text, REFUSED],
  ),
  ['jobs', '1', 1],
  ['jobs', ' 3 ', 3],
  ['jobs', '1000', 1000],
  ['rounds', '0', REFUSED],
  ['rounds', '10000', 10_000],
  ['rounds', '10001', REFUSED],
  ['console', 'loud', REFUSED],
  ['console', 'warn', 'warn'],
  ['minAgeMinutes', '-1', REFUSED],
  ['minAgeMinutes', '0', 0],
  ['minAgeMinutes', '2.5', 2.5],
  ['minAgeMinutes', '5256001', REFUSED],
  ['maxAgeHours', '-1', REFUSED],
  // The last reading of each run, now.
  ['maxAgeHours', '0', 0],
  ['maxAgeHours', '1e3', REFUSED],
  ['intervalMinutes', 'often', REFUSED],
  ['intervalMinutes', '60', 60],
  ['requiredReadings', '0', REFUSED],
  ['requiredReadings', '1.5', REFUSED],
  ['requiredReadings', '100', 100],
  ['requiredReadings', '101', REFUSED],
  ['apiKeyId', 'sk-abcdefgh1234567890abcdef', /the id that the provider shows/],
  ['apiKeyId', 'key_1', 'key_1'],
  ['projectId', 'two words', /the id that the provider shows/],
];

for (const [name, text, expected] of verdicts) {
  test(`${name} ${JSON.stringify(text)} means the same from every source`, () => {
    const { variable } = SETTINGS[name] as { variable?: string };
    const found = [
      verdict(name, { flags: { [name]: text } }),
      verdict(name, { options: { [name]: text } }),
      ...(variable === undefined ? [] : [verdict(name, { env: { [variable]: text } })]),
    ];
    assert.equal(new Set(found).size, 1, found.map(String).join('\n'));
    if (expected instanceof RegExp) assert.match(String(found[0]), expected);
    else assert.equal(found[0], expected);
  });
}

test('numbers given in JavaScript have the same range as those on the command line', () => {
  for (const jobs of [0, -1, 2.5, Number.NaN, Number.POSITIVE_INFINITY, 1001, null, true, [2], 2n, Symbol('s'), () => 1])
    assert.match(String(verdict('jobs', { options: { jobs } })), /from 1 to 1000/);
  assert.equal(verdict('jobs', { options: { jobs: 4 } }), 4);
  for (const rehearse of ['yes', 1]) assert.match(String(verdict('rehearse', { options: { rehearse } })), /true or false/);
});

test('a setting that the file also has accepts the same range as in the file', () => {
  const { shape } = ExperimentConfig.shape.reconciliation.unwrap();
  const inFile = {
    minAgeMinutes: shape.min_age_minutes,
    maxAgeHours: shape.max_age_hours,
    intervalMinutes: shape.interval_minutes,
    requiredReadings: shape.required_readings,
  };
  for (const [name, schema] of Object.entries(inFile)) {
    for (const value of [-1, 0, 0.5, 1, 100, 101, 87_600, 87_601, 5_256_000, 5_256_001]) {
      const wanted = schema.safeParse(value).success;
      for (const given of [value, String(value)])
        assert.equal(verdict(name as SettingName, { options: { [name]: given } }) === value, wanted, `${name} ${given}`);
    }
  }
});

test('the first source that gives a value wins, and the message names the source and the value', () => {
  const env = { STEPWELL_JOBS: '3' };
  assert.equal(resolveSettings(['jobs'], { flags: { jobs: '2' }, options: { jobs: 4 }, env }).jobs, 2);
  assert.equal(resolveSettings(['jobs'], { options: { jobs: 4 }, env }).jobs, 4);
  assert.equal(resolveSettings(['jobs'], { flags: { jobs: undefined }, env }).jobs, 3);
  assert.equal(resolveSettings(['jobs'], { env: {} }).jobs, undefined);
  for (const [given, says] of [
    [{ flags: { jobs: '0' }, env }, /^--jobs: the number of parallel runs is "0", but must be a whole number from 1 to 1000\./],
    [{ options: { jobs: 0 }, env }, /^jobs: the number of parallel runs is 0, /],
    [{ env: { STEPWELL_JOBS: '0' } }, /^STEPWELL_JOBS: the number of parallel runs is "0", /],
    [{ flags: { rounds: '0' } }, /^rounds: the number of rounds is "0", /],
  ] as const)
    assert.match(
      refusal(() => resolveSettings(['jobs', 'rounds'], given)),
      says,
    );
});

test('an empty flag is refused; an empty environment variable counts as not set', () => {
  assert.match(
    refusal(() => resolveSettings(['runsDir'], { flags: { runsDir: '' } })),
    /^--runs-dir: the directory of runs is empty\. Give non-empty text, or leave it out for runs\./,
  );
  assert.deepEqual(resolveSettings(['runsDir', 'jobs'], { env: { STEPWELL_RUNS_DIR: '', STEPWELL_JOBS: '' } }), {});
});
