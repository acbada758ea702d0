import type { JailDeclaration } from '../control/jail-declaration.ts';
import { formatRelations, parseRelations, type Relation } from '../control/relations.ts';
import { unsatisfiedRelations } from '../control/satisfaction.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { isComposedAs, type Lock, lockFile, packagesFor } from './lock.ts';
import { normalRelations } from './lock-text.ts';
import type { SourceRelations } from './resolve.ts';

/** Why a locked build cannot go by this lock, one line for each reason; none when it can. */
export function lockFaults(lock: Lock, source: SourceRelations, architecture: string): string[] {
  const faults = sourceFaults(lock, source, architecture);
  if (lock.builtDepends === undefined) faults.push('its rootfs was never resolved');
  return faults;
}

/** Why a lock does not belong to this source any more; its rootfs may still be unresolved. */
export function sourceFaults(lock: Lock, source: SourceRelations, architecture: string): string[] {
  const faults: string[] = [];
  if (lock.architecture !== architecture)
    faults.push(`it is for ${lock.architecture}, this build is for ${architecture}`);
  faults.push(...relationChanges('Build-Depends', lock.buildDepends, source.buildDepends));
  faults.push(...relationChanges('Depends', lock.depends, source.depends));
  return faults;
}

function relationChanges(field: string, locked: string, wanted: string): string[] {
  if (normalRelations(locked) === normalRelations(wanted)) return [];
  const old = eachRelation(locked);
  const now = eachRelation(wanted);
  const added = [...now].filter((relation) => !old.has(relation)).map((relation) => `now has ${relation}`);
  const gone = [...old]
    .filter((relation) => !now.has(relation))
    .map((relation) => `no longer has ${relation}`);
  const changes = [...added, ...gone];
  return changes.length === 0
    ? [`${field} is in another order`]
    : changes.map((change) => `${field} ${change}`);
}

function eachRelation(text: string): Set<string> {
  return new Set(parseRelations(text).map((group) => formatRelations([group])));
}

/**
 * Asserts that a locked build may go on.
 *
 * @throws ProdngError LOCK_MISSING, or LOCK_OUTDATED with every reason
 */
export function assertLockCurrent(
  lock: Lock | undefined,
  source: SourceRelations,
  architecture: string,
): asserts lock is Lock {
  if (lock === undefined)
    throw new ProdngError('LOCK_MISSING', `there is no ${lockFile}`, {
      hint: 'run: prodng lock, and commit it',
    });
  const faults = lockFaults(lock, source, architecture);
  if (faults.length === 0) return;
  throw new ProdngError(
    'LOCK_OUTDATED',
    `${lockFile} does not belong to this source:\n  ${faults.join('\n  ')}`,
    {
      hint: 'run: prodng lock, look at what changed, and commit it',
    },
  );
}

/**
 * Asserts that a locked build that composes no rootfs may go on.
 *
 * @param file the lock's place, for messages
 * @throws ProdngError LOCK_MISSING, or LOCK_OUTDATED with every reason
 */
export function assertBuildRootCurrent(
  lock: Lock | undefined,
  source: SourceRelations,
  architecture: string,
  file: string,
): asserts lock is Lock {
  const hint = 'build without --locked, look at what changed in the lock, and keep it';
  if (lock === undefined) throw new ProdngError('LOCK_MISSING', `there is no ${file}`, { hint });
  const faults = sourceFaults(lock, source, architecture);
  if (faults.length === 0) return;
  const message = `${file} does not belong to this source:\n  ${faults.join('\n  ')}`;
  throw new ProdngError('LOCK_OUTDATED', message, { hint });
}

/** The dependencies of the built package that no locked package of the rootfs satisfies. */
export function unsatisfiedDepends(builtDepends: string, lock: Lock): Relation[][] {
  return unsatisfiedRelations(parseRelations(builtDepends), packagesFor(lock, 'rootfs'), lock.architecture);
}

/**
 * Asserts that the locked rootfs satisfies what the built package depends on: by name and version, through an
 * alternative or through Provides.
 *
 * @param builtDepends Depends and Pre-Depends of the package as built
 * @throws ProdngError LOCK_OUTDATED naming each dependency that is not satisfied, and what is locked instead
 */
export function checkSatisfied(
  builtDepends: string,
  lock: Lock,
  compose: JailDeclaration['compose'] = 'extract',
): void {
  if (!isComposedAs(compose, lock))
    throw new ProdngError('LOCK_OUTDATED', `${lockFile} was not resolved for Jail-Compose: ${compose}`, {
      hint: 'run: prodng build, look at what changed in the lock, and commit it',
    });
  const missing = unsatisfiedDepends(builtDepends, lock);
  if (missing.length === 0) return;
  const lines = missing.map((group) => `${formatRelations([group])}: ${lockedInstead(group, lock)}`);
  throw new ProdngError('LOCK_OUTDATED', `the locked rootfs lacks what was built:\n  ${lines.join('\n  ')}`, {
    hint: 'run: prodng lock, look at what changed, and commit it',
  });
}

function lockedInstead(group: readonly Relation[], lock: Lock): string {
  const names = new Set(group.map(({ name }) => name));
  const there = packagesFor(lock, 'rootfs').filter(({ name }) => names.has(name));
  if (there.length === 0) return 'not in the lock';
  return `locked is ${there.map(({ name, version }) => `${name} ${version}`).join(', ')}`;
}
