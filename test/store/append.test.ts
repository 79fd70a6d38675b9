/** The appender on disks that misbehave: short writes, no space, fragments, few descriptors; and the order of syncing. */
import assert from 'node:assert/strict';
import { dirname } from 'node:path';
import { describe, test } from 'node:test';
import { AppendPool, type Disk } from '../../src/store/index.ts';
import { logDescriptorLimit } from '../../src/store/append/descriptor-limit.ts';

const fail = (code: string): never => {
  throw Object.assign(new Error(code), { code });
};

/** A disk in memory. `script` may cut a write short (a number), or fail it (an error code). */
function memoryDisk() {
  const files = new Map<string, Buffer>();
  const directories = new Set(['/', '/run']);
  const open = new Map<number, string>();
  const calls: string[] = [];
  const plan: (number | string)[] = [];
  let next = 3;
  let space = Infinity;
  let mostOpen = 0;
  const contentOf = (fd: number): Buffer => files.get(open.get(fd) ?? fail('EBADF')) ?? fail('EBADF');
  const disk: Disk = {
    open(path) {
      if (!directories.has(dirname(path))) fail('ENOENT');
      if (!files.has(path)) files.set(path, Buffer.alloc(0));
      calls.push(`open ${path}`);
      open.set(next, path);
      mostOpen = Math.max(mostOpen, open.size);
      return next++;
    },
    write(fd, bytes, offset, length) {
      const planned = plan.shift();
      if (typeof planned === 'string') fail(planned);
      const wrote = Math.min(length, space, typeof planned === 'number' ? planned : length);
      if (wrote === 0 && length > 0) fail('ENOSPC');
      space -= wrote;
      const path = open.get(fd) ?? fail('EBADF');
      calls.push(`write ${path}`);
      files.set(path, Buffer.concat([contentOf(fd), bytes.subarray(offset, offset + wrote)]));
      return wrote;
    },
    read(fd, bytes, position) {
      return contentOf(fd).copy(bytes, 0, position);
    },
    size: (fd) => contentOf(fd).length,
    sync: (fd) => void calls.push(`sync ${open.get(fd)}`),
    close(fd) {
      calls.push(`close ${open.get(fd)}`);
      open.delete(fd);
    },
    makeDirectory(path) {
      const missing: string[] = [];
      for (let at = path; !directories.has(at); at = dirname(at)) missing.push(at);
      for (const each of missing) directories.add(each);
      return missing.at(-1);
    },
    syncDirectory: (path) => void calls.push(`sync directory ${path}`),
  };
  return {
    disk,
    calls,
    plan,
    files,
    text: (path: string) => String(files.get(path) ?? ''),
    set: (path: string, text: string) => files.set(path, Buffer.from(text)),
    setSpace: (bytes: number) => (space = bytes),
    mostOpen: () => mostOpen,
  };
}

const records = {
  recovered: (torn: number) => Buffer.from(`recovered ${torn}\n`),
  dropped: ({ count, bytes, reason }: { count: number; bytes: number; reason: string }) =>
    Buffer.from(`dropped ${count} ${bytes} ${reason}\n`),
};

function setup(options: { maxOpen?: number; maxBacklogBytes?: number } = {}) {
  const memory = memoryDisk();
  const notices: string[] = [];
  const pool = new AppendPool({ disk: memory.disk, notify: (notice) => notices.push(notice), ...options });
  const directories = new Set<string>();
  const file = (path: string) => pool.file(path, records, directories);
  const append = (to: ReturnType<typeof file>, line: string, mayWait = false): void => {
    pool.ensureOpen(to);
    pool.append(to, Buffer.from(`${line}\n`), Buffer.byteLength(line) + 1, mayWait);
  };
  return { ...memory, pool, notices, directories, file, append };
}

