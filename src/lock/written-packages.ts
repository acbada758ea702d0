import { isAscii } from 'node:buffer';
import type { LockedPackage } from './lock.ts';
import { packageUses } from './lock.ts';

const word = '[!-~]+';
const text = '[!-~](?:[ -~]*[!-~])?';
const epoch = String.raw`(?:\d{1,9}:)?`;
const version = String.raw`${epoch}\d[A-Za-z0-9.+~]*(?:-[A-Za-z0-9.+~]+)*`;
const name = '[a-z0-9][a-z0-9+.-]+';
const provided = String.raw`${name}(?: \(= ${version}\))?`;
const pathPart = '[\\w+,~:%@=-][\\w+.,~:%@=-]*';

/** A stanza as formatLock writes it, with values that the reader of any lock takes too. */
const stanza = new RegExp(
  [
    `Package: (${name})`,
    `Version: (${version})`,
    'Architecture: ([a-z0-9-]+)',
    `(?:Source: (${text})`,
    `)?(?:Provides: (${provided}(?:, ${provided})*)`,
    `)?Archive: (${word})`,
    String.raw`Filename: ((?:${pathPart}/)*${pathPart}\.deb)`,
    String.raw`Size: (\d{1,12})`,
    'SHA256: ([0-9a-f]{64})',
    'Use: (build|(?:build )?rootfs|(?:build )?(?:rootfs )?install)',
    '(?:\n|$)',
  ].join('\n'),
  'y',
);

/** What the reader of any deb822 allows one stanza; a lock has some hundred thousand bytes. */
const maxLength = 8 << 20;

/** A lock whose packages are read; what precedes them is not. */
export interface WrittenPackages {
  head: string;
  packages: LockedPackage[];
}

/**
 * Reads the packages of a lock in the form that formatLock writes, which is nearly every one, in a tenth of the time
 * that reading each field with its place takes. It reports no faults: anything else is left to the reader
 * that can say what is wrong, and where.
 *
 * @returns undefined when anything is not as formatLock writes it
 */
export function readWrittenPackages(input: string | Uint8Array): WrittenPackages | undefined {
  if (input.length > maxLength) return undefined;
  const lock = typeof input === 'string' ? input : asciiText(input);
  const start = (lock?.indexOf('\n\nPackage: ') ?? -1) + 2;
  if (lock === undefined || start < 2) return undefined;
  const packages: LockedPackage[] = [];
  stanza.lastIndex = start;
  while (stanza.lastIndex < lock.length) {
    const match = stanza.exec(lock);
    if (match === null) return undefined;
    packages.push(lockedPackage(match));
  }
  return { head: lock.slice(0, start), packages };
}

function asciiText(bytes: Uint8Array): string | undefined {
  return isAscii(bytes)
    ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')
    : undefined;
}

function lockedPackage(match: RegExpExecArray): LockedPackage {
  const source = match[4];
  const provides = match[5];
  const use = match[10] ?? '';
  const found: LockedPackage = {
    name: match[1] ?? '',
    version: match[2] ?? '',
    architecture: match[3] ?? '',
    archive: match[6] ?? '',
    poolPath: match[7] ?? '',
    size: Number(match[8]),
    sha256: match[9] ?? '',
    use: packageUses.filter((each) => use.includes(each)),
  };
  if (source !== undefined) found.source = source;
  if (provides !== undefined) found.provides = provides;
  return found;
}
