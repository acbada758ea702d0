import { join } from 'node:path';
import type { Paths } from '../system/paths.ts';
import { existingSuite } from './promote.ts';
import { assertClock, type PublisherOptions, withArchive } from './publisher.ts';
import { readSuite, suiteNames } from './read-suite.ts';
import { makeStage } from './stage.ts';
import { snapshotName } from './suite-name.ts';
import { writeSuite } from './write-suite.ts';

export interface RefreshOptions extends PublisherOptions {
  /** Absent: all suites that expire. */
  suite?: string;
  /** ms until the Release files expire from now on (default: as long as before); `never` for no expiry. */
  validFor?: number | 'never';
  paths: Paths;
}

/**
 * Signs suites again as they are, with a new Date and Valid-Until.
 *
 * @returns the names of the suites that were signed
 * @throws ProdngError PUBLISH, SIGNATURE, BUSY, IO
 */
export async function refresh(options: RefreshOptions): Promise<string[]> {
  const { archive, now, signer, paths, suite: only, validFor } = options;
  return await withArchive(options, false, async ({ folder, keyring }) => {
    await clean(folder);
    const signed: string[] = [];
    for (const name of only === undefined ? await suiteNames(folder) : [only]) {
      const { facts, entries, digests } = await existingSuite(folder, name, keyring, archive);
      if (only === undefined && facts.snapshotOf !== undefined) continue;
      assertClock(now, facts.date, name);
      const { validFor: before, ...rest } = facts;
      const span = validFor === 'never' ? undefined : (validFor ?? before);
      const fresh = { ...rest, date: now.getTime(), ...(span === undefined ? {} : { validFor: span }) };
      await writeSuite(folder, { facts: fresh, entries, digests }, signer, join(paths.cache, 'blocks'));
      signed.push(name);
    }
    return signed;
  });
}

export interface SnapshotOptions extends PublisherOptions {
  suite: string;
  paths: Paths;
}

/**
 * Keeps a suite as it is now under a name of its own, which neither changes nor expires.
 *
 * @returns the name of the snapshot: `production-20261127T143000Z`
 * @throws ProdngError PUBLISH, SIGNATURE, BUSY, IO
 */
export async function snapshot(options: SnapshotOptions): Promise<string> {
  const { archive, now, signer, paths, suite } = options;
  return await withArchive(options, false, async ({ folder, keyring }) => {
    await clean(folder);
    const { facts, entries, digests } = await existingSuite(folder, suite, keyring, archive);
    assertClock(now, facts.date, suite);
    const name = snapshotName(suite, now);
    if ((await readSuite(folder, name, keyring)) !== undefined) return name;
    const { validFor: _, ...rest } = facts;
    const own = { ...rest, suite: name, date: now.getTime(), snapshotOf: facts.snapshotOf ?? suite };
    await writeSuite(
      folder,
      { facts: own, entries, digests, contentsOf: suite },
      signer,
      join(paths.cache, 'blocks'),
    );
    return name;
  });
}

/** Removes what killed publishers left. */
async function clean(folder: Parameters<typeof makeStage>[0]): Promise<void> {
  await folder.remove(await makeStage(folder));
}
