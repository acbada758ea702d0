import { z } from 'zod';

const fingerprint = z
  .string()
  .transform((text) => text.replaceAll(' ', '').replace(/^0x/i, '').toUpperCase())
  .pipe(z.string().regex(/^[0-9A-F]{40}$/, 'not a fingerprint of 40 hex digits'));

const rule = z
  .strictObject({
    name: z.string().min(1).describe('Name of the rule, for messages'),
    keys: z.array(fingerprint).min(1).describe('Fingerprints of keys, 40 hex digits each'),
    atLeast: z.int().min(1).optional().describe('How many of them must have signed; 1 by default'),
  })
  .refine(({ keys }) => new Set(keys).size === keys.length, 'duplicate key')
  .refine(({ keys, atLeast = 1 }) => atLeast <= keys.length, 'atLeast is more than there are keys');

/** The policy file of `prodng verify --policy`. A policy without a rule would pass everything. */
export const policySchema = z.strictObject({
  keyring: z
    .array(z.string().min(1))
    .min(1)
    .describe('Files with the public keys; a relative path starts at the folder of the policy'),
  require: z.array(rule).min(1).describe('Rules, each of which must be met'),
  validNow: z.boolean().optional().describe('Keys must be valid now too, not only when they signed'),
});
