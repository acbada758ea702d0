import { type BigIntStats, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../../error/prodng-error.ts';
import type { Paths } from '../../system/paths.ts';

/** What is kept of a .deb that was read whole once. */
export interface KnownDeb {
  /** Hex. */
  sha256: string;
  /** The control stanza's text. */
  control: string;
}

/** ns: what was written within the same tick of the kernel's clock has the same time. */
const tick = 2_000_000_000n;

/**
 * What is known of a .deb that is the same file as it was, so that it need not be read again: by device, inode, size and
 * the time of its last change. ctime shows every write, and only a change of the clock could forge it.
 */
export function recallDeb(now: BigIntStats, paths: Paths): KnownDeb | undefined {
  let text: string;
  try {
    text = readFileSync(placeOf(now, paths), 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const match = /^(\S+)\n([0-9a-f]{64})\n([\s\S]*)\n$/.exec(text);
  const [, stamp, sha256 = '', control = ''] = match ?? [];
  return stamp === stampOf(now) ? { sha256, control } : undefined;
}

/**
 * Keeps it for the next time.
 *
 * @param before what the file was when reading it began; it has not changed since
 */
export function rememberDeb(before: BigIntStats, { sha256, control }: KnownDeb, paths: Paths): void {
  if (BigInt(Date.now()) * 1_000_000n - before.ctimeNs < tick) return;
  mkdirSync(folderOf(paths), { recursive: true, mode: 0o700 });
  const place = placeOf(before, paths);
  // whole or not at all; what is lost is read again
  writeFileSync(`${place}.${process.pid}`, `${stampOf(before)}\n${sha256}\n${control}\n`, { mode: 0o600 });
  renameSync(`${place}.${process.pid}`, place);
}

export function stampOf({ dev, ino, size, ctimeNs }: BigIntStats): string {
  return `${dev}:${ino}:${size}:${ctimeNs}`;
}

function folderOf({ cache }: Paths): string {
  return join(cache, 'known-debs');
}

function placeOf({ dev, ino }: BigIntStats, paths: Paths): string {
  return join(folderOf(paths), `${dev}-${ino}`);
}
