import { readFileSync, statSync } from 'node:fs';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import type { JailBind } from '../runtime/oci-spec.ts';
import type { StagedMount } from '../runtime/staging.ts';
import { nameFiles } from '../storage/mount-points.ts';
import { resolveInRoot } from '../storage/root-path.ts';
import type { Destinations } from './firewall.ts';

/**
 * The resolv.conf(5) of a jail that may ask resolvers, which are the host's and not the package's; and the hosts(5) of
 * one whose Jail-Connect has names. Those need no resolver, and lead where the packet filter lets the jail go, whatever
 * a resolver would say later. The sources are names in the staging folder.
 */
export function nameMounts(
  rootfs: string,
  { network }: Pick<JailDeclaration, 'network'>,
  destinations: Destinations,
): { mounts: StagedMount[]; binds: JailBind[] } {
  if (network !== 'macvlan') return { mounts: [], binds: [] };
  const resolvers = destinations.resolvers.map((address) => `nameserver ${address}\n`);
  const hosts = destinations.hosts.flatMap(({ name, address }) =>
    name === undefined ? [] : [`${address}\t${name}\n`],
  );
  const texts = { '/etc/hosts': [...new Set(hosts)].join(''), '/etc/resolv.conf': resolvers.join('') };
  const given = nameFiles.flatMap((file) => {
    const place = resolveInRoot(rootfs, file);
    if (texts[file] === '' || !place.exists || !statSync(place.path).isFile()) return [];
    const text = file === '/etc/hosts' ? ownHosts(place.path) + texts[file] : texts[file];
    const at = file.slice('/etc/'.length);
    // mountinfo names where a link led to
    return [{ at, text, path: place.path.slice(rootfs.length) }];
  });
  return {
    mounts: given.map(({ at, text }) => ({ kind: 'text', text, at })),
    binds: given.map(({ at, path }) => ({ source: at, path, writable: false })),
  };
}

/** What the package says of hosts; it is first, as it is in the rootfs. */
function ownHosts(path: string): string {
  const text = readFileSync(path, 'utf8');
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
