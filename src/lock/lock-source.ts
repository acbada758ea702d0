import type { JailDeclaration } from '../control/jail-declaration.ts';
import type { JailSource } from '../control/jail-source.ts';
import { ProdngError } from '../error/prodng-error.ts';
import {
  type ArchiveState,
  findArchiveState,
  type StateOptions,
  updateArchives,
} from '../store/archive-state.ts';
import type { ReleaseIdentity } from '../store/release-identity.ts';
import { isComposedAs, type Lock, lockFile } from './lock.ts';
import { lockChanges, type PackageChange } from './lock-changes.ts';
import { type LockPlace, lockPath, readLock, writeLock } from './lock-file.ts';
import { normalRelations } from './lock-text.ts';
import { assertSameReleases } from './release-info.ts';
import { resolveBuildRoot, resolveRootfs, type SourceRelations } from './resolve.ts';
import { sourceFaults } from './staleness.ts';

/** Where the archives are, and how to tell of progress. */
export interface LockSourceOptions extends StateOptions {
  /** Move forward to what the archives have now, also where the lock belongs to the source. */
  update?: boolean;
  /** Agrees to another Origin, Label or Codename of an archive than the lock has; moves forward as `update` does. */
  acceptReleaseInfo?: boolean;
}

/** A source's lock, and what was done about it. */
export interface LockOutcome {
  path: string;
  lock: Lock;
  /** Whether the file was written. */
  written: boolean;
  /** Whether there was one before. */
  existed: boolean;
  /** Against the lock of before, package by package. */
  changes: PackageChange[];
}

/**
 * Brings debian/jail.lock in agreement with its source. A lock that belongs to the source is left alone, and no
 * archive is asked, unless `update` says so. Where the source changed, it is resolved again in the archive state of
 * the lock if that is still kept here, so that nothing moves but what the change itself brings; else in the present
 * one. A resolved rootfs is resolved again as long as Depends is the same; without it only a build can tell.
 *
 * @throws ProdngError what readLock, updateArchives and resolving throw; ARCHIVE_CHANGED when an archive says that it
 *   is another than in the lock; ARCHIVE_STALE when the archives are older than the lock
 */
export async function lockSource(source: JailSource, options: LockSourceOptions): Promise<LockOutcome> {
  const place = { root: source.dir, name: lockFile };
  return await lockRelations(source, place, options, source.declaration.compose);
}

/**
 * Brings the lock at `place` in agreement with what a source asks for, as lockSource does for a jail source.
 *
 * @throws ProdngError as lockSource
 */
export async function lockRelations(
  source: SourceRelations,
  place: LockPlace,
  options: LockSourceOptions,
  compose: JailDeclaration['compose'] = 'extract',
): Promise<LockOutcome> {
  const path = lockPath(place);
  const before = await readLock(place);
  const current = before !== undefined && sourceFaults(before, source, options.architecture).length === 0;
  if (current && !movesForward(options))
    return { path, lock: before, written: false, existed: true, changes: [] };
  const state = await stateFor(before, options);
  const lock = await resolve(source, compose, before, state);
  const written = await writeLock(place, lock);
  return { path, lock, written, existed: before !== undefined, changes: lockChanges(before, lock) };
}

/**
 * Resolves the rootfs of a lock for the package as built and writes the lock: what `prodng build` does without
 * --locked. A rootfs that was resolved from the same dependencies is left alone.
 *
 * @param builtDepends Depends and Pre-Depends of the package as built
 */
export async function lockRootfs(
  dir: string,
  builtDepends: string,
  before: Lock,
  options: StateOptions,
  compose: JailDeclaration['compose'] = 'extract',
): Promise<LockOutcome> {
  const place = { root: dir, name: lockFile };
  const path = lockPath(place);
  const depends = normalRelations(builtDepends);
  const known = before.builtDepends;
  if (known !== undefined && normalRelations(known) === depends && isComposedAs(compose, before))
    return { path, lock: before, written: false, existed: true, changes: [] };
  const state = await stateFor(before, options);
  const archives = withPresent(before.archives, state);
  const lock = await resolveRootfs(depends, { ...before, archives }, state, compose);
  const written = await writeLock(place, lock);
  return { path, lock, written, existed: true, changes: lockChanges(before, lock) };
}

function movesForward({ update, acceptReleaseInfo }: LockSourceOptions): boolean {
  return update === true || acceptReleaseInfo === true;
}

async function stateFor(before: Lock | undefined, options: LockSourceOptions): Promise<ArchiveState> {
  if (before === undefined) return await updateArchives(options);
  const kept = movesForward(options) ? undefined : await findArchiveState(options, before.archives);
  if (kept !== undefined) return kept;
  const state = await updateArchives(options);
  assertSameReleases(before, state, options.acceptReleaseInfo === true);
  assertNotOlder(before, state);
  if (!movesForward(options))
    options.progress?.note("the archives' state of the lock is not kept here: resolving in the present one");
  return state;
}

async function resolve(
  source: SourceRelations,
  compose: JailDeclaration['compose'],
  before: Lock | undefined,
  state: ArchiveState,
): Promise<Lock> {
  const lock = await resolveBuildRoot(source, state);
  const builtDepends = before?.builtDepends;
  if (before === undefined || builtDepends === undefined) return lock;
  if (normalRelations(before.depends) !== normalRelations(source.depends)) return lock;
  return await resolveRootfs(builtDepends, lock, state, compose);
}

/** Archives of the state in place of their older selves. The rest is named by packages of the build root. */
function withPresent(archives: readonly ReleaseIdentity[], state: ArchiveState): ReleaseIdentity[] {
  const present = state.releases.map(({ identity }) => identity);
  const names = new Set(present.map(({ name }) => name));
  return [...present, ...archives.filter(({ name }) => !names.has(name))];
}

/** Somebody who answers with an old, correctly signed archive would take back security updates. */
function assertNotOlder(before: Lock, state: ArchiveState): void {
  for (const { identity } of state.releases) {
    const locked = before.archives.find(
      ({ name, origin }) => name === identity.name && origin === identity.origin,
    );
    if (locked === undefined || Date.parse(identity.date) >= Date.parse(locked.date)) continue;
    throw new ProdngError(
      'ARCHIVE_STALE',
      `archive ${identity.name}: it is of ${identity.date}, the lock is of ${locked.date}`,
      {
        hint: `the mirror is behind: try later or another one; to go back on purpose remove ${lockFile} first`,
      },
    );
  }
}
