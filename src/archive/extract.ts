import { resolve } from 'node:path';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { FreshFolder } from '../output/fresh-folder.ts';
import { Breather } from './breather.ts';
import type { DebReader } from './deb-reader.ts';
import type { TarItem } from './entry.ts';
import { checkLink, type LinkRule } from './link-rule.ts';
import { TreeWriter } from './tree-writer.ts';

export interface ExtractOptions {
  /**
   * `archive` keeps uid and gid as they are in the archive and needs root; `caller` leaves everything with the
   * calling user. Default: `archive` for root, `caller` for anybody else.
   */
  ownership?: 'archive' | 'caller';
  /** Whether files may carry set-uid and set-gid bits (default: they are refused). */
  allowSetid?: boolean;
  /** Which symbolic links may be there (default: `any`: none is ever followed while extracting). */
  links?: LinkRule;
  /** Sync the file system before the tree gets its name (default: true). */
  durable?: boolean;
  /** What the tree may have at most (default: as much as the archive may). */
  most?: TreeLimits;
  signal?: AbortSignal;
}

/** How much an archive may bring to a disk: what is refused here is well-formed, and too much. */
export interface TreeLimits {
  /** Files, folders and links together. */
  entries: number;
  /** Bytes of all files together. */
  bytes: number;
}

/** PATH_MAX without its NUL, limits.h. */
const longestPath = 4095;
/** What the names of a tree get while it is unpacked and removed: `.tmp-…`, `.gone-…`. */
const suffixes = 64;

/**
 * Unpacks the data of a .deb into the fresh folder `target`. See {@link extractTar}.
 *
 * @throws ProdngError besides those of extractTar, what reading the .deb throws
 */
export async function extractDeb(
  deb: DebReader,
  target: string,
  options: ExtractOptions = {},
): Promise<void> {
  await extractTar(deb.data({ transient: true }), target, options);
}

/**
 * Unpacks entries into `target`, a folder that must not exist yet while its parent must. Everything is resolved
 * beneath a descriptor of that folder (openat2(2)): no entry reaches outside, through a symbolic link or otherwise.
 * Modes are exact whatever the umask, times are the archive's.
 *
 * The tree grows as `TARGET.tmp-*` and is renamed when it is whole. After an error it is removed; after a `kill -9`
 * the next extraction to the same target removes it.
 *
 * @throws ProdngError ENTRY_REFUSED (named: a device, fifo, set-id file, duplicate, a path through a link or a file, a
 *   hard link to anything but a file of this archive, a path that would be longer than PATH_MAX), ARCHIVE_TOO_LARGE
 *   (past `most`), TARGET_EXISTS, IO (no space, no right)
 */
export async function extractTar(
  items: AsyncIterable<TarItem>,
  target: string,
  options: ExtractOptions = {},
): Promise<void> {
  const { most } = options;
  const breather = new Breather();
  const folder = await FreshFolder.make(target);
  try {
    const writer = new TreeWriter(folder.fd, {
      keepOwners: (options.ownership ?? (process.geteuid?.() === 0 ? 'archive' : 'caller')) === 'archive',
      allowSetid: options.allowSetid ?? false,
      mostEntries: most?.entries ?? Number.POSITIVE_INFINITY,
      pathBytes: longestPath - suffixes - Buffer.byteLength(resolve(target)) - 1,
      breather,
    });
    try {
      let bytes = 0;
      for await (const { entry, content } of items) {
        options.signal?.throwIfAborted();
        checkLink(entry, options.links ?? 'any');
        bytes += entry.size;
        if (most !== undefined && bytes > most.bytes)
          throw new ProdngError('ARCHIVE_TOO_LARGE', `its files have more than ${most.bytes} bytes together`);
        await writer.write(entry, content);
        if (breather.isDue) await breather.pause();
      }
      await writer.finish();
    } finally {
      writer.close();
    }
    await folder.publish(options.durable ?? true);
  } catch (error) {
    await folder.discard();
    throw explained(error, target);
  }
}

function explained(error: unknown, target: string): unknown {
  const code = errnoOf(error);
  if (error instanceof ProdngError || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  const message = error instanceof Error ? error.message : code;
  const hint = code === 'ENOSPC' ? { hint: 'make room on that file system and try again' } : {};
  return new ProdngError('IO', `${target}: cannot be unpacked: ${message}`, { cause: error, ...hint });
}
