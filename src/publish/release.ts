import { parseDeb822 } from '../control/deb822.ts';
import { ProdngError } from '../error/prodng-error.ts';

/** What a Release file of ours says beside the digests. */
export interface ReleaseFacts {
  origin: string;
  label: string;
  suite: string;
  /** ms since 1970, whole seconds. */
  date: number;
  /** ms from Date to Valid-Until; undefined when it does not expire. */
  validFor?: number;
  /** The suite that this one is a snapshot of. A snapshot never changes. */
  snapshotOf?: string;
  architectures: string[];
}

/** The digest of an index. */
export interface IndexDigest {
  size: number;
  sha256: string;
}

/** @throws ProdngError PUBLISH, CONTROL_SYNTAX */
export function parseRelease(
  text: string,
  file: string,
): { facts: ReleaseFacts; digests: Map<string, IndexDigest> } {
  const [stanza] = parseDeb822(text, file);
  const value = (name: string): string => stanza?.get(name)?.trim() ?? '';
  const date = Date.parse(value('Date'));
  if (value('Suite') === '' || Number.isNaN(date))
    throw new ProdngError('PUBLISH', `${file}: it has no Suite or no valid Date`);
  const until = Date.parse(value('Valid-Until'));
  const snapshotOf = value('Snapshot-Of');
  return {
    facts: {
      origin: value('Origin'),
      label: value('Label'),
      suite: value('Suite'),
      date,
      ...(Number.isNaN(until) ? {} : { validFor: until - date }),
      ...(snapshotOf === '' ? {} : { snapshotOf }),
      architectures: value('Architectures').split(/\s+/).filter(Boolean),
    },
    digests: parseDigests(text),
  };
}

/** What the SHA256 field names, by path. */
export function parseDigests(text: string): Map<string, IndexDigest> {
  const digests = new Map<string, IndexDigest>();
  for (const [, sha256, size, path] of text.matchAll(/^ ([0-9a-f]{64}) +(\d+) (\S+)$/gm))
    if (sha256 !== undefined && path !== undefined) digests.set(path, { sha256, size: Number(size) });
  return digests;
}

/** @param digests the MD5Sum and SHA256 fields that apt-ftparchive made */
export function formatRelease(facts: ReleaseFacts, digests: string): string {
  const { origin, label, suite, date, validFor, snapshotOf, architectures } = facts;
  const time = (ms: number): string => new Date(ms).toUTCString();
  const fields = [
    `Origin: ${origin}`,
    `Label: ${label}`,
    `Suite: ${suite}`,
    `Codename: ${suite}`,
    `Date: ${time(date)}`,
    ...(validFor === undefined ? [] : [`Valid-Until: ${time(date + validFor)}`]),
    ...(snapshotOf === undefined ? [] : [`Snapshot-Of: ${snapshotOf}`]),
    'Acquire-By-Hash: yes',
    `Architectures: ${architectures.join(' ')}`,
    'Components: main',
    digests.trim(),
  ];
  return `${fields.join('\n')}\n`;
}
