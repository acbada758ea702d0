import { chmodSync, closeSync, constants, openSync } from 'node:fs';
import { libcFunction } from './libc.ts';

const unshare = libcFunction('int unshare(int flags)');
const setns = libcFunction('int setns(int fd, int nstype)');
const fchdir = libcFunction('int fchdir(int fd)');
const libcMount = libcFunction(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const libcUnmount = libcFunction('int umount2(const char *target, int flags)');
const libcMknod = libcFunction('int mknod(const char *path, unsigned int mode, unsigned long device)');
const syscallOpenTree = libcFunction(
  'long syscall(long number, int directory, const char *path, unsigned int flags)',
);
const syscallMountSetattr = libcFunction(
  'long syscall(long number, int directory, const char *path, unsigned int flags, const void *attr, size_t size)',
);
const syscallMoveMount = libcFunction(
  'long syscall(long number, int fromDirectory, const char *from, int toDirectory, const char *to, unsigned int flags)',
);

// The numbers are the same on every architecture.
const SYS_OPEN_TREE = 428;
const SYS_MOVE_MOUNT = 429;
const SYS_MOUNT_SETATTR = 442;

const CLONE_NEWNS = 0x2_0000;
const MS_BIND = 0x1000;
const MS_REC = 0x4000;
const MS_PRIVATE = 0x4_0000;
const OPEN_TREE_CLONE = 1;
const O_CLOEXEC = 0o2000000;
const AT_FDCWD = -100;
const AT_EMPTY_PATH = 0x1000;
const AT_RECURSIVE = 0x8000;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** MOUNT_ATTR_* of mount_setattr(2). */
const mountAttributes = { rdonly: 1, nosuid: 2, nodev: 4, noexec: 8 } as const;
const MOUNT_ATTR_IDMAP = 0x10_0000;

export type MountAttribute = keyof typeof mountAttributes;

/**
 * Runs `work` in a private mount namespace, and comes back from it. The namespace lives on in the
 * processes that `work` started, and is gone with the last of them: no mount can leak to the host, no matter what is killed.
 *
 * `work` must not be asynchronous: only this thread is in the namespace, and libuv's others do file I/O. A spawn is
 * fine, as libuv forks from the thread that asks for it.
 *
 * @throws SystemError EPERM without CAP_SYS_ADMIN
 */
export function inOwnMountNamespace<T>(work: () => T): T {
  // setns(2) leaves the caller at the root of the namespace
  const folder = openSync('.', constants.O_RDONLY | constants.O_DIRECTORY);
  const own = openSync('/proc/thread-self/ns/mnt', 'r');
  try {
    unshare(CLONE_NEWNS);
    try {
      libcMount('none', '/', null, MS_REC | MS_PRIVATE, null);
      return work();
    } finally {
      setns(own, CLONE_NEWNS);
      fchdir(folder);
    }
  } finally {
    closeSync(own);
    closeSync(folder);
  }
}

/**
 * Shows the tree at `source` a second time at `target`, with the owners of its files mapped by a user namespace and
 * with the attributes given. Nothing in the tree changes. mount_setattr(2), Linux 5.12.
 *
 * @param userNamespace a descriptor of the user namespace whose maps apply
 * @throws SystemError EINVAL where the file system cannot do it
 */
export function mountIdmapped(
  source: string,
  target: string,
  userNamespace: number,
  attributes: readonly MountAttribute[],
): void {
  const tree = syscallOpenTree(SYS_OPEN_TREE, AT_FDCWD, source, OPEN_TREE_CLONE | O_CLOEXEC);
  try {
    const set = attributes.reduce((bits, name) => bits | mountAttributes[name], MOUNT_ATTR_IDMAP);
    // struct mount_attr
    const attr = Buffer.alloc(32);
    attr.writeBigUInt64LE(BigInt(set), 0);
    attr.writeBigUInt64LE(BigInt(userNamespace), 24);
    syscallMountSetattr(SYS_MOUNT_SETATTR, tree, '', AT_EMPTY_PATH | AT_RECURSIVE, attr, attr.length);
    syscallMoveMount(SYS_MOVE_MOUNT, tree, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH);
  } finally {
    closeSync(tree);
  }
}

/** Mounts a file system, mount(2). `options` are the file system's own, as `size=1m,mode=755`. */
export function mountFileSystem(
  type: string,
  source: string,
  target: string,
  attributes: readonly MountAttribute[],
  options: string,
): void {
  const flags = attributes.reduce((bits, name) => bits | mountAttributes[name], 0);
  libcMount(source, target, type, flags, options);
}

const MNT_DETACH = 2;

/** Takes a mount away from its folder at once, and ends it when it is not in use any more. umount2(2). */
export function unmount(target: string): void {
  libcUnmount(target, MNT_DETACH);
}

/** Shows a file or folder a second time, over `target`; mounts below it do not come along. mount(2), MS_BIND. */
export function bindMount(source: string, target: string): void {
  libcMount(source, target, null, MS_BIND, null);
}

const S_IFCHR = 0o020000;

/** Makes a character device that everybody may read and write, mknod(2). Both numbers are below 256. */
export function makeDevice(path: string, major: number, minor: number): void {
  libcMknod(path, S_IFCHR | 0o666, (major << 8) | minor);
  // the umask has no say
  chmodSync(path, 0o666);
}