describe('writing', () => {
  test('each line is one write before the call returns, and missing directories are created', () => {
    const { file, append, text, calls } = setup();
    const a = file('/run/logs/step_001/a.log');
    append(a, 'one');
    append(a, 'two');
    assert.equal(text(a.path), 'one\ntwo\n');
    assert.equal(calls.filter((call) => call.startsWith('write')).length, 2);
  });

  test('short writes are completed', () => {
    const { file, append, text, plan } = setup();
    const a = file('/run/a.log');
    plan.push(2, 1, 3);
    append(a, 'a long line');
    append(a, 'next');
    assert.equal(text(a.path), 'a long line\nnext\n');
  });

  test('a line cut by a full disk is completed in order once there is space', () => {
    const { file, append, text, setSpace, notices, pool, directories } = setup();
    const a = file('/run/a.log');
    const b = file('/run/b.log');
    append(b, 'b');
    setSpace(4);
    for (const line of ['first line', 'second line', 'third']) append(a, line);
    assert.equal(text(a.path), 'firs');
    assert.equal(pool.sync([a], directories), false);
    assert.equal(notices.length, 1);
    assert.match(notices[0] ?? '', /\/run\/a\.log cannot be written \(ENOSPC\)/);
    setSpace(Infinity);
    append(b, 'a line of another file is enough');
    assert.equal(text(a.path), 'first line\nsecond line\nthird\n');
    assert.equal(pool.sync([a], directories), true);
  });

  test('a line is rewritten whole when another process appended to its fragment', () => {
    const { file, append, text, set, setSpace } = setup();
    const a = file('/run/a.log');
    append(a, 'zero');
    setSpace(4);
    append(a, 'first line');
    set(a.path, `${text(a.path)}{theirs}\n`);
    setSpace(Infinity);
    append(a, 'second');
    assert.equal(text(a.path), 'zero\nfirs{theirs}\n\nfirst line\nsecond\n');
  });

  for (const code of ['ENOSPC', 'EIO', 'EDQUOT']) {
    test(`${code}: nothing thrown, nothing lost`, () => {
      const { file, append, text, plan } = setup();
      const a = file('/run/a.log');
      plan.push(code, code, code);
      for (const line of ['1', '2', '3', '4']) append(a, line);
      assert.equal(text(a.path), '1\n2\n3\n4\n');
    });
  }

  test('lines beyond the backlog are counted, and a record states the count where they are missing', () => {
    const { file, append, text, setSpace, pool, directories } = setup({ maxBacklogBytes: 20 });
    const a = file('/run/a.log');
    append(a, 'zero');
    setSpace(0);
    for (let index = 0; index < 10; index++) append(a, `line ${index}`);
    setSpace(Infinity);
    append(a, 'after');
    assert.equal(text(a.path), 'zero\nline 0\nline 1\ndropped 8 56 ENOSPC\nafter\n');
    assert.equal(pool.sync([a], directories), false, 'the record stays incomplete');
  });

  test('the backlog is retried automatically', async () => {
    const { file, append, text, plan } = setup();
    const a = file('/run/a.log');
    plan.push('EIO');
    append(a, 'alone');
    assert.equal(text(a.path), '');
    const deadline = Date.now() + 20_000;
    while (text(a.path) === '' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(text(a.path), 'alone\n');
  });

  test('lines for a file that cannot be opened are kept', () => {
    const { file, append, text, disk, notices } = setup();
    const a = file('/run/a.log');
    const open = disk.open.bind(disk);
    Object.assign(disk, {
      open: () => {
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      },
    });
    append(a, 'one');
    Object.assign(disk, { open });
    append(a, 'two');
    assert.equal(text(a.path), 'one\ntwo\n');
    assert.equal(notices.length, 1);
  });
});

describe('fragments', () => {
  for (const [what, fragment] of [
    ['short', '{"level":"in'],
    ['longer than a page', 'x'.repeat(200_000)],
    ['the whole file', 'y'],
  ] as const) {
    test(`a torn last line is terminated and reported (${what})`, () => {
      const { file, append, text, set } = setup();
      const before = what === 'the whole file' ? '' : 'whole\n';
      set('/run/a.log', `${before}${fragment}`);
      append(file('/run/a.log'), 'next');
      assert.equal(text('/run/a.log'), `${before}${fragment}\nrecovered ${fragment.length}\nnext\n`);
    });
  }

  test('a complete last line is left unchanged', () => {
    const { file, append, text, set } = setup();
    set('/run/a.log', 'whole\n');
    append(file('/run/a.log'), 'next');
    assert.equal(text('/run/a.log'), 'whole\nnext\n');
  });
});

describe('descriptors', () => {
  test('the number of open files is bounded, and the least recently used one is closed first', () => {
    const { file, append, text, mostOpen, calls, pool } = setup({ maxOpen: 3 });
    const files = Array.from({ length: 10 }, (_, index) => file(`/run/${index}.log`));
    for (let round = 0; round < 3; round++) for (const each of files) append(each, `${round}`);
    for (const { path } of files) assert.equal(text(path), '0\n1\n2\n');
    assert.equal(mostOpen(), 3);
    assert.equal(pool.openFiles, 3);
    calls.length = 0;
    append(files[7]!, 'used');
    append(files[0]!, 'opens');
    assert.deepEqual(
      calls.filter((call) => call.startsWith('close')),
      ['close /run/8.log'],
    );
  });

  test('the limit is 1,024 or half of the descriptor limit of the process', () => {
    assert.equal(
      logDescriptorLimit(() => 'Max open files            20000                20000                files\n'),
      1024,
    );
    assert.equal(
      logDescriptorLimit(() => 'Max open files            256                20000                files\n'),
      128,
    );
    assert.equal(
      logDescriptorLimit(() => 'Max open files            unlimited            unlimited            files\n'),
      1024,
    );
    assert.equal(
      logDescriptorLimit(() => {
        throw new Error('no /proc');
      }),
      128,
    );
  });
});

describe('buffered', () => {
  test('buffered and unbuffered lines keep their order', () => {
    const { file, append, text, pool } = setup();
    const a = file('/run/a.log');
    append(a, 'waits', true);
    append(a, 'waits too', true);
    assert.equal(text(a.path), '');
    append(a, 'an error');
    assert.equal(text(a.path), 'waits\nwaits too\nan error\n');
    append(a, 'again', true);
    pool.flush(a);
    assert.equal(text(a.path), 'waits\nwaits too\nan error\nagain\n');
  });

  test('at most 64 KiB are buffered, and a longer line is written directly', () => {
    const { file, append, text } = setup();
    const a = file('/run/a.log');
    for (let index = 0; index < 100; index++) append(a, 'x'.repeat(999), true);
    assert.ok(text(a.path).length > 100_000 - 64 * 1024);
    append(a, 'y'.repeat(100_000), true);
    assert.equal(text(a.path).length, 200_001);
  });

  test('buffered lines are written after a short delay', async () => {
    const { file, append, text } = setup();
    const a = file('/run/a.log');
    append(a, 'waits', true);
    const deadline = Date.now() + 20_000;
    while (text(a.path) === '' && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.equal(text(a.path), 'waits\n');
  });

  test('a buffered block that fails halfway neither loses nor repeats a line', () => {
    const { file, append, text, setSpace, pool } = setup();
    const a = file('/run/a.log');
    for (const line of ['one', 'two', 'three']) append(a, line, true);
    setSpace(6);
    pool.flush(a);
    assert.equal(text(a.path), 'one\ntw');
    setSpace(Infinity);
    append(a, 'four');
    assert.equal(text(a.path), 'one\ntwo\nthree\nfour\n');
  });
});

test('sync syncs files first, then their directories from the inside out, each once', () => {
  const { file, append, calls, pool, directories } = setup();
  const a = file('/run/logs/step_001/a.log');
  const b = file('/run/logs/run.log');
  append(a, 'x');
  append(b, 'x');
  pool.close(a);
  calls.length = 0;
  assert.equal(pool.sync([a, b], directories), true);
  const syncs = calls.filter((call) => call.startsWith('sync'));
  assert.deepEqual(syncs, [
    'sync /run/logs/step_001/a.log',
    'sync /run/logs/run.log',
    'sync directory /run/logs/step_001',
    'sync directory /run/logs',
    'sync directory /run',
  ]);
  calls.length = 0;
  pool.sync([a, b], directories);
  assert.deepEqual(calls, []);
  append(b, 'more');
  calls.length = 0;
  pool.sync([a, b], directories);
  assert.deepEqual(calls, ['sync /run/logs/run.log']);
});
