/**
 * What every RunSource promises, whatever it reads from. A run directory and a run inside its archive pass the same tests.
 *
 * @example describeSource('archive', async (dir) => { await packRun(dir); return openArchive(join(dir, 'run.tar.gz')); });
 */
import assert from 'node:assert/strict';
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { readLogFile, readRange, readRecords, type ReadItem, type RunSource } from '../../src/store/index.ts';

/** One whole log line. */
export function line(fields: Record<string, unknown>): string {
  return `${JSON.stringify({
    level: 'info',
    timestamp: '2026-11-22T14:15:03.000Z',
    module: 'test',
    component: 'run',
    run_id: '20261122-141503-k3f9',
    framework: 'baseline',
    step: null,
    event: 'log',
    message: '',
    metadata: {},
    ...fields,
  })}\n`;
}

/** Files as they are on disk when the source is opened; log files end where the run is sealed. */
export const CONTRACT_FILES: Readonly<Record<string, string>> = {
  'logs/run.log':
    line({ seq: 1, writer: 'aaaaaa', event: 'run_start' }) +
    line({ seq: 5, writer: 'aaaaaa', event: 'run_end', timestamp: '2026-11-22T14:15:04.000Z' }),
  'logs/step_001/orchestrator.log':
    line({ seq: 2, writer: 'aaaaaa', step: 1, component: 'orchestrator', event: 'step_start' }) +
    line({ seq: 4, writer: 'aaaaaa', step: 1, component: 'orchestrator', event: 'step_end' }),
  'logs/step_001/adapter.log': line({ seq: 3, writer: 'aaaaaa', step: 1, component: 'adapter', message: 'x'.repeat(200_000) }),
  'metrics.json': '{"run_id":"20261122-141503-k3f9"}\n',
  'workspace/src/ünïcode name.txt': 'made\n',
  'workspace/empty.txt': '',
};

/** Writes the files below `dir`. */
export async function writeFiles(dir: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [path, data] of Object.entries(files)) {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), data);
  }
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

const eventsOf = (items: readonly ReadItem[]): string[] =>
  items.map((item) => ('record' in item ? item.record.event : 'damaged'));

/**
 * @param open gets a fresh run directory with {@link CONTRACT_FILES} and opens a source on it, or on what it made of it.
 */
export function describeSource(name: string, open: (runDir: string) => Promise<RunSource>): void {
  const withSource = async (check: (source: RunSource, runDir: string) => Promise<void>): Promise<void> => {
    const root = await mkdtemp(join(tmpdir(), 'stepwell-source-'));
    const runDir = join(root, '20261122-141503-k3f9');
    try {
      await writeFiles(runDir, CONTRACT_FILES);
      await symlink('/etc/hostname', join(runDir, 'workspace/link'));
      await using source = await open(runDir);
      await check(source, runDir);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  };

  describe(`a run source: ${name}`, () => {
    test('lists every regular file with its size, sorted, and no symlink', async () => {
      await withSource(async (source) => {
        const files = await source.files();
        const known = files.filter((file) => file.path in CONTRACT_FILES);
        assert.deepEqual(
          known,
          Object.entries(CONTRACT_FILES)
            .map(([path, text]) => ({ path, bytes: Buffer.byteLength(text) }))
            .sort((a, b) => (a.path < b.path ? -1 : 1)),
        );
        assert.equal(
          files.some((file) => file.path === 'workspace/link'),
          false,
        );
      });
    });

    test('lists only files below a given folder', async () => {
      await withSource(async (source) => {
        const below = (await source.files('logs')).map((file) => file.path);
        assert.deepEqual(below, ['logs/run.log', 'logs/step_001/adapter.log', 'logs/step_001/orchestrator.log']);
        assert.deepEqual(await source.files('log'), []);
        assert.deepEqual(await source.files('absent'), []);
      });
    });

    test('reads a whole file, an empty one, and null for one that is not there', async () => {
      await withSource(async (source) => {
        assert.equal((await source.read('metrics.json'))?.toString(), CONTRACT_FILES['metrics.json']);
        assert.equal((await source.read('workspace/src/ünïcode name.txt'))?.toString(), 'made\n');
        assert.equal((await source.read('workspace/empty.txt'))?.length, 0);
        assert.equal(await source.read('absent.json'), null);
        assert.equal(await source.read('logs'), null);
        assert.equal(await source.read('../20261122-141503-k3f9/metrics.json'), null);
        assert.equal(await source.read('/etc/hostname'), null);
      });
    });

    test('streams the same bytes as it reads, twice and side by side', async () => {
      await withSource(async (source) => {
        const streamed = await Promise.all(
          ['logs/step_001/adapter.log', 'logs/run.log', 'logs/step_001/adapter.log'].map(async (path) => {
            return Buffer.concat(await collect(source.stream(path))).toString();
          }),
        );
        assert.equal(streamed[0], CONTRACT_FILES['logs/step_001/adapter.log']);
        assert.equal(streamed[1], CONTRACT_FILES['logs/run.log']);
        assert.equal(streamed[2], streamed[0]);
      });
    });

    test('returns any range of a file, as bytes and as a stream', async () => {
      await withSource(async (source) => {
        const path = 'logs/step_001/adapter.log';
        const whole = Buffer.from(CONTRACT_FILES[path] ?? '');
        await using file = await source.open(path);
        assert.equal(file?.size, whole.length);
        for (const [from, to] of [
          [0, 10],
          [70_000, 170_000],
          [whole.length - 5, whole.length + 100],
          [whole.length, 2 ** 40],
        ] as const) {
          const part = whole.subarray(from, to).toString();
          assert.equal(file === null ? null : (await readRange(file, from, to - from)).toString(), part);
          assert.equal(Buffer.concat(await collect(source.stream(path, { from, to }))).toString(), part);
        }
        assert.equal((await source.open('workspace/empty.txt'))?.size, 0);
        assert.equal(await source.open('logs'), null);
        assert.equal(await source.open('logs/absent.log'), null);
        assert.equal(await source.open('../20261122-141503-k3f9/metrics.json'), null);
      });
    });

    test('a stream may be left early', async () => {
      await withSource(async (source) => {
        for await (const chunk of source.stream('logs/step_001/adapter.log')) {
          assert.ok(chunk.length > 0);
          break;
        }
        assert.equal((await source.read('metrics.json'))?.toString(), CONTRACT_FILES['metrics.json']);
      });
    });

    test('streaming a file that is not there is an error that names it', async () => {
      await withSource(async (source) => {
        await assert.rejects(collect(source.stream('logs/absent.log')), {
          code: 'RUN_FILE_MISSING',
          message: /logs\/absent\.log/,
        });
      });
    });

    test('returns the records of one file, and of all files in true order', async () => {
      await withSource(async (source) => {
        const one = await collect(readLogFile(source, 'logs/step_001/orchestrator.log'));
        assert.deepEqual(eventsOf(one), ['step_start', 'step_end']);
        const all = await collect(readRecords(source));
        assert.deepEqual(eventsOf(all), ['run_start', 'step_start', 'log', 'step_end', 'run_end']);
      });
    });
  });
}
