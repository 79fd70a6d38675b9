/**
 * Watches programs for what they write, with strace: every file that a process tree opened for writing, made, renamed, removed or
 * changed the attributes of.
 *
 * In a test of a real framework, around stepwell and everything that it starts:
 *
 *     const [strace, ...options] = watching(log);
 *     execFileSync(strace, [...options, process.execPath, 'src/cli/index.ts', 'run', …]);
 *     assert.deepEqual(outsideOf(writesIn(log), [runsDir, tmp]), []);
 *
 * with stepwell's own TMPDIR set to `tmp`: checks before a run may ask a program for its version there, in a HOME that is removed again.
 * To tell apart runs that go on at the same time, start each framework's program by it (`agents-real.test.ts`). `watchedHere` is for
 * what a test does itself.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';

let watchable: string | false | null = null;

/** Why programs cannot be watched here, for `skip`; false where they can. Asked of strace once. */
export function cannotWatch(): string | false {
  watchable ??= spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0 ? false : 'strace cannot be used here';
  return watchable;
}

/** The same for `watchedHere`. */
export function cannotAttach(): string | false {
  const reason = 'strace may not attach to a running process here (kernel.yama.ptrace_scope)';
  return cannotWatch() || (mayAttach() ? false : reason);
}

function mayAttach(): boolean {
  const file = '/proc/sys/kernel/yama/ptrace_scope';
  return !existsSync(file) || readFileSync(file, 'utf8').trim() === '0' || process.getuid?.() === 0;
}

const words = (text: string): readonly string[] => text.split(' ');
const OPENING = words('open openat openat2 creat');
const BY_DESCRIPTOR = words('fchmod fchown fsetxattr fremovexattr');
/** The first path that they name is what they change. */
const FIRST = words(
  'mkdir mkdirat mknod mknodat unlink unlinkat rmdir truncate chmod fchmodat chown lchown fchownat utime utimes futimesat utimensat ' +
    'setxattr lsetxattr removexattr lremovexattr',
);
const EVERY = words('rename renameat renameat2');
const LAST = words('link linkat symlink symlinkat');
const MOVING = words('chdir fchdir');
const FORKING = words('clone clone3 fork vfork');
/** Writes that go through one cannot be seen. libuv has two: for files one that a kernel thread serves, and one without for events. */
const HIDING = 'io_uring_setup';
const CALLS = [...OPENING, ...BY_DESCRIPTOR, ...FIRST, ...EVERY, ...LAST, 'bind', ...MOVING, ...FORKING, HIDING];

const OPTIONS = ['-f', '-y', '-s', '4096', '-e', `trace=${CALLS.join(',')}`, '-e', 'status=successful'];

/** The beginning of a command line: what follows runs as always, and what it writes is in `log` afterward. */
export function watching(log: string): string[] {
  return ['strace', '-qq', '--seccomp-bpf', ...OPTIONS, '-o', log, '--'];
}

