import { createReadStream } from 'node:fs';
import { decompress } from '../../archive/compression.ts';
import { openDeb } from '../../archive/deb-reader.ts';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { changelogSince } from './changelog-since.ts';
import type { PackageChange } from './package-change.ts';

const mostText = 4 * 2 ** 20;

/** Where an upgraded package's changelog may be read. */
export interface ChangelogSources {
  /** A file of the host that holds what the new rootfs has at that path. */
  rootfsFile: (path: string) => string | undefined;
  /** A .deb by its SHA-256, if it is in the store. */
  deb?: (sha256: string) => string;
}

/** The path of a package's changelog: Debian Policy 12.7. */
export function changelogPaths(name: string): string[] {
  return ['changelog.Debian.gz', 'changelog.gz', 'changelog.Debian'].map(
    (file) => `/usr/share/doc/${name}/${file}`,
  );
}

/** Adds the entries between the two versions to an upgraded package. Jails leave documentation out: then the .deb has it. */
export async function addChangelog(change: PackageChange, sources: ChangelogSources): Promise<void> {
  const { old, new: now, name } = change;
  if (change.kind !== 'upgraded' || old === undefined || now === undefined) return;
  const text = (await fromRootfs(name, sources)) ?? (await fromDeb(name, sources.deb?.(now.sha256)));
  const entries = text === undefined ? undefined : changelogSince(text, old.version);
  if (entries !== undefined) change.changelog = entries;
}

async function fromRootfs(name: string, { rootfsFile }: ChangelogSources): Promise<string | undefined> {
  for (const path of changelogPaths(name)) {
    const file = rootfsFile(path);
    if (file !== undefined) return await readText(path, createReadStream(file));
  }
  return undefined;
}

async function fromDeb(name: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const deb = await openDeb(path);
    try {
      const wanted = changelogPaths(name);
      for await (const { entry, content } of deb.data()) {
        if (entry.type === 'file' && wanted.includes(`/${entry.path}`))
          return await readText(entry.path, content);
      }
    } finally {
      await deb.close();
    }
  } catch (error) {
    // not in the store, or damaged there: a review goes on without
    if (!(error instanceof ProdngError) && errnoOf(error) === undefined) throw error;
  }
  return undefined;
}

async function readText(path: string, source: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of decompress(path.endsWith('.gz') ? 'gz' : 'none', source)) {
      pieces.push(Uint8Array.from(piece));
      size += piece.length;
      if (size > mostText) break;
    }
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    return undefined;
  }
  return Buffer.concat(pieces).toString('utf8');
}
