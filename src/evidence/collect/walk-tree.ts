import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { errnoOf } from '../../error/prodng-error.ts';
import { openBeneath } from '../../kernel/at.ts';

/** A file, folder, link or special file of a tree. */
export interface TreeFile {
  /** Relative to the tree. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo' | 'socket';
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** ms since 1970. */
  mtime: number;
  ctime: number;
  inode: number;
  /** Of regular files that could be read. */
  sha256?: string;
  md5?: string;
  link?: string;
  /** Why it could not be read. */
  errno?: string;
}

const O_PATH = 0o10000000;
const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/**
 * Lists a tree in the order of names, with digests. The tree is hostile: every step is beneath a descriptor of its
 * root, no link is followed, and nothing but regular files and folders is opened.
 *
 * @param root of the host, or through /proc/PID/root
 * @param most files at most; what follows is left out, and the last one returned has `errno: 'LIMIT'`
 * @param deadline by performance.now(): what comes later has no digests, and `errno: 'LIMIT'`
 * @throws a system error when the root cannot be opened
 */
export function* walkTree(
  root: string,
  most: number,
  deadline = Number.POSITIVE_INFINITY,
): Generator<TreeFile, void, undefined> {
  const fd = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    let count = 0;
    for (const file of walk(fd, '', deadline)) {
      if (++count > most) {
        yield { ...file, errno: 'LIMIT' };
        return;
      }
      yield file;
    }
  } finally {
    closeSync(fd);
  }
}

/** As walkTree, without reading any file. */
export function listTree(root: string): Generator<TreeFile, void, undefined> {
  return walkTree(root, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
}

function* walk(root: number, folder: string, deadline: number): Generator<TreeFile> {
  let fd: number;
  try {
    fd = openBeneath(root, folder === '' ? '.' : folder, folderFlags);
  } catch (error) {
    yield unreadable(folder, errnoOf(error));
    return;
  }
  let names: string[];
  try {
    names = readdirSync(`/proc/self/fd/${fd}`, { encoding: 'utf8' }).toSorted();
  } finally {
    closeSync(fd);
  }
  for (const name of names) {
    const path = folder === '' ? name : `${folder}/${name}`;
    const file = describe(root, path, deadline);
    yield file;
    if (file.type === 'directory' && file.errno === undefined) yield* walk(root, path, deadline);
  }
}

function describe(root: number, path: string, deadline: number): TreeFile {
  let place: number;
  try {
    place = openBeneath(root, path, O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    return unreadable(path, errnoOf(error));
  }
  try {
    const about = fstatSync(place);
    const file: TreeFile = { path, ...factsOf(about) };
    if (file.type === 'symlink') return describeLink(root, path);
    return file.type === 'file' ? { ...file, ...digestsOf(root, path, deadline) } : file;
  } finally {
    closeSync(place);
  }
}

function describeLink(root: number, path: string): TreeFile {
  const slash = path.lastIndexOf('/');
  try {
    const folder = openBeneath(root, slash === -1 ? '.' : path.slice(0, slash), folderFlags);
    try {
      const here = `/proc/self/fd/${folder}/${path.slice(slash + 1)}`;
      return { path, ...factsOf(lstatSync(here)), link: readlinkSync(here) };
    } finally {
      closeSync(folder);
    }
  } catch (error) {
    return unreadable(path, errnoOf(error));
  }
}

function digestsOf(root: number, path: string, deadline: number): Pick<TreeFile, 'sha256' | 'md5' | 'errno'> {
  let fd: number;
  try {
    fd = openBeneath(root, path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    return { errno: errnoOf(error) ?? 'UNKNOWN' };
  }
  try {
    const [sha256, md5] = [createHash('sha256'), createHash('md5')];
    for (;;) {
      if (performance.now() > deadline) return { errno: 'LIMIT' };
      const length = readSync(fd, buffer, 0, buffer.length, null);
      if (length === 0) return { sha256: sha256.digest('hex'), md5: md5.digest('hex') };
      sha256.update(buffer.subarray(0, length));
      md5.update(buffer.subarray(0, length));
    }
  } catch (error) {
    return { errno: errnoOf(error) ?? 'UNKNOWN' };
  } finally {
    closeSync(fd);
  }
}

const buffer = Buffer.alloc(2 ** 18);

const types: Readonly<Record<number, TreeFile['type']>> = {
  [constants.S_IFREG]: 'file',
  [constants.S_IFDIR]: 'directory',
  [constants.S_IFLNK]: 'symlink',
  [constants.S_IFCHR]: 'character',
  [constants.S_IFBLK]: 'block',
  [constants.S_IFIFO]: 'fifo',
  [constants.S_IFSOCK]: 'socket',
};

function factsOf(about: ReturnType<typeof lstatSync>): Omit<TreeFile, 'path'> {
  if (about === undefined) return { ...nothing, errno: 'ENOENT' };
  const { mode, uid, gid, size, mtimeMs, ctimeMs, ino } = about;
  return {
    type: types[Number(mode) & constants.S_IFMT] ?? 'file',
    mode: Number(mode) & 0o7777,
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    mtime: Math.floor(Number(mtimeMs)),
    ctime: Math.floor(Number(ctimeMs)),
    inode: Number(ino),
  };
}

const nothing = { type: 'file', mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, ctime: 0, inode: 0 } as const;

function unreadable(path: string, errno = 'UNKNOWN'): TreeFile {
  return { path, ...nothing, errno };
}
