import { z } from 'zod';

const bytes = z
  .number()
  .int()
  .min(2 ** 20);
const ms = z.number().int().min(100);

/** What to collect of a jail. */
export const takeSchema = z
  .strictObject({
    /** Memory of all processes, as ELF cores. */
    memory: z.boolean().default(false),
    /** Values of environment variables, which may be passwords. */
    secrets: z.boolean().default(false),
    /** YARA rules to match with files, and with memory if that is taken: a file or folder of the host. */
    yara: z.string().startsWith('/').max(4096).optional(),
    reason: z.string().min(1).max(1000).optional(),
    /** Bytes of all files before compression. */
    maxBytes: bytes.optional(),
    /** ms that the jail may be frozen. */
    maxFrozen: ms.optional(),
    /** ms in all. */
    maxTime: ms.optional(),
  })
  .meta({ id: 'TakeEvidence' });

export type TakeRequest = z.infer<typeof takeSchema>;

/** A bundle that was written. */
export const takenSchema = z
  .object({
    id: z.string().regex(/^[0-9a-f]{16}$/),
    size: z.number().int(),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    /** Fingerprint of the key that signed it. */
    key: z.string(),
    files: z.number().int(),
    /** What could not be collected: the manifest says what, and why. */
    missing: z.number().int(),
    /** How often a YARA rule matched: scan/yara.json says which, and where. */
    matches: z.number().int().optional(),
    /** ms until the jail was frozen, and for how long it was. */
    froze: z.number().optional(),
    frozen: z.number().optional(),
  })
  .meta({ id: 'TakenEvidence' });

export type Taken = z.infer<typeof takenSchema>;
