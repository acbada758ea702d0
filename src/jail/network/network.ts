import { createHash } from 'node:crypto';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { announceAddress, probeAddress } from '../../kernel/arp.ts';
import { setLinkUp } from '../../kernel/link.ts';
import { inNetns } from '../../kernel/netns.ts';
import type { Paths } from '../../system/paths.ts';
import type { RunRecord } from '../lifecycle/jail-slot.ts';
import type { Watchdog } from '../lifecycle/watchdog.ts';
import { runTool } from '../runtime/host-tool.ts';
import { applyFirewall, type Destinations } from './firewall.ts';
import { linkNames } from './links.ts';
import {
  awaitUnique,
  compareAddresses,
  compareAdvertisements,
  inUse,
  type OwnAddress,
  refuseAdvertisements,
} from './own-addresses.ts';

/** What the one who starts a macvlan jail decides; a package cannot know it. */
export interface Uplink {
  /** An interface of the host. */
  link: string;
  /** The jail's own address with its prefix, `192.0.2.10/24`, or `dhcp`: what a server on the link leases it. */
  address: string;
  /** By DHCP it is the server's to say. */
  gateway?: string;
  /** Resolvers for a jail that may ask some (default: the host's). */
  resolvers?: readonly string[];
}

/** The interface's name in every jail. */
export const jailLink = 'eth0';

/** A jail's network, for as long as it is needed. */
export interface JailNetwork {
  /** Its address with its prefix and its gateway, when it has an address of its own. */
  own?: OwnAddress;
  /** Takes the interface away at once: with the namespace it would linger, and its address with it. */
  close(): Promise<void>;
}

/**
 * Configures the network namespace of a jail from outside, so that the jail needs no right to do so.
 *
 * @param created the jail, not started yet
 * @param watchdog ends what serves the network if nothing else does
 * @throws ProdngError NETWORK, HOST_LACKS
 */
export async function configureNetwork(
  { pid, record }: { pid: number; record: RunRecord },
  declaration: JailDeclaration,
  uplink: Uplink | undefined,
  destinations: Destinations,
  paths: Paths,
  watchdog?: Watchdog,
): Promise<JailNetwork> {
  if (declaration.network === 'macvlan' && uplink !== undefined) {
    refuseAdvertisements(pid, hasIpv6(uplink));
    const mac = macAddress(record.name, hostIdentity(uplink.link));
    await addMacvlan(mac, pid, uplink);
    await batch(pid, [`link set ${firstLink} name ${jailLink}`]);
    await batch(pid, ['link set lo up', `link set ${jailLink} up`]);
    if (uplink.address !== 'dhcp') return staticNetwork(pid, mac, declaration, uplink, destinations);
    await applyFirewall(pid, declaration, destinations);
    const { leaseAddress } = await import('./dhcp-client.ts');
    const { startTime = '' } = record;
    const { lease, end } = await leaseAddress({ ...record, pid, startTime }, jailLink, paths, watchdog);
    return heldNetwork(pid, lease, end);
  }
  // runtimes bring it up unasked
  inNetns(pid, () => setLinkUp('lo', declaration.network !== 'none'));
  return { close: async () => {} };
}

/** @throws ProdngError NETWORK when another host on the link has the address */
async function staticNetwork(
  pid: number,
  mac: string,
  declaration: JailDeclaration,
  { address, gateway }: Uplink,
  destinations: Destinations,
): Promise<JailNetwork> {
  const at = { pid, link: jailLink, mac };
  const plain = address.replace(/\/.*$/, '');
  const isIpv4 = isIPv4(plain);
  const [owner] = await Promise.all([
    isIpv4 ? probeAddress(at, plain) : undefined,
    applyFirewall(pid, declaration, destinations),
  ]);
  if (owner !== undefined) throw inUse(plain, owner);
  await batch(pid, [
    `address add ${address} dev ${jailLink}`,
    ...(gateway === undefined ? [] : [`route add default via ${gateway} dev ${jailLink}`]),
  ]);
  // the kernel itself tells the neighbours of one of IPv6
  if (isIpv4) announceAddress(at, plain);
  else if (hasIpv6({ address })) await awaitUnique(pid, jailLink, address);
  return heldNetwork(pid, { address, gateway }, async () => {});
}

function hasIpv6({ address }: Pick<Uplink, 'address'>): boolean {
  return address.includes(':');
}

