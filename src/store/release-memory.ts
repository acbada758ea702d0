import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { writeFileAtomic } from '../system/atomic-file.ts';
import type { ArchiveState } from './archive-state.ts';

const memorySchema = z.array(
  z.strictObject({
    name: z.string(),
    origin: z.string(),
    date: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
  }),
);

/**
 * Remembers how new each archive has been, and takes no older one: an old state of it, though signed and not expired,
 * would bring back versions whose faults are known.
 *
 * @param path where it is remembered; it must outlive the cache
 * @throws ProdngError ARCHIVE_STALE; CONFIG when what is remembered cannot be read
 */
export async function assertNoReplay(state: ArchiveState, path: string): Promise<void> {
  const known = await readMemory(path);
  const isSame = (one: { name: string; origin: string }, other: { name: string; origin: string }) =>
    one.name === other.name && one.origin === other.origin;
  const present = state.releases.map(({ identity: { name, origin, date } }) => ({ name, origin, date }));
  for (const release of present) {
    const before = known.find((one) => isSame(one, release));
    if (before === undefined || Date.parse(release.date) >= Date.parse(before.date)) continue;
    throw new ProdngError(
      'ARCHIVE_STALE',
      `archive ${release.name}: it is of ${release.date}, and has been of ${before.date}`,
      { hint: `the mirror is behind: try later or another one; to go back on purpose remove ${path}` },
    );
  }
  const others = known.filter((one) => !present.some((release) => isSame(one, release)));
  const next = [...others, ...present];
  if (JSON.stringify(next) !== JSON.stringify(known))
    await writeFileAtomic(path, `${JSON.stringify(next, undefined, 1)}\n`);
}

async function readMemory(path: string): Promise<z.infer<typeof memorySchema>> {
  try {
    return memorySchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    // to go on without it would be to forget it
    throw new ProdngError('CONFIG', `${path}: cannot be read`, {
      hint: 'it records how recent each archive was; remove it to start over',
      cause: error,
    });
  }
}
