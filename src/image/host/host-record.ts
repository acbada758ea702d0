import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { prettifyError, z } from 'zod';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { writeFileAtomic } from '../../system/atomic-file.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** Unknown keys are kept: after a rollback, an older prodng reads and writes what a newer one wrote. */
const recordSchema = z.looseObject({
  format: z.literal(1),
  /** The image that is on trial or about to be. */
  trying: z.strictObject({ digest, version: z.string(), date: z.number() }).optional(),
  /** The image that was committed last. */
  committed: digest.optional(),
  /** Images that failed their trial here, or were rolled back: they are taken only on request. */
  refused: z.array(digest).default([]),
  /** The date of the newest image that was committed here, seconds since 1970: nothing older is taken. */
  newest: z.number().default(0),
});

export type HostRecord = z.infer<typeof recordSchema>;

/** An image, as the record names it. */
export interface RecordedImage {
  /** Of its manifest, which does not depend on who signed it. */
  digest: string;
  version: string;
  date: number;
}

/** It is on the data partition, so that it outlives every image. */
const recordFile = '/var/lib/prodng/host.json';

/** @throws ProdngError CONFIG when it is damaged, IO */
export async function readHostRecord(path = recordFile): Promise<HostRecord> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    return { format: 1, refused: [], newest: 0 };
  }
  return parseHostRecord(text, path);
}

/** @throws ProdngError CONFIG */
export function parseHostRecord(text: string, path: string): HostRecord {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProdngError('CONFIG', `${path}: not JSON`, { cause });
  }
  const parsed = recordSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProdngError('CONFIG', `${path}: ${prettifyError(parsed.error)}`);
}

export async function writeHostRecord(record: HostRecord, path = recordFile): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFileAtomic(path, `${JSON.stringify(recordSchema.parse(record), undefined, 2)}\n`, 0o600);
}

/**
 * Says why an image is not taken as an update.
 *
 * @param again the operator asks for an image that was refused here before
 * @returns undefined when it is taken
 */
export function updateFault(
  { refused, newest }: HostRecord,
  { digest, version, date }: RecordedImage,
  again = false,
): string | undefined {
  if (date < newest) return `${version}: it is older than an image that was committed here`;
  if (refused.includes(digest) && !again)
    return `${version}: this image failed its trial on this host, or was rolled back`;
  return undefined;
}

/** The record once an image is armed for one start. */
export function armed(record: HostRecord, { digest, version, date }: RecordedImage): HostRecord {
  const refused = record.refused.filter((each) => each !== digest);
  return { ...record, refused, trying: { digest, version, date } };
}

/**
 * The record once the running image is kept.
 *
 * @param isPending the image that is armed is still to be tried: it has not failed
 */
export function committed(
  { trying, ...record }: HostRecord,
  image: RecordedImage,
  isPending = false,
): HostRecord {
  const other = trying === undefined || trying.digest === image.digest ? undefined : trying;
  const failed = other === undefined || isPending ? [] : [other.digest];
  return {
    ...record,
    ...(other === undefined || !isPending ? {} : { trying: other }),
    committed: image.digest,
    refused: [...new Set([...record.refused, ...failed])].filter((each) => each !== image.digest),
    newest: Math.max(record.newest, image.date),
  };
}

/**
 * The record after a start: an image that was armed and does not run has failed, and is refused from now on.
 *
 * @param running the digest of the running image
 * @returns undefined when nothing has failed
 */
export function withoutFailed({ trying, ...record }: HostRecord, running: string): HostRecord | undefined {
  if (trying === undefined || trying.digest === running) return undefined;
  return { ...record, refused: [...new Set([...record.refused, trying.digest])] };
}

/** The record once the running image is rolled back: it is not taken again by itself. */
export function rolledBack(record: HostRecord, running: string): HostRecord {
  const { trying: _trying, ...rest } = record;
  return { ...rest, refused: [...new Set([...record.refused, running])] };
}
