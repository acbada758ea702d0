import { readdir } from 'node:fs/promises';
import { ProdngError } from '../error/prodng-error.ts';
import { ownValue } from '../system/own-value.ts';
import type { ArchiveFolder } from './archive-folder.ts';
import { workFolder } from './stage.ts';

const record = `${workFolder}/unreferenced.json`;

/**
 * Removes files of the pool that no suite has had for the time of grace. When each one was first seen without a suite
 * is kept in a file; no time stamp of the files is believed.
 */
export async function removeUnreferenced(
  folder: ArchiveFolder,
  referenced: ReadonlySet<string>,
  { now, grace }: { now: Date; grace: number },
): Promise<{ removed: string[]; waiting: number }> {
  const since = await readRecord(folder);
  const waiting: Record<string, number> = {};
  const removed: string[] = [];
  for (const path of await poolFiles(folder)) {
    if (referenced.has(path)) continue;
    const seen = ownValue(since, path) ?? now.getTime();
    if (now.getTime() - seen < grace) waiting[path] = seen;
    else removed.push(path);
  }
  for (const path of removed) await folder.remove(path);
  await folder.write(record, `${JSON.stringify(waiting)}\n`);
  return { removed, waiting: Object.keys(waiting).length };
}

async function poolFiles(folder: ArchiveFolder): Promise<string[]> {
  if (!(await folder.list('')).includes('pool')) return [];
  return await folder.within('pool', false, async (place) => {
    const found = await readdir(place, { recursive: true, withFileTypes: true });
    return found
      .filter((entry) => !entry.isDirectory())
      .map((entry) => `pool${entry.parentPath.slice(place.length)}/${entry.name}`)
      .sort();
  });
}

async function readRecord(folder: ArchiveFolder): Promise<Record<string, number>> {
  const bytes = await folder.read(record);
  if (bytes === undefined) return {};
  const { z } = await import('zod');
  try {
    return z.record(z.string(), z.number()).parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new ProdngError('PUBLISH', `${folder.path}/${record}: not what prodng wrote there`, {
      hint: 'remove it: the time of grace of files without a suite begins again',
      cause,
    });
  }
}
