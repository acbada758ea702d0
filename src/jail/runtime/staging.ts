import { spawnSync } from 'node:child_process';
import {
  chownSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { openBeneath } from '../../kernel/at.ts';
import {
  bindMount,
  type MountAttribute,
  makeDevice,
  mountFileSystem,
  mountIdmapped,
} from '../../kernel/mount.ts';

import { plainEnvironment } from '../../system/process.ts';

/** A tree that the runtime shall find in the staging folder, under the name `at`. */
export type StagedMount =
  | { kind: 'idmapped'; source: string; at: string; attributes: readonly MountAttribute[] }
  /** An image of ext4, whose owners are mapped as well. */
  | { kind: 'image'; image: string; at: string; attributes: readonly MountAttribute[] }
  /** A file or folder of the host, by its path without a link; `field` is what declares it. */
  | { kind: 'host'; field: string; source: string; at: string }
  | { kind: 'text'; text: string; at: string }
  /** A folder of files that only one user of the jail can read; ids as the host counts. */
  | {
      kind: 'secrets';
      files: Readonly<Record<string, Uint8Array>>;
      at: string;
      owner: { uid: number; gid: number };
    };

const O_PATH = 0o10000000;

/** Folders that the Filesystem Hierarchy Standard promises and that the runtime needs nothing of. */
const candidates = ['/media', '/mnt', '/srv', '/opt', '/home'];

/**
 * Chooses where the runtime shall find the jail's trees: a tmpfs over some folder of the host, in our own mount
 * namespace only. The jail's root, unprivileged on the host, must be able to reach them, and the way to prodng's own folders may be
 * closed to it.
 *
 * @param needed what must stay visible
 * @throws ProdngError HOST_LACKS
 */
export function chooseStaging(needed: readonly string[]): string {
  const free = candidates.find(
    (folder) => existsSync(folder) && !needed.some((path) => `${path}/`.startsWith(`${folder}/`)),
  );
  if (free !== undefined) return free;
  throw new ProdngError('HOST_LACKS', `none of ${candidates.join(', ')} is free to mount a jail on`, {
    hint: 'as root, run: mkdir /media',
  });
}

/** Mounts everything; only within inOwnMountNamespace. */
export function stageMounts(folder: string, mounts: readonly StagedMount[], userNamespace: number): void {
  mountFileSystem('tmpfs', 'prodng', folder, ['nosuid', 'nodev', 'noexec'], 'mode=755,size=8m');
  ownDevices(join(folder, 'dev'));
  for (const mount of mounts) {
    const place = join(folder, mount.at);
    if (mount.kind === 'text') {
      writeFileSync(place, mount.text, { mode: 0o644 });
      continue;
    }
    if (mount.kind === 'secrets') {
      makeSecrets(place, mount.files, mount.owner);
      continue;
    }
    if (mount.kind === 'host') {
      mountHostFile(mount.field, mount.source, place);
      continue;
    }
    mkdirSync(place, { recursive: true, mode: 0o755 });
    if (mount.kind === 'image') mountImage(mount.image, place);
    mapOwners(mount.kind === 'image' ? place : mount.source, place, userNamespace, mount.attributes);
  }
}

function makeSecrets(
  folder: string,
  files: Readonly<Record<string, Uint8Array>>,
  { uid, gid }: { uid: number; gid: number },
): void {
  mkdirSync(folder, { mode: 0o500 });
  for (const [name, bytes] of Object.entries(files)) {
    const place = join(folder, name);
    writeFileSync(place, bytes, { mode: 0o400, flag: 'wx' });
    chownSync(place, uid, gid);
  }
  chownSync(folder, uid, gid);
}

/**
 * Mounts a file or folder of the host by a descriptor of it. Its path was checked against the policy without a link in
 * it; one that was put there since, by a process that may write to a folder on the way, is not followed.
 *
 * @throws ProdngError HOST_LACKS
 */
function mountHostFile(field: string, source: string, place: string): void {
  const top = openSync('/', constants.O_RDONLY | constants.O_DIRECTORY);
  let file: number | undefined;
  try {
    // without O_NOFOLLOW: with it, O_PATH would open a link itself
    file = openBeneath(top, source.slice(1) || '.', O_PATH);
    if (fstatSync(file).isDirectory()) mkdirSync(place, { mode: 0o755 });
    else writeFileSync(place, '', { mode: 0o644 });
    bindMount(`/proc/self/fd/${file}`, place);
  } catch (cause) {
    throw new ProdngError('HOST_LACKS', `${field}: ${source}: ${reasonOf(cause)}`, {
      hint: 'the file that the jail reads was moved or replaced while the jail was started: start it again',
      cause,
    });
  } finally {
    closeSync(top);
    if (file !== undefined) closeSync(file);
  }
}

/** By number, as in the kernel's devices.txt. */
const devices = {
  null: [1, 3],
  zero: [1, 5],
  full: [1, 7],
  random: [1, 8],
  urandom: [1, 9],
  tty: [5, 0],
} as const;

/**
 * In a user namespace a runtime can make no devices and shows those that it finds in /dev. The host's own would be one
 * inode for all: inotify(7) on it shows a jail every use by the host and its neighbours, and flock(2) locks them out.
 */
export function ownDevices(folder: string): void {
  mkdirSync(folder);
  mountFileSystem('tmpfs', 'prodng', folder, ['nosuid', 'noexec'], 'mode=755,size=64k,nr_inodes=16');
  for (const [name, [major, minor]] of Object.entries(devices)) {
    makeDevice(join(folder, name), major, minor);
    bindMount(join(folder, name), `/dev/${name}`);
  }
}

/** mount(8) finds a loop device, and has the kernel free it with the last mount of the image. */
function mountImage(image: string, place: string): void {
  const argv = ['-t', 'ext4', '-o', 'loop,nosuid,nodev,noexec', image, place];
  const { status, stderr, error } = spawnSync('mount', argv, {
    env: { ...plainEnvironment },
    encoding: 'utf8',
  });
  if (status === 0) return;
  throw new ProdngError(
    'IO',
    `${image}: the volume cannot be mounted: ${(error?.message ?? stderr).trim()}`,
    {
      hint: `check it with: e2fsck -f ${image}`,
    },
  );
}

function mapOwners(
  source: string,
  place: string,
  userNamespace: number,
  attributes: readonly MountAttribute[],
): void {
  try {
    mountIdmapped(source, place, userNamespace, attributes);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'EINVAL' && code !== 'ENOSYS') throw error;
    throw new ProdngError('HOST_LACKS', `${source}: its file system cannot be mounted with mapped owners`, {
      hint: "put prodng's folders on ext4, xfs or btrfs (PRODNG_CACHE_DIR, PRODNG_STATE_DIR); it needs Linux 5.12",
      cause: error,
    });
  }
}
