import { ProdngError } from '../error/prodng-error.ts';
import type { ArchiveState } from '../store/archive-state.ts';
import type { ReleaseIdentity } from '../store/release-identity.ts';
import type { Lock } from './lock.ts';

/** What an archive says of itself that must not change unnoticed. Suite is not among them: a release moves from stable to oldstable. */
const fields = [
  ['Origin', 'origin'],
  ['Label', 'label'],
  ['Codename', 'codename'],
] as const;

/**
 * Asserts that the archives are those of the lock: apt-secure(8), "release info". apt compares with what its lists
 * remember; here the lock is compared, so that an empty cache and an old one give the same answer.
 *
 * @param before the lock that is there; none accepts every archive
 * @param accept the user has agreed to the changes
 * @throws ProdngError ARCHIVE_CHANGED naming every field with its old and new value
 */
export function assertSameReleases(before: Lock | undefined, state: ArchiveState, accept: boolean): void {
  if (before === undefined || accept) return;
  const present = state.releases.map(({ identity }) => identity);
  const isKnown = (one: ReleaseIdentity, among: readonly ReleaseIdentity[]) =>
    among.some((other) => fields.every(([, key]) => one[key] === other[key]));
  // what was added to the configuration, or takes the place of what is gone
  const strangers = present.filter((identity) => !isKnown(identity, before.archives));
  const changes = before.archives
    .filter((locked) => !isKnown(locked, present))
    .flatMap((locked) => changesOf(locked, strangers));
  if (changes.length === 0) return;
  throw new ProdngError(
    'ARCHIVE_CHANGED',
    `the archives are not those of the lock:\n  ${changes.join('\n  ')}`,
    {
      hint: 'if its maintainers announced it, repeat the command with --accept-release-info; else check URIs and Signed-By of the archive',
    },
  );
}

function changesOf(locked: ReleaseIdentity, strangers: readonly ReleaseIdentity[]): string[] {
  const now = successorOf(locked, strangers);
  if (now === undefined) return [];
  return fields.flatMap(([field, key]) => {
    const [from, to] = [locked[key] ?? '', now[key] ?? ''];
    return from === to ? [] : [`archive ${locked.name}: ${field} was "${from}" and is now "${to}"`];
  });
}

/** The one of the same codename; else, where a suite (stable) follows another codename, that of the same suite and origin. */
function successorOf(
  locked: ReleaseIdentity,
  strangers: readonly ReleaseIdentity[],
): ReleaseIdentity | undefined {
  return (
    strangers.find(({ codename }) => codename === locked.codename) ??
    strangers.find(
      ({ suite, origin, label }) =>
        suite !== undefined && suite === locked.suite && origin === locked.origin && label === locked.label,
    )
  );
}
