import { z } from 'zod';

const fingerprint = z
  .string()
  .transform((text) => text.replaceAll(' ', '').replace(/^0x/i, '').toUpperCase())
  .pipe(z.string().regex(/^[0-9A-F]{40}$/, 'not a fingerprint of 40 hex digits'));

const rule = z
  .strictObject({
    name: z.string().min(1),
    keys: z.array(fingerprint).min(1),
    atLeast: z.int().min(1).optional(),
  })
  .refine(({ keys }) => new Set(keys).size === keys.length, 'duplicate key')
  .refine(({ keys, atLeast = 1 }) => atLeast <= keys.length, 'atLeast is more than there are keys');

/** The policy file of `prodng verify --policy`. A policy without a rule would pass everything. */
export const policySchema = z.strictObject({
  keyring: z.array(z.string().min(1)).min(1),
  require: z.array(rule).min(1),
  /** Keys must be valid now, not only when they signed. */
  validNow: z.boolean().optional(),
});
