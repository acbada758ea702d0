import { createHash } from 'node:crypto';
import type { Paragraph } from '../control/deb822-types.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { Archive } from './archive.ts';
import type { ReleaseIdentity } from './release-identity.ts';

/** An identity that has no name yet. */
export type Release = Omit<ReleaseIdentity, 'name'>;

/**
 * Takes an archive's identity from its Release file, whose signature has been verified. Codename, Suite and Origin may
 * be absent, as in many flat archives: the configured suite and the signing keys take their places, never the
 * mirror's address.
 *
 * @param unnamed the Origin of an archive that states none: unnamedOrigin
 * @throws ProdngError ARCHIVE_SIGNATURE when it lacks a Date
 */
export function parseRelease(stanza: Paragraph, archive: Archive, unnamed: string): Release {
  const value = (name: string) => (stanza.get(name) ?? '').replace(/\s+/g, ' ').trim();
  const date = value('Date');
  if (Number.isNaN(Date.parse(date)))
    throw new ProdngError(
      'ARCHIVE_SIGNATURE',
      `${archive.uri} ${archive.suite}: its Release file has no valid Date`,
      { hint: 'a lock names the state of an archive by this field: the archive must have it' },
    );
  const label = value('Label');
  const suite = value('Suite');
  return {
    origin: value('Origin') || unnamed,
    ...(label === '' ? {} : { label }),
    ...(suite === '' ? {} : { suite }),
    codename: value('Codename') || suite || configuredName(archive.suite),
    date,
    components: [...archive.components],
  };
}

/** The name of a suite as it is configured: `stable` of `stable/`, `flat` of `./`. */
export function configuredName(suite: string): string {
  return suite.replace(/^(?:\.?\/)+|\/+$/g, '') || 'flat';
}

/** The Origin of an archive whose Release file has none: its signing keys, which no other archive has. */
export function unnamedOrigin(keyrings: readonly Buffer[]): string {
  const hash = createHash('sha256');
  for (const keyring of keyrings) hash.update(createHash('sha256').update(keyring).digest());
  return `key-${hash.digest('hex').slice(0, 16)}`;
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
