import { packagePattern } from '../control/package-name.ts';
import { compareVersions, versionFault } from '../control/version.ts';
import { ProdngError } from '../error/prodng-error.ts';
import { poolPathPattern } from '../store/pool-path.ts';

/** A package as an index of the archive has it. */
export interface IndexEntry {
  name: string;
  version: string;
  architecture: string;
  /** `pool/main/w/web/web_1.4-1_amd64.deb`. */
  filename: string;
  size: number;
  sha256: string;
  /** The stanza, without the newline at its end. */
  text: string;
}

/**
 * Reads a Packages index.
 *
 * @param file the name that errors carry
 * @throws ProdngError PUBLISH for a stanza that no publisher would have written
 */
export function parseIndex(text: string, file: string): IndexEntry[] {
  return text
    .split(/\n{2,}/)
    .map((stanza) => stanza.trimEnd())
    .filter((stanza) => stanza !== '')
    .map((stanza) => parseEntry(stanza, file));
}

function parseEntry(text: string, file: string): IndexEntry {
  const field = (name: string, isValid: (value: string) => boolean): string => {
    const value = stanzaField(text, name) ?? '';
    if (isValid(value)) return value;
    const which = stanzaField(text, 'Package') ?? 'a stanza';
    throw new ProdngError('PUBLISH', `${file}: ${which}: ${name}: ${JSON.stringify(value)} is not valid`, {
      hint: 'publish from a copy of the archive that was not edited',
    });
  };
  return {
    name: field('Package', (value) => packagePattern.test(value)),
    version: field('Version', (value) => value !== '' && versionFault(value) === undefined),
    architecture: field('Architecture', (value) => /^[a-z0-9-]+$/.test(value)),
    filename: field('Filename', (value) => poolPathPattern.test(value) && value.startsWith('pool/')),
    size: Number(field('Size', (value) => /^\d{1,13}$/.test(value))),
    sha256: field('SHA256', (value) => /^[0-9a-f]{64}$/.test(value)),
    text,
  };
}

/** The first line of a field of a stanza; undefined when it does not have it. */
export function stanzaField(text: string, name: string): string | undefined {
  const start = text.startsWith(`${name}: `) ? 0 : text.indexOf(`\n${name}: `) + 1;
  if (start === 0 && !text.startsWith(`${name}: `)) return undefined;
  const end = text.indexOf('\n', start);
  return text.slice(start + name.length + 2, end < 0 ? undefined : end).trim();
}

/** By name, then by version, then by architecture. */
export function compareEntries(a: IndexEntry, b: IndexEntry): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  const order = compareVersions(a.version, b.version);
  if (order !== 0) return order;
  return a.architecture < b.architecture ? -1 : Number(a.architecture > b.architecture);
}

/** `web=1.4-1:amd64`: what there is once in a suite. */
export function entryKey({ name, version, architecture }: IndexEntry): string {
  return `${name}=${version}:${architecture}`;
}

/** Where a package's file goes in the pool: Debian's own layout. */
export function poolFolder(name: string): string {
  return `pool/main/${name.startsWith('lib') ? name.slice(0, 4) : name.slice(0, 1)}/${name}`;
}

/** `web_1.4-1_amd64`. */
export function fileStem(entry: Pick<IndexEntry, 'name' | 'version' | 'architecture'>): string {
  return `${entry.name}_${entry.version.replace(/^\d+:/, '')}_${entry.architecture}`;
}
