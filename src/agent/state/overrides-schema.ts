import { z } from 'zod';
import type { Bound } from '../../control/bound.ts';
import { cpuBound } from '../../control/fields/cpu.ts';
import { memoryBound } from '../../control/fields/memory.ts';
import { pidsBound } from '../../control/fields/pids.ts';
import { linkSchema, networkNamePattern } from './networks-schema.ts';

const address = z.union([z.ipv4(), z.ipv6()]);

/** A number with the bounds that the declared one has. */
const bounded = ({ least, most }: Bound<number>) => z.number().int().min(least).max(most).optional();

/** Bytes. With less a runtime cannot set a jail up: runc 1.1 fails at 2 MiB and works at 4 MiB. */
const leastMemory = 2 ** 22;

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
  memory: bounded({ ...memoryBound, least: leastMemory }),
  /** Percent of one CPU. */
  cpu: bounded(cpuBound),
  pids: bounded(pidsBound),
  /** Lower is started earlier at boot. */
  order: z.number().int().min(0).max(1000).optional(),
});

export type Overrides = z.infer<typeof overridesSchema>;
