import { prettifyError, z } from 'zod';
import { ProdngError } from '../error/prodng-error.ts';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

/** What an image says of itself: it is in the slot, and what a release key signs. */
const manifestSchema = z.strictObject({
  format: z.literal(1),
  name: z.string().min(1),
  version: z.string().min(1),
  architecture: z.literal('amd64'),
  /** Seconds since 1970: the newest of the archives that the image was made from. */
  date: z.int().min(0),
  debug: z.boolean(),
  /** Bytes of the slot that it was built for. */
  slotSize: z.int().positive(),
  kernel: z.strictObject({
    package: z.string(),
    version: z.string(),
    release: z.string(),
    commandLine: z.string(),
  }),
  root: z.strictObject({
    hash: digest,
    dataBlocks: z.int().positive(),
    hashBlocks: z.int().positive(),
    /** Bytes and number of its files, before compression. */
    bytes: z.int(),
    files: z.int(),
  }),
  /** Without signatures. */
  uki: z.strictObject({ size: z.int().positive(), sha256: digest }),
  initrd: z.strictObject({ size: z.int().positive(), sha256: digest }),
  /** SHA-256 of image.yaml and image.lock. */
  source: z.strictObject({ image: digest, lock: digest }),
  packages: z.array(
    z.strictObject({ name: z.string(), version: z.string(), architecture: z.string(), sha256: digest }),
  ),
});

export type ImageManifest = z.infer<typeof manifestSchema>;

/** The same facts give the same text. */
export function formatManifest(manifest: ImageManifest): string {
  return `${JSON.stringify(manifestSchema.parse(manifest), undefined, 1)}\n`;
}

/** @throws ProdngError IMAGE for what is no manifest that this prodng knows */
export function parseManifest(text: string, place: string): ImageManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProdngError('IMAGE', `${place}: its manifest is no JSON`, { cause });
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new ProdngError('IMAGE', `${place}: its manifest is malformed: ${prettifyError(parsed.error)}`);
}
