import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../error/prodng-error.ts';
import { openBeneath } from '../../kernel/at.ts';
import type { BundleWriter } from '../bundle/bundle-writer.ts';
import type { EvidenceSubject } from '../subject.ts';
import { compareTree, parseMd5sums } from './compare-tree.ts';
import { addProcFile, readDescriptor } from './proc-file.ts';
import { type TreeFile, walkTree } from './walk-tree.ts';

/** Volumes as the jail sees them, with digests. They may change again once the jail is thawed. */
export async function collectVolumes(
  bundle: BundleWriter,
  { volumes, run }: EvidenceSubject,
  most: number,
  deadline?: number,
): Promise<void> {
  for (const { path, place, image } of volumes) {
    const source = run === undefined ? place : join(`/proc/${run.pid}/root`, path);
    const item = { path: `volumes/${fileName(path)}.jsonl`, source, artifact: 'ProdNGJailVolumes' };
    if (image && run === undefined)
      bundle.missing(source, item.artifact, 'ENOTDIR', 'the image of a file system that is not mounted');
    else await addTree(bundle, item, most, deadline);
  }
}

/** The jail's tree with digests, and how it differs from its .deb. */
export async function collectRootfs(
  bundle: BundleWriter,
  { rootfs, md5sums }: EvidenceSubject,
  most: number,
): Promise<void> {
  const artifact = 'ProdNGJailRootfs';
  const found = await addTree(bundle, { path: 'rootfs/files.jsonl', source: rootfs, artifact }, most);
  if (found === undefined) return;
  try {
    const expected = parseMd5sums(readFileSync(md5sums.file, 'utf8'), md5sums.prefix);
    const item = { path: 'rootfs/changes.json', source: md5sums.file, artifact };
    await bundle.addJson(item, compareTree(found, expected));
  } catch (error) {
    bundle.failed(md5sums.file, artifact, error);
  }
}

async function addTree(
  bundle: BundleWriter,
  item: { path: string; source: string; artifact: string },
  most: number,
  deadline?: number,
): Promise<TreeFile[] | undefined> {
  try {
    const files = [...walkTree(item.source, most, deadline)];
    await bundle.add(item, Buffer.from(files.map((file) => `${JSON.stringify(file)}\n`).join('')));
    for (const { path, errno } of files)
      if (errno !== undefined) bundle.missing(join(item.source, path), item.artifact, errno);
    return files;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    bundle.failed(item.source, item.artifact, error);
    return undefined;
  }
}

const seenByJail = [
  'etc/resolv.conf',
  'etc/hosts',
  'etc/nsswitch.conf',
  'etc/hostname',
  'etc/passwd',
  'etc/group',
];

/** Small files as the processes of the jail see them: no link is followed. */
export async function collectSeen(bundle: BundleWriter, pid: number): Promise<void> {
  const root = openSync(`/proc/${pid}/root`, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    for (const path of seenByJail) {
      const item = { path: `seen/${path}`, source: `/proc/${pid}/root/${path}`, artifact: 'ProdNGJailNames' };
      let bytes: Buffer;
      try {
        const fd = openBeneath(root, path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        try {
          bytes = readDescriptor(fd, 2 ** 20);
        } finally {
          closeSync(fd);
        }
      } catch (error) {
        bundle.failed(item.source, item.artifact, error);
        continue;
      }
      await bundle.add(item, bytes);
    }
  } finally {
    closeSync(root);
  }
}

/** Files of the host that tell of the jail, and of the host itself. */
export async function collectHost(
  bundle: BundleWriter,
  { files }: EvidenceSubject,
  fileBytes: number,
): Promise<void> {
  for (const { path, file, artifact } of files) {
    try {
      const { bytes, left } = readEnd(file, fileBytes);
      await bundle.add({ path, source: file, artifact }, bytes);
      if (left > 0) bundle.missing(file, artifact, 'LIMIT', `its first ${left} bytes were left out`);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      bundle.failed(file, artifact, error);
    }
  }
  for (const source of hostFiles)
    await addProcFile(bundle, { path: `host${source}`, source, artifact: 'ProdNGHost' });
}

/** The end of a file: of a log, what happened last counts. */
function readEnd(file: string, most: number): { bytes: Buffer; left: number } {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  try {
    const left = Math.max(0, fstatSync(fd).size - most);
    const bytes = Buffer.alloc(Math.min(most, fstatSync(fd).size));
    return { bytes: bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, left)), left };
  } finally {
    closeSync(fd);
  }
}

const hostFiles = [
  '/proc/version',
  '/proc/cmdline',
  '/proc/uptime',
  '/proc/loadavg',
  '/proc/meminfo',
  '/proc/modules',
  '/proc/mounts',
  '/proc/sys/kernel/tainted',
  '/proc/sys/kernel/random/boot_id',
  '/etc/os-release',
];

function fileName(path: string): string {
  return path.slice(1).replace(/[^\w.-]/g, '_') || 'root';
}
