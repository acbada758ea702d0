import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { lostOf, type Profile } from '../../observe/profile.ts';
import { profileChunks } from '../../observe/profile-text.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';
import { folderNames } from '../../system/folder-names.ts';
import { WorkQueue } from '../supervision/work-queue.ts';

/** What is kept of profiles, for each jail. */
export interface ProfileQuota {
  runs: number;
  bytes: number;
}

/** What a list says of a profile. */
export const profileEntrySchema = z
  .object({
    id: z.string().regex(/^[a-z0-9][\w+.-]*$/),
    package: z.string(),
    version: z.string(),
    sha256: z.string(),
    mode: z.enum(['base', 'record']),
    runtime: z.string(),
    began: z.string(),
    /** ms */
    duration: z.number(),
    fromStart: z.boolean(),
    /** Events that are not in it. */
    lost: z.number(),
    /** Bytes of its file; absent while the run goes on. */
    size: z.number().optional(),
  })
  .meta({ id: 'ProfileEntry' });

export type ProfileEntry = z.infer<typeof profileEntrySchema>;

const indexName = 'index.json';

/**
 * The profiles of a host's jails: a folder for each jail, a file for each run, and an index. When there are too many, those of
 * mode base go first, the oldest of them first.
 */
export class ProfileStore {
  readonly #folder: string;
  readonly #quota: ProfileQuota;
  readonly #changes = new WorkQueue();

  constructor(folder: string, quota: ProfileQuota) {
    this.#folder = folder;
    this.#quota = quota;
  }

  /** The newest last. */
  list(jail: string): Promise<ProfileEntry[]> {
    return this.#changes.run(() => readIndex(join(this.#folder, jail)));
  }

  /** Keeps a profile. */
  add(jail: string, id: string, profile: Profile): Promise<void> {
    return this.#changes.run(async () => {
      const folder = join(this.#folder, jail);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      let size = 0;
      const counted = async function* () {
        for await (const chunk of profileChunks(profile)) {
          size += chunk.length;
          yield chunk;
        }
      };
      await writeFileAtomic(fileOf(folder, id), counted(), 0o600);
      const before = (await readIndex(folder)).filter((entry) => entry.id !== id);
      const kept = withinQuota([...before, { ...entryOf(id, profile), size }], this.#quota);
      await writeFileAtomic(join(folder, indexName), `${JSON.stringify(kept)}\n`, 0o600);
      await removeOthers(folder, kept);
    });
  }

  /** The file of a profile; undefined when there is none. */
  async file(jail: string, id: string): Promise<string | undefined> {
    const found = (await this.list(jail)).some((entry) => entry.id === id);
    return found ? fileOf(join(this.#folder, jail), id) : undefined;
  }

  remove(jail: string): Promise<void> {
    return this.#changes.run(() => rm(join(this.#folder, jail), { recursive: true, force: true }));
  }

  /** Removes the profiles of jails that are not installed any more. */
  sweep(isInstalled: (jail: string) => boolean): Promise<void> {
    return this.#changes.run(async () => {
      for (const jail of await folderNames(this.#folder))
        if (!isInstalled(jail)) await rm(join(this.#folder, jail), { recursive: true, force: true });
    });
  }
}

/** What a list says of it. */
export function entryOf(id: string, profile: Profile): ProfileEntry {
  const { version, sha256, mode, runtime, began, duration, fromStart } = profile;
  const lost = lostOf(profile);
  return { id, package: profile.package, version, sha256, mode, runtime, began, duration, fromStart, lost };
}

function withinQuota(entries: readonly ProfileEntry[], { runs, bytes }: ProfileQuota): ProfileEntry[] {
  const newest = entries.at(-1);
  // what goes last comes first
  const byWorth = [...entries]
    .reverse()
    .sort((a, b) => Number(b.mode === 'record') - Number(a.mode === 'record'));
  let sum = 0;
  const kept = new Set(
    byWorth.filter((entry, index) => {
      sum += entry.size ?? 0;
      return index < runs && sum <= bytes;
    }),
  );
  // the last run is always there to be looked at
  if (newest !== undefined) kept.add(newest);
  return entries.filter((entry) => kept.has(entry));
}

async function readIndex(folder: string): Promise<ProfileEntry[]> {
  try {
    const text = await readFile(join(folder, indexName), 'utf8');
    return z.array(profileEntrySchema).parse(JSON.parse(text));
  } catch {
    // none yet, or damaged: the files that it does not name are removed with the next profile
    return [];
  }
}

async function removeOthers(folder: string, kept: readonly ProfileEntry[]): Promise<void> {
  const names = new Set([indexName, ...kept.map(({ id }) => `${id}.json`)]);
  for (const name of await readdir(folder))
    if (!names.has(name)) await rm(join(folder, name), { recursive: true, force: true });
}

function fileOf(folder: string, id: string): string {
  return join(folder, `${id}.json`);
}
