import type { Paragraph } from '../control/deb822-types.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { Archive } from './archive.ts';
import type { ReleaseIdentity } from './release-identity.ts';

/** An identity that has no name yet. */
export type Release = Omit<ReleaseIdentity, 'name'>;

/**
 * Takes an archive's identity from its Release file, whose signature has been verified.
 *
 * @throws ProdngError ARCHIVE_SIGNATURE when it lacks Origin, Codename or Suite, or a Date
 */
export function parseRelease(stanza: Paragraph, archive: Archive): Release {
  const value = (name: string) => (stanza.get(name) ?? '').replace(/\s+/g, ' ').trim();
  const codename = value('Codename') || value('Suite');
  const date = value('Date');
  const origin = value('Origin');
  if (codename === '' || origin === '' || Number.isNaN(Date.parse(date))) {
    const lacks = origin === '' ? 'Origin' : codename === '' ? 'Codename' : 'valid Date';
    throw new ProdngError(
      'ARCHIVE_SIGNATURE',
      `${archive.uri} ${archive.suite}: its Release file has no ${lacks}`,
      {
        hint: 'a lock names archives by these fields: the archive must have them',
      },
    );
  }
  const label = value('Label');
  const suite = value('Suite');
  return {
    origin,
    ...(label === '' ? {} : { label }),
    ...(suite === '' ? {} : { suite }),
    codename,
    date,
    components: [...archive.components],
  };
}

/**
 * Names each archive by its codename; where two have the same one, by codename and label or a number. A name is one
 * word.
 */
export function nameReleases<T extends Release>(
  releases: readonly T[],
): (T & { identity: ReleaseIdentity })[] {
  const taken = new Set<string>();
  return releases.map((release) => {
    const { origin, label, suite, codename, date, components } = release;
    const candidates = [codename, `${codename}/${label ?? origin}`, `${codename}/${origin}`].map(oneWord);
    let name = candidates.find((candidate) => !taken.has(candidate));
    for (let number = 2; name === undefined; number += 1) {
      const candidate = `${oneWord(codename)}/${number}`;
      if (!taken.has(candidate)) name = candidate;
    }
    taken.add(name);
    const identity = {
      name,
      origin,
      ...(label === undefined ? {} : { label }),
      ...(suite === undefined ? {} : { suite }),
      codename,
      date,
      components,
    };
    return { ...release, identity };
  });
}

function oneWord(text: string): string {
  return text.replace(/\s+/g, '-');
}
