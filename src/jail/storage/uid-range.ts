import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { withFlock } from '../../kernel/flock.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import type { Paths } from '../../system/paths.ts';

/** The ids of the host that a jail's 0 to 65535 are. */
export interface UidRange {
  first: number;
  count: number;
}

export const rangeSize = 65_536;
/** Above the ranges of systemd's containers, and below 2^31, where software that holds ids in an int breaks. */
const lowest = 0x7000_0000;
/** Those above belong to builds and to systemd. */
const highest = 0x7ffc_0000;

/** Whether a uid of the host is one that jails get. */
export function isUidOfJails(uid: number): boolean {
  return uid >= lowest && uid < highest + rangeSize;
}

/**
 * The uid range of a jail by its name: always the same one, and exclusive. Ranges are never given to another name:
 * there are 4,093 of them, and a file that escaped its jail must not become a neighbour's.
 *
 * @throws ProdngError CONFIG when the record is damaged, HOST_LACKS when all ranges are taken
 */
export async function uidRangeOf(name: string, paths: Paths): Promise<UidRange> {
  const file = join(paths.state, 'uid-ranges.json');
  const known = readRanges(file).get(name);
  if (known !== undefined) return { first: known, count: rangeSize };
  await mkdir(paths.state, { recursive: true });
  return withFlock(`${file}.lock`, async () => {
    const ranges = readRanges(file);
    const first = ranges.get(name) ?? lowestFree(new Set(ranges.values()), file);
    ranges.set(name, first);
    await writeFileAtomic(file, `${JSON.stringify(Object.fromEntries(ranges), undefined, 2)}\n`);
    return { first, count: rangeSize };
  });
}

function lowestFree(taken: ReadonlySet<number>, file: string): number {
  for (let first = lowest; first <= highest; first += rangeSize) if (!taken.has(first)) return first;
  throw new ProdngError('HOST_LACKS', 'all ranges of uids for jails are taken', {
    hint: `remove the lines of jails that are gone, with their volumes, from ${file}`,
  });
}

function readRanges(file: string): Map<string, number> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return new Map();
    throw error;
  }
  return parseRanges(text, file);
}

/** @throws ProdngError CONFIG for anything but distinct ranges in our part of the numbers */
export function parseRanges(text: string, file: string): Map<string, number> {
  const ranges = new Map<string, number>();
  const damaged = (why: string) =>
    new ProdngError('CONFIG', `${file}: ${why}`, {
      hint: 'restore it: volumes of jails belong to these ranges',
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw damaged(error instanceof Error ? error.message : 'not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw damaged('not an object');
  const seen = new Set<unknown>();
  for (const [name, first] of Object.entries(value)) {
    if (typeof first !== 'number' || first < lowest || first > highest || first % rangeSize !== 0)
      throw damaged(`${name}: ${String(first)} is not the start of a range`);
    if (seen.has(first)) throw damaged(`${name}: ${first} is another jail's as well`);
    seen.add(first);
    ranges.set(name, first);
  }
  return ranges;
}
