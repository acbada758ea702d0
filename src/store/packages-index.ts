import { readFile } from 'node:fs/promises';
import { parseDeb822 } from '../control/deb822.ts';
import type { Paragraph } from '../control/deb822-types.ts';
import { packagePattern } from '../control/package-name.ts';
import { compareVersions } from '../control/version.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { ArchiveState } from './archive-state.ts';
import type { PinnedFile } from './pinned-file.ts';
import { poolPathPattern } from './pool-path.ts';

/** A package as the signed indices of an archive describe it. */
export interface IndexedPackage extends PinnedFile {
  source?: string;
  provides?: string;
}

/**
 * Finds packages by the SHA-256 of their .deb. An index of Debian has 60,000 stanzas in 50 MB: only the ones
 * asked for are parsed.
 *
 * @returns by digest; where several archives have the same file, the first one configured
 * @throws ProdngError UNRESOLVABLE when an index does not have one of them
 */
export async function findPackages(
  state: ArchiveState,
  digests: ReadonlySet<string>,
): Promise<Map<string, IndexedPackage>> {
  const found = new Map<string, IndexedPackage>();
  for (const { identity, packages } of state.releases) {
    for (const path of packages) {
      for (const stanza of stanzasWith(await readFile(path), '\nSHA256: ', digests)) {
        const item = indexedPackage(parseStanza(stanza, path), identity.name, path);
        if (!found.has(item.sha256)) found.set(item.sha256, item);
      }
    }
  }
  const missing = [...digests].find((digest) => !found.has(digest));
  if (missing === undefined) return found;
  throw new ProdngError('UNRESOLVABLE', `apt chose a package that no index has: SHA-256 ${missing}`);
}

/** The names of all packages that are `Essential: yes` in some archive, sorted. */
export async function essentialPackages(state: ArchiveState): Promise<string[]> {
  const names = new Set<string>();
  for (const path of state.releases.flatMap(({ packages }) => packages)) {
    for (const stanza of stanzasWith(await readFile(path), '\nEssential: ', new Set(['yes']))) {
      const name = parseStanza(stanza, path).get('Package');
      if (name !== undefined) names.add(name);
    }
  }
  return [...names].sort();
}

/** All packages of that name, in the order of the archives. */
export async function packagesNamed(state: ArchiveState, name: string): Promise<IndexedPackage[]> {
  const found: IndexedPackage[] = [];
  for (const { identity, packages } of state.releases)
    for (const path of packages)
      for (const text of stanzasWith(await readFile(path), '\nPackage: ', new Set([name])))
        found.push(indexedPackage(parseStanza(text, path), identity.name, path));
  return found;
}

/** The newest version that some archive has of each of these packages. */
export async function newestVersions(
  state: ArchiveState,
  names: ReadonlySet<string>,
): Promise<Map<string, string>> {
  const newest = new Map<string, string>();
  for (const path of state.releases.flatMap(({ packages }) => packages)) {
    for (const text of stanzasWith(await readFile(path), '\nPackage: ', names)) {
      const stanza = parseStanza(text, path);
      const [name = '', version = ''] = [stanza.get('Package'), stanza.get('Version')];
      const known = newest.get(name);
      if (known === undefined || compareVersions(version, known) > 0) newest.set(name, version);
    }
  }
  return newest;
}

/** The stanzas in which the field (`\nName: `) has one of the values. */
function* stanzasWith(index: Buffer, field: string, values: ReadonlySet<string>): Generator<string> {
  // no line is before the first one
  const isFirst = index.subarray(0, field.length - 1).equals(Buffer.from(field.slice(1)));
  for (let at = isFirst ? -1 : next(index, field, -1); at >= -1; at = next(index, field, at)) {
    const start = at + field.length;
    const newline = index.indexOf('\n', start);
    const value = index.toString('latin1', start, newline < 0 ? index.length : newline).trim();
    if (!values.has(value)) continue;
    const before = at < 0 ? -1 : index.lastIndexOf('\n\n', at);
    const after = index.indexOf('\n\n', start);
    yield index.toString('utf8', before < 0 ? 0 : before + 2, after < 0 ? index.length : after + 1);
  }
}

/** @returns less than -1 when there is no further one */
function next(index: Buffer, field: string, at: number): number {
  const found = index.indexOf(field, at + 1);
  return found < 0 ? -2 : found;
}

function parseStanza(text: string, path: string): Paragraph {
  const [stanza] = parseDeb822(text, path);
  if (stanza === undefined) throw new ProdngError('CONTROL_SYNTAX', `${path}: an empty stanza`);
  return stanza;
}

function indexedPackage(stanza: Paragraph, archive: string, path: string): IndexedPackage {
  const need = (name: string, pattern: RegExp): string => {
    const value = stanza.get(name)?.trim() ?? '';
    if (pattern.test(value)) return value;
    const which = stanza.get('Package') ?? 'a package';
    throw new ProdngError(
      'CONTROL_SYNTAX',
      `${path}: ${which}: ${name}: ${JSON.stringify(value)} is not usable`,
    );
  };
  const source = stanza.get('Source')?.trim();
  const provides = stanza.get('Provides')?.replace(/\s+/g, ' ').trim();
  return {
    name: need('Package', packagePattern),
    version: need('Version', /^\S+$/),
    architecture: need('Architecture', /^[a-z0-9-]+$/),
    ...(source === undefined || source === '' ? {} : { source }),
    ...(provides === undefined || provides === '' ? {} : { provides }),
    poolPath: need('Filename', poolPathPattern).replace(/^\.\//, ''),
    size: Number(need('Size', /^\d{1,12}$/)),
    sha256: need('SHA256', /^[0-9a-f]{64}$/),
    archive,
  };
}
