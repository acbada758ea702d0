import { ProdngError } from '../error/prodng-error.ts';
import type { Lock } from '../lock/lock.ts';
import { lockChanges, type PackageChange } from '../lock/lock-changes.ts';
import { lockPath, readLock, writeLock } from '../lock/lock-file.ts';
import { normalRelations } from '../lock/lock-text.ts';
import { assertSameReleases } from '../lock/release-info.ts';
import { resolveBuildRoot, resolveRootfs } from '../lock/resolve.ts';
import { findArchiveState, type StateOptions, updateArchives } from '../store/archive-state.ts';
import type { ImageDeclaration } from './image-schema.ts';
import { imageLockFile } from './image-source.ts';

/** What the tools of an image's build are made of, besides what every build root has. */
const buildDepends = ['kmod', 'musl-tools', 'squashfs-tools', 'zstd'].join(', ');

/** Only the stub of the UKI: it is read from its package, and never runs here. */
const stubPackage = 'systemd-boot-efi';

/** A build profile that is never active: how a lock's Depends names what counts as present. */
const absent = '<prodng-absent>';

export interface LockImageOptions extends StateOptions {
  /** Move forward to what the archives have now. */
  update?: boolean;
  /** Agrees to another Origin, Label or Codename of an archive than the lock has; moves forward as `update` does. */
  acceptReleaseInfo?: boolean;
}

export interface ImageLockOutcome {
  path: string;
  lock: Lock;
  /** Whether the file was written. */
  written: boolean;
  changes: PackageChange[];
}

/**
 * Brings image.lock in agreement with image.yaml. A lock that belongs to it is left alone, and no archive is asked,
 * unless `update` says so. Another list of packages is resolved in the archive state of the lock where that is kept.
 *
 * @throws ProdngError LOCK_SYNTAX, UNRESOLVABLE, and what updateArchives throws
 */
export async function lockImage(
  dir: string,
  image: ImageDeclaration,
  options: LockImageOptions,
): Promise<ImageLockOutcome> {
  const place = { root: dir, name: imageLockFile };
  const path = lockPath(place);
  const before = await readLock(place);
  const forward = options.update === true || options.acceptReleaseInfo === true;
  if (before !== undefined && !forward && imageLockFaults(before, image).length === 0)
    return { path, lock: before, written: false, changes: [] };
  const kept = before === undefined || forward ? undefined : await findArchiveState(options, before.archives);
  const state = kept ?? (await updateArchives(options));
  assertSameReleases(before, state, options.acceptReleaseInfo === true);
  const { depends, packages, without } = imageRelations(image);
  const root = await resolveBuildRoot({ buildDepends: `${buildDepends}, ${stubPackage}`, depends }, state);
  const lock = await resolveRootfs(packages, root, state, 'extract', without);
  const written = await writeLock(place, lock);
  return { path, lock, written, changes: lockChanges(before, lock) };
}

/**
 * The lock of an image source.
 *
 * @throws ProdngError LOCK_MISSING, LOCK_OUTDATED with every reason
 */
export async function currentImageLock(dir: string, image: ImageDeclaration): Promise<Lock> {
  const place = { root: dir, name: imageLockFile };
  const path = lockPath(place);
  const lock = await readLock(place);
  if (lock === undefined)
    throw new ProdngError('LOCK_MISSING', `there is no ${path}`, {
      hint: 'run: prodng image lock, and commit it',
    });
  const faults = imageLockFaults(lock, image);
  if (faults.length === 0) return lock;
  throw new ProdngError('LOCK_OUTDATED', `${path} does not belong to image.yaml:\n  ${faults.join('\n  ')}`, {
    hint: 'run: prodng image lock, look at what changed, and commit it',
  });
}

function imageLockFaults(lock: Lock, image: ImageDeclaration): string[] {
  const { depends } = imageRelations(image);
  const faults: string[] = [];
  if (lock.architecture !== image.architecture) faults.push(`it is for ${lock.architecture}`);
  if (normalRelations(lock.depends) !== normalRelations(depends))
    faults.push(`it was resolved from: ${lock.depends}`);
  if (normalRelations(lock.buildDepends) !== normalRelations(`${buildDepends}, ${stubPackage}`))
    faults.push('it was made for another build root');
  if (lock.builtDepends === undefined) faults.push('its packages were never resolved');
  return faults;
}

/** The kernel is a package like any other; the metapackage's name stays in the lock, so that an update follows it. */
function imageRelations({ packages, without, kernel, architecture }: ImageDeclaration) {
  const metapackage =
    kernel.variant === 'cloud' ? `linux-image-cloud-${architecture}` : `linux-image-${architecture}`;
  const wanted = [...new Set([...packages, metapackage])].sort();
  // what a kernel package depends on for its maintainer scripts alone
  const names = [
    ...new Set([...without.map((item) => item.package), 'initramfs-tools', 'linux-initramfs-tool']),
  ].sort();
  return {
    packages: wanted.join(', '),
    without: names,
    depends: [...wanted, ...names.map((name) => `${name} ${absent}`)].join(', '),
  };
}
