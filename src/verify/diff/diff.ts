import { lstat, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { parseLock } from '../../lock/lock-parser.ts';
import { compareControl } from './control-change.ts';
import { compareControlFiles } from './control-files.ts';
import { openDebSide } from './deb-side.ts';
import { compareFiles } from './file-change.ts';
import { openFolderSide } from './folder-side.ts';
import { listBoth } from './list-both.ts';
import { ListingCache } from './listing-cache.ts';
import { comparePackages, type PackageChange } from './package-change.ts';
import { addChangelog } from './package-changelog.ts';
import { addDetails, readContents, type SideContents } from './side-contents.ts';
import { declarationChanges, readMetadata, type SideMetadata } from './side-metadata.ts';
import type { DiffSide, TreeDiff } from './tree-diff.ts';
import type { TreeSide } from './tree-side.ts';

export interface DiffOptions {
  /** A .deb of the store by its SHA-256, for changelogs; it need not exist. */
  storedDeb?: (sha256: string) => string;
  /** Folder that remembers what compressed blocks hold (default: none, each is decompressed once). */
  listings?: string;
  /** Bytes of contents that may be copied out of each .deb (default: 1 GiB). */
  mostCopied?: number;
}

/**
 * Compares two jails' .debs, or folders that hold one unpacked, in everything but time stamps.
 *
 * Contents stream; what is held in memory grows with the number of paths only. Contents that differ are copied to a
 * temporary folder. What both have in common by blocks of xz, as two versions of a jail do, is decompressed once, or
 * not at all when it was compared before.
 *
 * @throws ProdngError IO, and what reading a hostile .deb throws: AR_FORMAT, DEB_FORMAT, TAR_FORMAT, ENTRY_REFUSED,
 *   ARCHIVE_TOO_LARGE, COMPRESSION
 */
export async function diffTrees(
  oldPath: string,
  newPath: string,
  options: DiffOptions = {},
): Promise<TreeDiff> {
  const listings = new ListingCache(options.listings);
  const old = await openSide(oldPath, listings);
  try {
    const now = await openSide(newPath, listings);
    try {
      return await compareSides(old, now, options);
    } finally {
      await now.close();
    }
  } finally {
    await old.close();
  }
}

async function openSide(path: string, listings: ListingCache): Promise<TreeSide> {
  const stat = await lstat(path).catch((error: unknown) => {
    const why = reasonOf(error);
    throw new ProdngError('IO', `${path}: cannot be read: ${why}`, { cause: error });
  });
  return stat.isDirectory() ? await openFolderSide(path) : await openDebSide(path, listings);
}

/** Compares two sides that are open, as diffTrees does. */
export async function compareSides(old: TreeSide, now: TreeSide, options: DiffOptions): Promise<TreeDiff> {
  const [oldFacts, newFacts] = [readMetadata(old), readMetadata(now)];
  const hasBoth = oldFacts.control !== undefined && newFacts.control !== undefined;
  const notes = [...oldFacts.faults, ...newFacts.faults];
  const scratch = await mkdtemp(join(tmpdir(), 'prodng-diff-'));
  try {
    const lists = await listBoth(old, now);
    const files = compareFiles(...lists);
    const contents = await readContents(old, now, lists, files, scratch, options.mostCopied ?? 2 ** 30);
    const controlFiles = hasBoth ? await compareControlFiles(old, now, scratch) : [];
    return {
      old: sideName(old, oldFacts),
      new: sideName(now, newFacts),
      declarations: hasBoth ? declarationChanges(oldFacts, newFacts) : [],
      packages: await packageChanges(contents, options, notes),
      control: hasBoth ? compareControl(oldFacts.control, newFacts.control) : [],
      files: [...controlFiles, ...(await addDetails(files, contents))],
      notes,
    };
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function sideName({ path }: TreeSide, { control }: SideMetadata): DiffSide {
  const [name, version] = [control?.get('Package'), control?.get('Version')];
  return {
    path,
    ...(name === undefined ? {} : { package: name }),
    ...(version === undefined ? {} : { version }),
  };
}

/** By the locks beside the rootfs, when they differ. */
async function packageChanges(
  contents: SideContents,
  { storedDeb }: DiffOptions,
  notes: string[],
): Promise<PackageChange[]> {
  const [old, now] = [contents.old.get('jail.lock'), contents.new.get('jail.lock')];
  if (old === undefined || now === undefined) return [];
  try {
    const [before, after] = [
      parseLock(await readFile(old), 'jail.lock'),
      parseLock(await readFile(now), 'jail.lock'),
    ];
    const changes = comparePackages(before, after);
    for (const change of changes)
      await addChangelog(change, {
        rootfsFile: (path) => contents.new.get(path),
        ...(storedDeb === undefined ? {} : { deb: storedDeb }),
      });
    return changes;
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'LOCK_SYNTAX') throw error;
    notes.push(`${error.message}: packages are not compared`);
    return [];
  }
}
