import { z } from 'zod';
import { linkSchema, networkNamePattern } from './networks-schema.ts';

const address = z.union([z.ipv4(), z.ipv6()]);

/** What an operator sets for a jail beside what its package declares. */
export const overridesSchema = z.strictObject({
  /** The host's interface that a macvlan jail hangs on. */
  uplink: linkSchema.optional(),
  /** One of the networks in agent.json. */
  network: z.string().regex(networkNamePattern).optional(),
  /** With its prefix, or what a DHCP server gives. */
  address: z.union([z.literal('dhcp'), z.cidrv4(), z.cidrv6()]).optional(),
  gateway: address.optional(),
  /** Bytes. */
  memory: z
    .number()
    .int()
    .min(2 ** 20)
    .optional(),
  /** Percent of one CPU. */
  cpu: z.number().int().min(1).max(1_000_000).optional(),
  pids: z.number().int().min(1).max(4_194_304).optional(),
  /** Lower is started earlier at boot. */
  order: z.number().int().min(0).max(1000).optional(),
});

export type Overrides = z.infer<typeof overridesSchema>;
