import { z } from 'zod';
import { addressFault } from '../../jail/network/address-fault.ts';
import { type IpBlock, isIn, parseBlock, parseIp } from '../../jail/network/ip-address.ts';

export const linkSchema = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,15}$/)
  .describe('Host interface that macvlan jails are attached to');

const address = z.union([z.ipv4(), z.ipv6()]);
const resolvers = z
  .array(address)
  .max(3)
  .optional()
  .describe("Resolvers of jails that declare Jail-Connect: dns; by default the host's");

/** A network whose addresses the agent gives out. */
const poolSchema = z
  .strictObject({
    uplink: linkSchema,
    subnet: z.union([z.cidrv4(), z.cidrv6()]).describe('The network, such as 192.0.2.0/24'),
    range: z
      .tuple([address, address])
      .optional()
      .describe('First and last address for jails; by default all host addresses of the subnet'),
    gateway: address.optional().describe('Default gateway'),
    dns: resolvers,
  })
  .superRefine(({ subnet, range, gateway }, context) => {
    const block = parseBlock(subnet);
    const fault = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (block === undefined) return;
    if (block.address.value !== block.first) fault('subnet', 'its address is not the first of the block');
    for (const [path, text] of [
      ['gateway', gateway] as const,
      ...(range ?? []).map((one) => ['range', one] as const),
    ])
      if (text !== undefined && !isInside(text, block)) fault(path, `${text} is not in ${subnet}`);
    const gatewayFault = gateway === undefined ? undefined : addressFault(`${gateway}/${block.prefix}`);
    if (gatewayFault !== undefined) fault('gateway', gatewayFault);
    const [first, last] = (range ?? []).map((text) => parseIp(text)?.value ?? 0n);
    if (first !== undefined && last !== undefined && first > last)
      fault('range', 'its first is behind its last');
  });

function isInside(text: string, block: IpBlock): boolean {
  const ip = parseIp(text);
  return ip !== undefined && isIn(ip, block);
}

/** A network whose addresses a DHCP server gives out. */
const leasedSchema = z.strictObject({
  uplink: linkSchema,
  address: z.literal('dhcp').describe('Jails get their addresses from a DHCP server'),
  dns: resolvers,
});

export const networkNamePattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The networks that macvlan jails can be on, by name. */
export const networksSchema = z.record(
  z.string().regex(networkNamePattern),
  z.union([poolSchema, leasedSchema]),
);

export type Network = z.infer<typeof poolSchema> | z.infer<typeof leasedSchema>;
export type PoolNetwork = z.infer<typeof poolSchema>;

/** The networks of a host, and the one that a jail is on when nobody has chosen. */
export interface Networks {
  byName: Readonly<Record<string, Network>>;
  /** Absent when there are several and none was named. */
  default?: string;
}
