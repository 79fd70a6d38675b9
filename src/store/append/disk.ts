/** The few calls to the file system that appending needs. Tests hand in disks that are full or cut writes short. */
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';

export interface Disk {
  /** Opens for appending and reading, and creates the file where it is missing. */
  open(path: string): number;
  /** May write less than asked, like write(2). */
  write(fd: number, bytes: Uint8Array, offset: number, length: number): number;
  read(fd: number, bytes: Uint8Array, position: number): number;
  size(fd: number): number;
  sync(fd: number): void;
  close(fd: number): void;
  /** Makes a directory and its parents. Returns the outermost one made, or undefined when all were there. */
  makeDirectory(path: string): string | undefined;
  /** Makes the names inside a directory durable. */
  syncDirectory(path: string): void;
}

const APPEND = constants.O_APPEND | constants.O_CREAT | constants.O_RDWR;

export const realDisk: Disk = {
  open: (path) => openSync(path, APPEND, 0o644),
  write: (fd, bytes, offset, length) => writeSync(fd, bytes, offset, length),
  read: (fd, bytes, position) => readSync(fd, bytes, 0, bytes.length, position),
  size: (fd) => fstatSync(fd).size,
  sync: (fd) => fsyncSync(fd),
  close: (fd) => closeSync(fd),
  makeDirectory: (path) => mkdirSync(path, { recursive: true }),
  syncDirectory(path) {
    // Windows cannot open a directory; there the file system's own journal is all there is.
    if (process.platform === 'win32') return;
    const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  },
};
