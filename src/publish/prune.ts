import { join } from 'node:path';
import { compareVersions } from '../control/version.ts';
import type { Paths } from '../system/paths.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { evidenceOf } from './evidence-field.ts';
import { contentsLines } from './ftparchive.ts';
import { entryKey, type IndexEntry } from './index-entry.ts';
import { existingSuite } from './promote.ts';
import { assertClock, type LockedArchive, type PublisherOptions, withArchive } from './publisher.ts';
import { suiteNames } from './read-suite.ts';
import { makeStage } from './stage.ts';
import { removeUnreferenced } from './unreferenced.ts';
import { writeSuite } from './write-suite.ts';

export interface PruneOptions extends PublisherOptions {
  /** Versions of each package that every suite keeps, the newest. */
  keep: number;
  /** ms after which a snapshot goes; undefined keeps all. */
  snapshots?: number;
  /** ms that a file of the pool stays after the last suite has let go of it: clients may be fetching it. */
  grace: number;
  paths: Paths;
}

/** What a prune took away, and what it will. */
export interface Pruned {
  /** `production: web=1.3-1:amd64`. */
  versions: string[];
  snapshots: string[];
  /** Files of the pool. */
  files: string[];
  /** Files that no suite has, and that go once the grace is over. */
  waiting: number;
}

/**
 * Lets go of old versions, old snapshots and files that no suite has any more.
 *
 * @throws ProdngError PUBLISH, SIGNATURE, BUSY, IO
 */
export async function prune(options: PruneOptions): Promise<Pruned> {
  return await withArchive(options, false, async (archive) => {
    const { folder } = archive;
    const stage = await makeStage(folder);
    try {
      const pruned: Pruned = { versions: [], snapshots: [], files: [], waiting: 0 };
      const referenced = new Set<string>();
      for (const name of await suiteNames(folder)) {
        const kept = await pruneSuite(archive, stage, name, options, pruned);
        for (const entry of kept)
          for (const file of [entry.filename, ...evidenceOf(entry)]) referenced.add(file);
      }
      const { removed, waiting } = await removeUnreferenced(folder, referenced, options);
      return { ...pruned, files: removed, waiting };
    } finally {
      await folder.remove(stage);
    }
  });
}

/** @returns what the suite has afterwards */
async function pruneSuite(
  { folder, keyring }: LockedArchive,
  stage: string,
  name: string,
  options: PruneOptions,
  pruned: Pruned,
): Promise<IndexEntry[]> {
  const { archive, now, keep, snapshots, signer, paths } = options;
  const { facts, entries, digests } = await existingSuite(folder, name, keyring, archive);
  if (facts.snapshotOf !== undefined) {
    if (snapshots === undefined || now.getTime() - facts.date <= snapshots) return entries;
    // out of sight in one step
    await folder.move(`dists/${name}`, `dists/.${name}`);
    await folder.remove(`dists/.${name}`);
    pruned.snapshots.push(name);
    return [];
  }
  assertClock(now, facts.date, name);
  const kept = newest(entries, keep);
  const gone = entries.filter((entry) => !kept.includes(entry));
  if (gone.length === 0) return entries;
  const dropped = new Set(gone.map((entry) => entry.name));
  await linkVersions(
    folder,
    `${stage}/${name}`,
    kept.filter((entry) => dropped.has(entry.name)),
  );
  await folder.within(`${stage}/${name}`, true, (place) =>
    writeSuite(
      folder,
      {
        facts: { ...facts, date: now.getTime() },
        entries: kept,
        digests,
        contents: { added: (architecture) => contentsLines(place, 'pool', architecture), dropped },
      },
      signer,
      join(paths.cache, 'blocks'),
    ),
  );
  pruned.versions.push(...gone.map((entry) => `${name}: ${entryKey(entry)}`));
  return kept;
}

async function linkVersions(
  folder: ArchiveFolder,
  stage: string,
  entries: readonly IndexEntry[],
): Promise<void> {
  await folder.within(`${stage}/pool`, true, () => Promise.resolve());
  for (const { filename } of entries) await folder.link(filename, `${stage}/${filename}`);
}

function newest(entries: readonly IndexEntry[], keep: number): IndexEntry[] {
  const groups = new Map<string, IndexEntry[]>();
  for (const entry of entries) {
    const key = `${entry.name}:${entry.architecture}`;
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return [...groups.values()].flatMap((group) =>
    group.sort((a, b) => compareVersions(b.version, a.version)).slice(0, keep),
  );
}