/** Watches this process and what it starts until `work` is done, and returns what that returned. */
export async function watchedHere<T>(log: string, work: () => Promise<T>): Promise<T> {
  const strace = spawn('strace', [...OPTIONS, '-o', log, '-p', String(process.pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(strace, 'exit').then(() => 'ended' as const);
  const first = await Promise.race([once(strace.stderr, 'data'), ended]);
  if (first === 'ended') throw new Error('strace could not attach to this process');
  try {
    return await work();
  } finally {
    strace.kill('SIGINT');
    await ended;
  }
}

export interface Write {
  readonly call: string;
  /** Absolute; links are followed where a file was opened. One that is relative lies in a folder that could not be told. */
  readonly path: string;
}

/** What a log says was written, in order. @throws when it holds no call at all, for then nothing was watched */
export function writesIn(log: string): Write[] {
  const lines = readFileSync(log, 'utf8').split('\n').flatMap(readLine);
  if (lines.length === 0) throw new Error(`${log} holds no call`);
  const folders = new Folders(lines);
  return lines.flatMap((line) => {
    folders.follow(line);
    if (line.call === HIDING) return line.args.includes('SQPOLL,') ? [{ call: HIDING, path: 'whatever goes through it' }] : [];
    return pathsOf(line).map((path) => ({ call: line.call, path: folders.resolve(line.pid, path) }));
  });
}

/** Terminals, devices that keep nothing, a process's own settings. */
const HARMLESS =
  /^(\/dev\/(null|zero|full|tty|ptmx|pts\/\d+)|\/proc\/(self|thread-self|\d+)\/.*|(pipe|socket|anon_inode):.*|\/memfd:.*)$/;

/** As lines for people, each once: what was written neither below one of the folders nor to something harmless. */
export function outsideOf(writes: readonly Write[], folders: readonly string[]): string[] {
  const within = (path: string): boolean => folders.some((folder) => path === folder || path.startsWith(`${folder}/`));
  const outside = writes.filter(({ path }) => !within(path) && !HARMLESS.test(path));
  return [...new Set(outside.map(({ call, path }) => `${call} ${path}`))];
}

interface Line {
  readonly pid: string;
  readonly call: string;
  readonly args: string;
  readonly result: string;
}

function readLine(text: string): Line[] {
  const match = /^(\d+) +(\w+)\((.*)\) += (.*)$/.exec(text);
  return match === null ? [] : [{ pid: match[1]!, call: match[2]!, args: match[3]!, result: match[4]! }];
}

interface Named {
  /** That of the descriptor before it; null: the process's own. */
  readonly folder: string | null;
  readonly path: string;
}

function pathsOf({ call, args, result }: Line): Named[] {
  if (OPENING.includes(call)) {
    const writes = call === 'creat' || /\bO_(WRONLY|RDWR|CREAT|TRUNC)\b/.test(args);
    return writes ? [{ folder: null, path: ofDescriptor(result) }] : [];
  }
  // An abstract address, sun_path=@"…", is no file.
  if (call === 'bind') return [...args.matchAll(/sun_path="([^"]+)"/g)].map(([, path]) => ({ folder: null, path: plain(path!) }));
  const named = namedIn(args);
  if (BY_DESCRIPTOR.includes(call) || (FIRST.includes(call) && args.includes('>, NULL'))) {
    return [{ folder: null, path: ofDescriptor(args) }];
  }
  if (FIRST.includes(call)) return named.slice(0, 1);
  if (LAST.includes(call)) return named.slice(-1);
  return EVERY.includes(call) ? named : [];
}

function namedIn(args: string): Named[] {
  const found = args.matchAll(/(?:(AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"/g);
  return [...found].map(([, , folder, path]) => ({ folder: folder === undefined ? null : plain(folder), path: plain(path!) }));
}

/** `3</the/path>` */
function ofDescriptor(text: string): string {
  return plain(/<([^>]*)>/.exec(text)?.[1] ?? text);
}

const SHORT: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', v: '\v', f: '\f' };

/** strace writes bytes as in C. */
function plain(text: string): string {
  const bytes = text.replace(/\\([0-7]{1,3}|.)/g, (_, code: string) =>
    /^[0-7]/.test(code) ? String.fromCharCode(Number.parseInt(code, 8)) : (SHORT[code] ?? code),
  );
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** The working directory of each process when it named a relative path. Threads share that of their process. */
class Folders {
  readonly #directories = new Map<string, { folder: string | null }>();
  readonly #forks = new Map<string, { parent: string; shared: boolean }>();

  constructor(lines: readonly Line[]) {
    for (const { call, pid, args, result } of lines) {
      if (FORKING.includes(call)) this.#forks.set(result, { parent: pid, shared: args.includes('CLONE_FS') });
    }
  }

  follow({ pid, call, args }: Line): void {
    const at = this.#of(pid);
    const known = /AT_FDCWD<([^>]*)>/.exec(args)?.[1];
    if (known !== undefined) at.folder = plain(known);
    if (call === 'fchdir') at.folder = ofDescriptor(args);
    if (call === 'chdir') at.folder = resolve(at.folder ?? '', namedIn(args)[0]!.path);
  }

  resolve(pid: string, { folder, path }: Named): string {
    if (/^(pipe|socket|anon_inode):/.test(path)) return path;
    const from = folder ?? this.#of(pid).folder;
    return from === null ? path : resolve(from, path);
  }

  #of(pid: string): { folder: string | null } {
    const known = this.#directories.get(pid);
    if (known !== undefined) return known;
    const fork = this.#forks.get(pid);
    const from = fork === undefined ? { folder: null } : this.#of(fork.parent);
    const at = fork?.shared === true ? from : { ...from };
    this.#directories.set(pid, at);
    return at;
  }
}
