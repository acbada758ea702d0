import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { errnoOf } from '../../error/prodng-error.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const recordSchema = z.strictObject({
  format: z.literal(1),
  /** The image that is on trial or about to be. */
  trying: z.strictObject({ digest, version: z.string(), date: z.number() }).optional(),
  /** Images that were tried here and not committed. */
  refused: z.array(digest).default([]),
  /** The date of the newest image that was committed here, seconds since 1970: nothing older is taken. */
  newest: z.number().default(0),
});

export type HostRecord = z.infer<typeof recordSchema>;

/** It is on the data partition, so that it outlives every image. */
const recordFile = '/var/lib/prodng/host.json';

export async function readHostRecord(path = recordFile): Promise<HostRecord> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return { format: 1, refused: [], newest: 0 };
  }
}

export async function writeHostRecord(record: HostRecord, path = recordFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(recordSchema.parse(record), undefined, 2)}\n`, 0o600);
}
