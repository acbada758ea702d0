import { readDeb822 } from '../../control/deb822.ts';
import { ownValue } from '../../system/own-value.ts';

/** Short names of copyright-format 1.0 whose licence text is the same as that of an SPDX identifier. */
const spdx: Readonly<Record<string, string>> = {
  'apache-2.0': 'Apache-2.0',
  'bsd-2-clause': 'BSD-2-Clause',
  'bsd-3-clause': 'BSD-3-Clause',
  'cc0-1.0': 'CC0-1.0',
  expat: 'MIT',
  isc: 'ISC',
  'mpl-2.0': 'MPL-2.0',
  zlib: 'Zlib',
};
const gnuVersions: Readonly<Record<string, string>> = {
  'gpl-1': 'GPL-1.0',
  'gpl-2': 'GPL-2.0',
  'gpl-3': 'GPL-3.0',
  'lgpl-2': 'LGPL-2.0',
  'lgpl-2.1': 'LGPL-2.1',
  'lgpl-3': 'LGPL-3.0',
  'agpl-3': 'AGPL-3.0',
  'gfdl-1.1': 'GFDL-1.1',
  'gfdl-1.2': 'GFDL-1.2',
  'gfdl-1.3': 'GFDL-1.3',
};

/** A licence as CycloneDX has it: an SPDX identifier where it is certain, else the name that the package uses. */
export type Licence = { id: string } | { name: string };

/**
 * The licences that a machine-readable debian/copyright (copyright-format 1.0) names, sorted, each once.
 *
 * @returns nothing for a file of another format: prose is not guessed at
 */
export function licencesOf(copyright: string): Licence[] {
  const { paragraphs } = readDeb822(copyright, 'copyright');
  const [header, ...stanzas] = paragraphs;
  if (!/copyright-format\/1\.0/.test(header?.get('Format') ?? '')) return [];
  const names = new Set<string>();
  for (const stanza of stanzas) {
    // stanzas without Files only hold a licence's text
    if (stanza.field('Files') === undefined) continue;
    const name = stanza.get('License')?.split('\n')[0]?.trim();
    if (name !== undefined && name !== '') names.add(name);
  }
  return [...names].sort().map(asLicence).filter(isFirst);
}

const identifiers = new Set(Object.values(spdx));

/** A licence whose name is an SPDX identifier already, as npm has it; an expression or another name stays a name. */
export function spdxLicence(name: string): Licence {
  return identifiers.has(name) ? { id: name } : { name };
}

function asLicence(name: string): Licence {
  const lower = name.toLowerCase();
  const known = ownValue(spdx, lower);
  if (known !== undefined) return { id: known };
  const [, family, version, later] =
    /^((?:l|a)?gpl|gfdl)-(\d(?:\.\d)?)(\+?)$/.exec(lower.replace(/\.0(?=\+?$)/, '')) ?? [];
  const gnu = ownValue(gnuVersions, `${family}-${version}`);
  return gnu === undefined ? { name } : { id: `${gnu}-${later === '+' ? 'or-later' : 'only'}` };
}

/** Two names may mean one identifier. */
function isFirst(licence: Licence, index: number, all: readonly Licence[]): boolean {
  if (!('id' in licence)) return true;
  return all.findIndex((other) => 'id' in other && other.id === licence.id) === index;
}
