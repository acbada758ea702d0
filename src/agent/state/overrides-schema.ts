import { z } from 'zod';
import type { Bound } from '../../control/bound.ts';
import { cpuBound } from '../../control/fields/cpu.ts';
import { memoryBound } from '../../control/fields/memory.ts';
import { pidsBound } from '../../control/fields/pids.ts';
import { observeModes } from '../observation/note.ts';
import { linkSchema, networkNamePattern } from './networks-schema.ts';

const address = z.union([z.ipv4(), z.ipv6()]);

/** A number with the bounds that the declared one has. */
const bounded = ({ least, most }: Bound<number>) => z.number().int().min(least).max(most).optional();

/** Bytes. With less a runtime cannot set a jail up: runc 1.1 fails at 2 MiB and works at 4 MiB. */
const leastMemory = 2 ** 22;

/** A variable of Jail-Settings. */
export const settingName = z.string().regex(/^[A-Za-z_]\w{0,255}$/, 'not the name of a variable');

/** What an operator sets for a jail beside what its package declares. */
export const overridesSchema = z.strictObject({
  uplink: linkSchema.optional(),
  network: z.string().regex(networkNamePattern).optional().describe('A network of agent.json'),
  address: z
    .union([z.literal('dhcp'), z.cidrv4(), z.cidrv6()])
    .optional()
    .describe('Address with its prefix length, such as 192.0.2.10/24, or dhcp'),
  gateway: address.optional().describe('Default gateway'),
  memory: bounded({ ...memoryBound, least: leastMemory }).describe('Limit of memory, in bytes'),
  cpu: bounded(cpuBound).describe('Limit of CPU, in percent of one CPU'),
  pids: bounded(pidsBound).describe('Limit of processes and threads'),
  observe: z.enum(observeModes).optional().describe('How much is observed: base, record or off'),
  order: z
    .number()
    .int()
    .min(0)
    .max(1000)
    .optional()
    .describe('Boot order: jails with a lower number are started earlier; 500 by default'),
  boot: z
    .boolean()
    .optional()
    .describe('Whether it runs after a boot of the host (default: if it should run before)'),
  hold: z.boolean().optional().describe('It is not upgraded'),
  settings: z
    .record(settingName, z.string().max(4096))
    .optional()
    .describe('Values of Jail-Settings, by name'),
});

export type Overrides = z.infer<typeof overridesSchema>;
