import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { withFlock } from '../kernel/flock.ts';
import type { Paths } from '../system/paths.ts';

/**
 * Gives `work` a folder of its own in the cache, which is gone afterwards. What a killed prodng left is removed by
 * the next: a folder whose lock is free is stale.
 */
export async function withWorkFolder<T>(paths: Paths, work: (folder: string) => Promise<T>): Promise<T> {
  const parent = join(paths.cache, 'work');
  await mkdir(parent, { recursive: true });
  await removeAbandoned(parent);
  const name = randomBytes(8).toString('hex');
  const lock = join(parent, `${name}.lock`);
  return await withFlock(lock, async () => {
    const folder = join(parent, name);
    await mkdir(folder, { mode: 0o700 });
    try {
      return await work(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
      await rm(lock, { force: true });
    }
  });
}

async function removeAbandoned(parent: string): Promise<void> {
  for (const file of await readdir(parent)) {
    if (!file.endsWith('.lock')) continue;
    const lock = join(parent, file);
    try {
      await withFlock(
        lock,
        async () => {
          await rm(lock.replace(/\.lock$/, ''), { recursive: true, force: true });
          await rm(lock, { force: true });
        },
        { timeout: 0 },
      );
    } catch (error) {
      if (!(error instanceof ProdngError) || error.code !== 'BUSY') throw error;
    }
  }
}
