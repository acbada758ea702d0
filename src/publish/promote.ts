import { join } from 'node:path';
import { compareVersions } from '../control/version.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { Paths } from '../system/paths.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { contentsLines } from './ftparchive.ts';
import { entryKey, type IndexEntry } from './index-entry.ts';
import { assertChangeable, newSuite } from './publish.ts';
import { assertClock, type PublisherOptions, withArchive } from './publisher.ts';
import { readSuite, type Suite } from './read-suite.ts';
import { makeStage } from './stage.ts';
import { writeSuite } from './write-suite.ts';

export interface PromoteOptions extends PublisherOptions {
  /** `web=1.4-1`, or `web` for the newest that `from` has. */
  packages: readonly string[];
  from: string;
  to: string;
  /** Make the suite `to` when the archive does not have it. */
  create?: boolean;
  /** Of a new suite: ms until its Release file expires. */
  validFor?: number;
  paths: Paths;
}

/**
 * Takes packages that one suite has into another. The bytes are those that were published.
 *
 * @returns what `to` has now and had not: `web=1.4-1:amd64`
 * @throws ProdngError PUBLISH, SIGNATURE, BUSY, IO
 */
export async function promote(options: PromoteOptions): Promise<string[]> {
  const { archive, packages, from, now, signer, paths } = options;
  return await withArchive(options, false, async ({ folder, keyring }) => {
    const source = await existingSuite(folder, from, keyring, archive);
    const target = await targetSuite(folder, keyring, options, source);
    const chosen = packages.flatMap((text) => choose(text, source, archive));
    const there = new Set(target.entries.map(entryKey));
    const added = chosen.filter((entry) => !there.has(entryKey(entry)));
    if (added.length === 0) return [];
    const architectures = [
      ...new Set([...target.facts.architectures, ...added.map(({ architecture }) => architecture)]),
    ].filter((name) => name !== 'all');
    const stage = await makeStage(folder);
    try {
      for (const { filename } of added) await folder.link(filename, `${stage}/${filename}`);
      await folder.within(stage, false, (place) =>
        writeSuite(
          folder,
          {
            facts: { ...target.facts, date: now.getTime(), architectures: architectures.sort() },
            entries: [...target.entries, ...added],
            digests: target.digests,
            contents: {
              added: (architecture) => contentsLines(place, 'pool', architecture),
              dropped: new Set(),
            },
          },
          signer,
          join(paths.cache, 'blocks'),
        ),
      );
      return added.map(entryKey);
    } finally {
      await folder.remove(stage);
    }
  });
}

async function targetSuite(
  folder: ArchiveFolder,
  keyring: Parameters<typeof readSuite>[2],
  { archive, to, create, validFor, now }: PromoteOptions,
  source: Suite,
): Promise<Suite> {
  const suite = await readSuite(folder, to, keyring);
  if (suite !== undefined) {
    assertClock(now, suite.facts.date, to);
    assertChangeable(suite.facts);
    return suite;
  }
  if (create !== true)
    throw new ProdngError('PUBLISH', `${archive}: has no suite ${to}`, { hint: 'to make it, give --create' });
  return { facts: newSuite(to, source.facts, { validFor }), entries: [], digests: new Map() };
}

/** @throws ProdngError PUBLISH when the archive does not have it */
export async function existingSuite(
  folder: ArchiveFolder,
  name: string,
  keyring: Parameters<typeof readSuite>[2],
  archive: string,
): Promise<Suite> {
  const suite = await readSuite(folder, name, keyring);
  if (suite !== undefined) return suite;
  throw new ProdngError('PUBLISH', `${archive}: has no suite ${name}`, {
    hint: `see what it has: ls ${join(archive, 'dists')}`,
  });
}

function choose(text: string, suite: Suite, archive: string): IndexEntry[] {
  const [name = '', version] = text.split('=', 2);
  const named = suite.entries.filter((entry) => entry.name === name);
  const newest = named
    .map((entry) => entry.version)
    .sort(compareVersions)
    .at(-1);
  const found = named.filter((entry) => entry.version === (version ?? newest));
  if (found.length > 0) return found;
  const there = named.map((entry) => entry.version).join(', ');
  throw new ProdngError('PUBLISH', `${archive}: ${suite.facts.suite} has no ${text}`, {
    hint: there === '' ? `it has no package ${name}` : `it has ${there}`,
  });
}