/** What the interface is called first: Linux 6.1 refuses a name that the host has, eth0, for another namespace too. */
const firstLink = 'prodng-new';

/**
 * Made in the jail's namespace right away: the host never has an interface of that name, and nothing of it is left
 * no matter what is killed. An address that a jail just ended had is free again only when the kernel has taken it down.
 */
async function addMacvlan(mac: string, pid: number, { link }: Uplink): Promise<void> {
  const place = ['netns', String(pid), 'type', 'macvlan', 'mode', 'bridge'];
  const end = performance.now() + 5000;
  for (;;) {
    const { status, stderr } = await runTool(
      ['ip', 'link', 'add', 'link', link, 'name', firstLink, 'address', mac, ...place],
      { accept: [0, 1, 2] },
    );
    if (status === 0) return;
    if (!stderr.includes('Address already in use') || performance.now() > end)
      throw new ProdngError('NETWORK', `cannot make a macvlan on ${link}: ${stderr.trim()}`, {
        hint: 'give an interface of the host, as `ip link` lists them: --uplink eth0',
      });
    await sleep(50);
  }
}

/** The same for every run of a jail on this host, so that neighbours need not learn it again; locally administered. */
export function macAddress(name: string, host: string): string {
  const bytes = createHash('sha256').update(`prodng macvlan\0${host}\0${name}`).digest();
  return `02:${bytes.subarray(0, 5).toString('hex').match(/../g)?.join(':') ?? ''}`;
}

/** What tells this host from others on the link: hosts that were cloned from one image may have one machine-id. */
function hostIdentity(link: string): string {
  return ['/etc/machine-id', `/sys/class/net/${link}/address`]
    .map((path) => {
      try {
        return readFileSync(path, 'utf8').trim();
      } catch {
        return '';
      }
    })
    .join(' ');
}

async function batch(pid: number, commands: readonly string[]): Promise<void> {
  const argv = ['nsenter', '--net', '--target', String(pid), 'ip', '-batch', '-'] as const;
  const input = `${commands.join('\n')}\n`;
  const end = performance.now() + 5000;
  let { status, stderr } = await runTool(argv, { input, accept: [0, 1, 2] });
  // the hardware address of a jail that was killed: its link goes a while after its last process
  while (status !== 0 && stderr.includes('Address already in use') && performance.now() < end) {
    await sleep(100);
    ({ status, stderr } = await runTool(argv, { input, accept: [0, 1, 2] }));
  }
  if (status === 0) return;
  throw new ProdngError('NETWORK', `the jail's network cannot be configured: ${stderr.trim()}`, {
    hint: 'see that --address and --gateway belong together, such as 192.0.2.10/24 and 192.0.2.1',
  });
}

function heldNetwork(pid: number, own: OwnAddress, endLease: () => Promise<void>): JailNetwork {
  const fd = openSync(`/proc/${pid}/ns/net`, 'r');
  return {
    own: { address: own.address, gateway: own.gateway },
    async close() {
      await endLease();
      const namespace = `/proc/${process.pid}/fd/${fd}`;
      await runTool(['nsenter', `--net=${namespace}`, 'ip', 'link', 'delete', jailLink], {
        accept: [0, 1, 2],
      });
      closeSync(fd);
    },
  };
}

/** What the kernel makes in every new namespace where such a module is loaded; all of them are down. */
const fallbackLinks = /^(?:lo|sit0|tunl0|gre0|gretap0|erspan0|ip_vti0|ip6_vti0|ip6tnl0|ip6gre0)$/;

/** Says what is different about a jail's interfaces, addresses and default routes. */
export function compareNetwork(
  declaration: JailDeclaration,
  pid: number,
  { own }: Pick<JailNetwork, 'own'>,
): string[] {
  const links = compareLinks(declaration, pid);
  if (links.length > 0 || own === undefined) return links;
  return [
    ...compareAdvertisements(pid, jailLink, own.address.includes(':')),
    ...compareAddresses(pid, jailLink, own),
  ];
}

function compareLinks(declaration: JailDeclaration, pid: number): string[] {
  const links = linkNames(String(pid));
  const wanted = declaration.network === 'macvlan' ? [jailLink] : [];
  return [
    ...wanted.filter((link) => !links.includes(link)).map((link) => `the interface ${link} is missing`),
    ...links
      .filter((link) => !fallbackLinks.test(link) && !wanted.includes(link))
      .map((link) => `the interface ${link} is there and not declared`),
  ];
}
