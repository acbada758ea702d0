import { formatDeb822 } from '../control/deb822.ts';
import { formatRelations, parseRelations } from '../control/relations.ts';
import type { ReleaseIdentity } from '../store/release-identity.ts';
import type { Lock, LockedPackage } from './lock.ts';
import { inLockOrder } from './lock-order.ts';

const comment =
  '# Every input of this build. Written by prodng lock; do not edit, commit it with the source.\n';

/**
 * Writes a lock as deb822: a stanza for the whole, one for each archive, one for each package. The same lock gives
 * the same bytes, and a changed dependency or package changes few lines of a diff.
 */
export function formatLock(lock: Lock): string {
  return comment + formatDeb822(stanzas(lock).map((fields) => ({ fields })));
}

interface TextField {
  name: string;
  value: string;
}

function* stanzaOf(
  pairs: readonly (readonly [name: string, value: string | undefined])[],
): Generator<TextField> {
  for (const [name, value] of pairs) if (value !== undefined) yield { name, value };
}

function stanzas(lock: Lock): TextField[][] {
  const header = stanzaOf([
    ['Format', String(lock.format)],
    ['Architecture', lock.architecture],
    ['Build-Depends', relationLines(lock.buildDepends)],
    ['Depends', relationLines(lock.depends)],
    ['Built-Depends', lock.builtDepends === undefined ? undefined : relationLines(lock.builtDepends)],
  ]);
  const packages = [...lock.packages].sort(inLockOrder);
  return [[...header], ...lock.archives.map(archiveStanza), ...packages.map(packageStanza)];
}

function archiveStanza(archive: ReleaseIdentity): TextField[] {
  return [
    ...stanzaOf([
      ['Archive', archive.name],
      ['Origin', archive.origin],
      ['Label', archive.label],
      ['Suite', archive.suite],
      ['Codename', archive.codename],
      ['Date', archive.date],
      ['Components', archive.components.length === 0 ? undefined : archive.components.join(' ')],
    ]),
  ];
}

function packageStanza(item: LockedPackage): TextField[] {
  return [
    ...stanzaOf([
      ['Package', item.name],
      ['Version', item.version],
      ['Architecture', item.architecture],
      ['Source', item.source],
      ['Provides', item.provides],
      ['Archive', item.archive],
      ['Filename', item.poolPath],
      ['Size', String(item.size)],
      ['SHA256', item.sha256],
      ['Use', item.use.join(' ')],
    ]),
  ];
}

/** One relation a line, because people read the diff. */
function relationLines(text: string): string {
  const groups = parseRelations(text);
  if (groups.length === 0) return noRelations;
  return `\n${groups.map((group) => formatRelations([group])).join(',\n')}`;
}

/** Stands where a relation field is empty: Policy has no empty fields, and a package name has two characters. */
export const noRelations = '-';

/** Relation text with all the freedom of writing taken out: what is compared and kept. */
export function normalRelations(text: string): string {
  return formatRelations(parseRelations(text));
}
