import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { addressFault } from './address-fault.ts';
import { parseIp } from './ip-address.ts';
import type { Lease, LeaseFile } from './lease-types.ts';

/**
 * The state of a jail's lease. The client's events record it, whether or not there is an agent; it lies in the
 * run's bundle, and goes with it.
 */
export const leaseFileSchema = z.discriminatedUnion('state', [
  z.object({
    state: z.literal('bound'),
    address: z.cidrv4(),
    gateway: z.ipv4().optional(),
    server: z.ipv4(),
    seconds: z.number().int().positive(),
    obtained: z.iso.datetime(),
    /** What was wrong with a later answer, which was not taken. */
    fault: z.string().optional(),
  }),
  z.object({
    /** `refused`: the answer was absurd; `unanswered`: no server; `lost`: it has run out, or was taken back. */
    state: z.enum(['refused', 'unanswered', 'lost']),
    fault: z.string(),
  }),
]);

export function leasePath(bundle: string): string {
  return join(bundle, 'lease.json');
}

/** Exists while a client starts: its first event, that it has no lease, does not revoke one. */
export function beginsPath(bundle: string): string {
  return join(bundle, 'udhcpc.begins');
}

/** @returns undefined when there is none, or none that can be read */
export function readLease(bundle: string): LeaseFile | undefined {
  try {
    return leaseFileSchema.safeParse(JSON.parse(readFileSync(leasePath(bundle), 'utf8'))).data;
  } catch {
    return undefined;
  }
}

/** Shorter blocks than any network has: a wrong mask must not make half of the Internet a neighbour. */
const shortestPrefix = 8;

/** The environment that udhcpc gives its script, of which all values are the server's. */
const answerSchema = z
  .object({
    ip: z.ipv4(),
    subnet: z.ipv4(),
    serverid: z.ipv4(),
    lease: z.string().regex(/^\d{1,10}$/),
    router: z.string().optional(),
  })
  .transform(({ ip, subnet, serverid, lease, router }, context): Lease => {
    const refuse = (message: string): never => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    const prefix = prefixOf(subnet);
    if (prefix === undefined || prefix < shortestPrefix) return refuse(`${subnet} is no network's mask`);
    const address = `${ip}/${prefix}`;
    const seconds = Number(lease);
    if (seconds === 0) return refuse('a lease of no time');
    // there may be several, the preferred one first: RFC 2132 3.5
    const gateway = router?.split(' ')[0] || undefined;
    const fault = addressFault(address, gateway);
    if (fault !== undefined) return refuse(fault);
    return { address, ...(gateway === undefined ? {} : { gateway }), server: serverid, seconds };
  });

/**
 * Reads a server's answer out of the environment of udhcpc's script. Nothing in it has been checked by
 * anybody before.
 *
 * @returns the lease, or what is wrong with it
 */
export function parseAnswer(environment: Readonly<Record<string, string | undefined>>): Lease | string {
  const parsed = answerSchema.safeParse(environment);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => [...path, message].join(': '));
  return faults.join('; ').slice(0, 300);
}

/** The length of a netmask; undefined when its ones are not all in front. */
function prefixOf(mask: string): number | undefined {
  const bits = (parseIp(mask)?.value ?? 0n).toString(2).padStart(32, '0');
  return /^1*0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}
