import { createHash } from 'node:crypto';
import { chownSync, type Stats, statSync } from 'node:fs';
import { mkdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JailDeclaration, JailMount } from '../../control/jail-declaration.ts';
import { formatSize } from '../../control/quantity.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { syncFolder } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';
import { runTool } from '../runtime/host-tool.ts';
import type { JailBind } from '../runtime/oci-spec.ts';
import type { StagedMount } from '../runtime/staging.ts';
import type { Account } from './account.ts';

type Volume = JailMount & { kind: 'rw' };

/** Where a volume lies on the host, and how the jail comes to see it. */
export interface PlannedVolume {
  volume: Volume;
  /** A folder, or an image when the volume has a size. */
  place: string;
  /** All blocks of the image are allocated before the jail starts. */
  reserve: boolean;
  mount: StagedMount;
  /** Its source is a name in the staging folder. */
  bind: JailBind;
}

/** The tables of an ext4 are in it: the least that leaves room for data. */
const leastVolume = 2 ** 20;
/**
 * On top of what is declared, for the least journal that ext4 has. Without one sync(2) does not bring to the disk what it
 * promises, and after a loss of power somebody has to check before the file system may be mounted.
 */
const journalSize = 2 ** 20;

/** Plans the volumes of a jail; nothing is made. They lie by the jail's name, so that they outlive its versions. */
export function planVolumes(
  name: string,
  { filesystem }: Pick<JailDeclaration, 'filesystem'>,
  paths: Paths,
  reserve = false,
): PlannedVolume[] {
  const volumes = filesystem.filter((mount): mount is Volume => mount.kind === 'rw');
  return volumes.map((volume, index) => {
    const at = `volume${index}`;
    const folder = join(paths.state, 'volumes', name, fileNameOf(volume.path));
    const attributes = ['nosuid', 'nodev', 'noexec'] as const;
    const bind = { source: at, path: volume.path, writable: true };
    if (volume.size === undefined)
      return {
        volume,
        place: folder,
        reserve: false,
        bind,
        mount: { kind: 'idmapped', source: folder, at, attributes },
      };
    const place = `${folder}.ext4`;
    return { volume, place, reserve, bind, mount: { kind: 'image', image: place, at, attributes } };
  });
}

/** One path component for a path in the jail: readable, and no two paths have the same. */
function fileNameOf(path: string): string {
  const readable = path
    .slice(1)
    .replace(/[^\w.-]/g, '_')
    .slice(0, 100);
  return `${readable}-${createHash('sha256').update(path).digest('hex').slice(0, 8)}`;
}

/**
 * Makes the volumes that are not there yet, owned by the jail's user, and grows those whose declared size has grown.
 * A volume is whole or not there.
 *
 * @throws ProdngError BUSY when one that is to grow is mounted, COMMAND_FAILED from mkfs and resize2fs, IO when the disk has
 *   no room for one that is reserved
 */
export async function makeVolumes(
  planned: readonly PlannedVolume[],
  account: Pick<Account, 'uid' | 'gid'>,
): Promise<void> {
  for (const { volume, place, reserve } of planned) {
    await mkdir(join(place, '..'), { recursive: true, mode: 0o700 });
    const stat = statSync(place, { throwIfNoEntry: false });
    if (volume.size !== undefined) {
      await makeImage({ place, reserve, size: Math.max(volume.size, leastVolume) }, stat, account);
      if (reserve) await reserveImage(place, volume.path);
    } else if (stat === undefined) await makeFolder(place, account);
  }
}

async function makeFolder(place: string, { uid, gid }: Pick<Account, 'uid' | 'gid'>): Promise<void> {
  const fresh = `${place}.new`;
  await rm(fresh, { recursive: true, force: true });
  await mkdir(fresh, { mode: 0o755 });
  // ids as the jail counts: the mount maps them
  chownSync(fresh, uid, gid);
  await rename(fresh, place);
  await syncFolder(join(place, '..'));
}

async function makeImage(
  { place, size, reserve }: { place: string; size: number; reserve: boolean },
  stat: Stats | undefined,
  { uid, gid }: Pick<Account, 'uid' | 'gid'>,
): Promise<void> {
  if (stat !== undefined) return growImage(place, size, stat.size - journalSize);
  const fresh = `${place}.new`;
  await rm(fresh, { force: true });
  await writeFile(fresh, '', { mode: 0o600 });
  await truncate(fresh, size + journalSize);
  // the kernel would zero the tables of inodes later, through the loop device, which gives their blocks back to the disk
  const lazy = reserve ? ',lazy_itable_init=0,lazy_journal_init=0' : '';
  const owner = `root_owner=${uid}:${gid},nodiscard${lazy}`;
  await runTool(['mkfs.ext4', '-q', '-F', '-m', '0', '-E', owner, fresh]);
  await rename(fresh, place);
  await syncFolder(join(place, '..'));
}

/**
 * It never shrinks: the version before an upgrade, which declares less, has to run again on what that has left. A copy is
 * grown: resize2fs, interrupted by a power loss, leaves what e2fsck cannot repair without questions.
 */
async function growImage(place: string, size: number, now: number): Promise<void> {
  if (size <= now) return;
  await assertDetached(place);
  const fresh = `${place}.new`;
  await rm(fresh, { force: true });
  await runTool(['cp', '--sparse=always', '--preserve=mode', place, fresh]);
  // exit status 1 of e2fsck: it repaired something
  await runTool(['e2fsck', '-f', '-p', fresh], { accept: [0, 1] });
  await truncate(fresh, size + journalSize);
  await runTool(['resize2fs', fresh]);
  await runTool(['sync', fresh]);
  await rename(fresh, place);
  await syncFolder(join(place, '..'));
}

/** Bytes of the unit of st_blocks, stat(2). */
const blockUnit = 512;

/**
 * Allocates what an image has not allocated yet, posix_fallocate(3): nothing that it holds changes. An image that could
 * not be reserved stays, and is reserved at the next start.
 */
async function reserveImage(place: string, path: string): Promise<void> {
  const { size, blocks } = statSync(place);
  if (blocks * blockUnit >= size) return;
  const { status, stderr } = await runTool(['fallocate', '--length', String(size), place], {
    accept: [0, 1],
  });
  if (status === 0) return;
  throw new ProdngError('IO', `${path}: the disk cannot reserve ${formatSize(size)}: ${stderr.trim()}`, {
    hint: 'make room, or set "volumes": { "reserve": false } in agent.json: its writes can then fail on a full disk',
  });
}

/** Mounts are in other namespaces, and seen by their loop devices alone. The loop device of a run that has ended may take a moment to go. */
async function assertDetached(place: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const { stdout } = await runTool(['losetup', '--noheadings', '--associated', place]);
    if (stdout.trim() === '') return;
    await sleep(50);
  }
  throw new ProdngError('BUSY', `${place}: the volume is mounted, and cannot grow`, {
    hint: `see by what: losetup --associated ${place}`,
  });
}
