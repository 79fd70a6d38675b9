/** The package as a user gets it: packed in a fresh clone, or from git, then used in an empty folder. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { copyCheckout, root } from '../checkout.ts';
import { toolchainsIn, type Toolchain } from './toolchain.ts';

const place = mkdtempSync(join(tmpdir(), 'stepwell-package-'));
after(() => rmSync(place, { recursive: true, force: true }));

const toolchains = toolchainsIn(join(place, 'tools'));
const { name: packageName, version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<string, string>;
const compiler = join(root, 'node_modules/typescript/bin/tsc');

/** A repository with one commit: the checkout as it is now, its tracked and its new files. */
function repositoryOfCheckout(dir: string): string {
  copyCheckout(dir);
  const git = (...args: readonly string[]) => execFileSync('git', args, { cwd: dir, stdio: ['ignore', 'ignore', 'inherit'] });
  git('init', '--quiet');
  git('add', '--all', '--force');
  git('-c', 'user.name=Test', '-c', 'user.email=test@localhost', 'commit', '--quiet', '--no-verify', '--message=Checkout');
  return dir;
}

/** Uses every entry, by value and by type. */
const CONSUMER = `
import { planExperiment, type ExperimentPlan } from 'stepwell';
import { getLogger, type Logger } from 'stepwell/log';
import { startMeter, unpriced, type Meter, type PriceBook } from 'stepwell/meter';
import { findRun, foldRun, listRuns, openRun, verifyRun, type RunSummary, type VerifyReport } from 'stepwell/read';
import { LogRecord } from 'stepwell/schema';
import { adapterContract, type ContractCase } from 'stepwell/testing';

const logger: Logger = getLogger('consumer');
await using meter: Meter & AsyncDisposable = await startMeter();
const prices: PriceBook = unpriced('no prices');
const plan: ExperimentPlan = await planExperiment({ config: 'config/experiment.yaml', frameworks: ['baseline'] });
const found = await findRun('runs', 'latest');
await using source = await openRun(found);
const summary: RunSummary = await foldRun(source);
const report: VerifyReport = await verifyRun(found.kind === 'archive' ? found.archive : found.dir);
const cases: (subject: Parameters<typeof adapterContract>[0]) => ContractCase[] = adapterContract;
console.log(JSON.stringify({
  runs: (await listRuns('runs')).runs.length,
  planned: plan.runs.length,
  status: summary.status,
  ok: report.ok,
  record: LogRecord.safeParse({}).success,
  rest: [typeof logger.info, typeof meter.openRun, typeof prices, typeof cases],
}));
`;

/** The package in an empty folder, with an experiment that `init` wrote. */
async function usePackage({ run, node }: Toolchain, folder: string): Promise<void> {
  const npx = async (command: string, cwd: string): Promise<string> => {
    const { stdout, stderr } = await run('npx', ['stepwell', ...command.split(' ')], cwd);
    assert.doesNotMatch(`${stdout}${stderr}`, /warning|deprecat/i, command);
    return stdout;
  };
  const experiment = join(folder, 'my-experiment');
  assert.match(await npx('init my-experiment', folder), /^ {2}npx stepwell run baseline$/m);
  assert.match(await npx('run baseline', experiment), /^Status: SUCCESS$[\s\S]*^REHEARSAL/m);
  assert.match(await npx('verify latest', experiment), /^verified: /m);

  const installed = join(folder, 'node_modules/stepwell');
  const { exports } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { exports: Record<string, string> };
  const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'));
  assert.ok(entries.length >= 6);
  for (const entry of entries) {
    const imported = await run(
      node,
      ['-e', `import('${join(packageName!, entry)}').then(Object.keys).then(console.log)`],
      folder,
    );
    assert.match(imported.stdout, /\w/, entry);
    assert.equal(imported.stderr, '', entry);
  }

  writeFileSync(join(experiment, 'consumer.mts'), CONSUMER);
  const options =
    '--strict --exactOptionalPropertyTypes --skipLibCheck false --module nodenext --target es2023 --types node'.split(' ');
  const types = ['--typeRoots', join(root, 'node_modules/@types')];
  const compiled = await run(process.execPath, [compiler, ...options, ...types, 'consumer.mts'], experiment).catch(
    (error) => error,
  );
  assert.equal(compiled.stdout, '');
  const { stdout, stderr } = await run(node, ['consumer.mjs'], experiment);
  assert.deepEqual(JSON.parse(stdout), {
    runs: 1,
    planned: 1,
    status: 'success',
    ok: true,
    record: false,
    rest: ['function', 'function', 'object', 'function'],
  });
  assert.equal(stderr, '');

  writeFileSync(join(folder, 'wrong.yaml'), 'wrong: 1\nalso_wrong: 2\n');
  const refused = await run('npx', ['stepwell', 'run', 'baseline', '--config', 'wrong.yaml'], folder).catch((error) => error);
  const page = /; (\S+\.md) describes every key/.exec(refused.stderr)?.[1];
  assert.equal(page, 'node_modules/stepwell/docs/configuration.md', refused.stderr);
  assert.ok(existsSync(join(folder, page)), 'the page that a message names is in the package');
}

describe('the package', { concurrency: 2 }, () => {
  if (typeof toolchains === 'string') {
    test('works as npm pack makes it and as git has it', { skip: toolchains }, () => {});
    return;
  }
  const repository = repositoryOfCheckout(join(place, 'repository'));
  for (const [index, toolchain] of toolchains.entries()) {
    const dir = join(place, String(index));
    const folder = (name: string): string => {
      mkdirSync(join(dir, name), { recursive: true });
      return join(dir, name);
    };
    const { run, name } = toolchain;

    test(`works as packed in a fresh clone, and as installed from git, by ${name}`, async (t) => {
      const clone = join(folder('clones'), 'stepwell');
      await t.test('npm pack in a fresh clone builds the package', async () => {
        execFileSync('git', ['clone', '--quiet', repository, clone]);
        const { stdout } = await run('npm', ['pack', '--prefer-offline'], clone);
        assert.match(stdout, new RegExp(`^${packageName}-${version}\\.tgz$`, 'm'));
      });
      await t.test('its own Node runs the clone', async () => {
        assert.equal((await run(join(clone, 'bin/stepwell.js'), ['--version'], clone)).stdout, `${version}\n`);
        assert.match((await run(join(clone, 'bin/stepwell.js'), ['list', '--runs-dir', 'none'], clone)).stderr, /no runs/);
      });
      await t.test('the packed file runs an experiment in an empty folder', async () => {
        const empty = folder('packed');
        await run('npm', ['install', '--prefer-offline', join(clone, `${packageName}-${version}.tgz`)], empty);
        await usePackage(toolchain, empty);
        const publint = [join(root, 'node_modules/.bin/publint'), '--strict', '--pack', 'false', 'node_modules/stepwell'];
        assert.match((await run(process.execPath, publint, empty)).stdout, /All good/);
      });
      await t.test('npm installs the same files from git', async () => {
        const empty = folder('from-git');
        await run('npm', ['install', '--prefer-offline', `git+file://${repository}`], empty);
        const files = async (where: string): Promise<string> => (await run('find', ['.', '-type', 'f'], where)).stdout;
        const [fromGit, packed] = await Promise.all(
          ['from-git', 'packed'].map(async (name) => await files(join(dir, name, 'node_modules/stepwell'))),
        );
        assert.deepEqual(fromGit?.split('\n').sort(), packed?.split('\n').sort());
        assert.equal((await run('npx', ['stepwell', '--version'], empty)).stdout, `${version}\n`);
      });
    });
  }
});
