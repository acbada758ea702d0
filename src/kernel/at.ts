import { constants } from 'node:fs';
import { errnoOf } from '../error/prodng-error.ts';
import { libcFunction } from './libc.ts';

// System calls that work beneath a directory descriptor: what Node's fs cannot do. All throw SystemError.

const syscallOpenat2 = libcFunction(
  'long syscall(long number, int directory, const char *path, const void *how, size_t size)',
);
const libcMkdirat = libcFunction('int mkdirat(int directory, const char *path, uint32_t mode)');
const libcSymlinkat = libcFunction('int symlinkat(const char *target, int directory, const char *path)');
const libcLinkat = libcFunction(
  'int linkat(int fromDirectory, const char *from, int toDirectory, const char *to, int flags)',
);
const libcFchownat = libcFunction(
  'int fchownat(int directory, const char *path, uint32_t uid, uint32_t gid, int flags)',
);
const libcUtimensat = libcFunction(
  'int utimensat(int directory, const char *path, const void *times, int flags)',
);
const libcRenameat2 = libcFunction(
  'int renameat2(int fromDirectory, const char *from, int toDirectory, const char *to, unsigned int flags)',
);
const libcRenameat = libcFunction(
  'int renameat(int fromDirectory, const char *from, int toDirectory, const char *to)',
);
const libcUnlinkat = libcFunction('int unlinkat(int directory, const char *path, int flags)');
const libcFlock = libcFunction('int flock(int fd, int operation)');

/** The number is the same on every architecture. */
const SYS_OPENAT2 = 437;
/** RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH, openat2(2). */
const RESOLVE_BENEATH_ONLY = 0x02 | 0x04 | 0x08;
const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const AT_SYMLINK_FOLLOW = 0x400;
const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;
const LOCK_EX_NB = 2 | 4;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
/** O_TMPFILE without its O_DIRECTORY, open(2). */
const TMPFILE = 0o20000000;

/** struct open_how, kept: one allocation for thousands of files. */
const how = Buffer.alloc(24);
how.writeBigUInt64LE(BigInt(RESOLVE_BENEATH_ONLY), 16);

/**
 * Opens `path` beneath `directory` and nowhere else: `..` out of it, an absolute path and any symbolic link on the way
 * fail. openat2(2), Linux 5.6.
 *
 * @param flags O_* flags; O_CLOEXEC is added
 * @param mode permission bits of a new file; the umask applies
 * @returns a file descriptor that the caller owns
 * @throws SystemError: ELOOP (a symbolic link), EXDEV (out of the directory), ...
 */
export function openBeneath(directory: number, path: string, flags: number, mode = 0): number {
  how.writeBigUInt64LE(BigInt(flags | O_CLOEXEC), 0);
  how.writeBigUInt64LE(BigInt((flags & (constants.O_CREAT | TMPFILE)) === 0 ? 0 : mode), 8);
  return syscallOpenat2(SYS_OPENAT2, directory, path, how, how.length);
}

/** Opens a folder only as a place to make things in. */
export function openFolderBeneath(directory: number, path: string): number {
  return openBeneath(directory, path, O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** mkdirat(2). `name` must be one component: it is not resolved beneath anything. */
export function makeFolderAt(directory: number, name: string, mode: number): void {
  libcMkdirat(directory, name, mode);
}

/** symlinkat(2). */
export function symlinkAt(target: string, directory: number, name: string): void {
  libcSymlinkat(target, directory, name);
}

/** linkat(2); a symbolic link as `from` is not followed. */
export function linkAt(fromDirectory: number, from: string, directory: number, name: string): void {
  libcLinkat(fromDirectory, from, directory, name, 0);
}

/** Gives an open file without a name (O_TMPFILE) its name; EEXIST when that is taken. linkat(2), through /proc. */
export function linkDescriptor(fd: number, directory: number, name: string): void {
  libcLinkat(AT_FDCWD, `/proc/self/fd/${fd}`, directory, name, AT_SYMLINK_FOLLOW);
}

/** fchownat(2) of the entry itself, never of what it points to. */
export function chownAt(directory: number, name: string, uid: number, gid: number): void {
  libcFchownat(directory, name, uid, gid, AT_SYMLINK_NOFOLLOW);
}

/** utimensat(2) of the entry itself: both times, in whole seconds. */
export function setTimeAt(directory: number, name: string, seconds: number): void {
  const times = Buffer.alloc(32);
  times.writeBigInt64LE(BigInt(seconds), 0);
  times.writeBigInt64LE(BigInt(seconds), 16);
  libcUtimensat(directory, name, times, AT_SYMLINK_NOFOLLOW);
}

/** renameat(2) within one directory: replaces what has the new name, a symbolic link itself and never its target. */
export function renameAt(directory: number, from: string, to: string): void {
  libcRenameat(directory, from, directory, to);
}

/** As renameAt, from one directory to another. */
export function moveAt(fromDirectory: number, from: string, directory: number, name: string): void {
  libcRenameat(fromDirectory, from, directory, name);
}

/** unlinkat(2) of anything but a directory. `name` must be one component. */
export function unlinkAt(directory: number, name: string): void {
  libcUnlinkat(directory, name, 0);
}

/** unlinkat(2) of an empty directory. `name` must be one component. */
export function removeFolderAt(directory: number, name: string): void {
  libcUnlinkat(directory, name, AT_REMOVEDIR);
}

/** Renames and fails with EEXIST, rather than replacing anything. renameat2(2). */
export function moveNewAt(fromDirectory: number, from: string, directory: number, name: string): void {
  libcRenameat2(fromDirectory, from, directory, name, RENAME_NOREPLACE);
}

/** Swaps two entries in one step; both must exist. renameat2(2). @throws SystemError: EINVAL where the file system cannot */
export function exchangeAt(directory: number, one: string, otherDirectory: number, other: string): void {
  libcRenameat2(directory, one, otherDirectory, other, RENAME_EXCHANGE);
}

/** flock(2), exclusive, without waiting. The kernel lets go of it when the process ends, however that happens. */
export function tryLock(fd: number): boolean {
  try {
    libcFlock(fd, LOCK_EX_NB);
    return true;
  } catch (error) {
    // Two names for the same number.
    if (['EAGAIN', 'EWOULDBLOCK'].includes(errnoOf(error) ?? '')) return false;
    throw error;
  }
}
