import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { runTool } from '../../jail/runtime/host-tool.ts';
import type { BundleWriter } from '../bundle/bundle-writer.ts';
import { addProcFile } from './proc-file.ts';
import { parseInetSockets, parseUnixSockets, type Socket } from './sockets.ts';

const artifact = 'ProdNGJailNetwork';
const inet = ['tcp', 'tcp6', 'udp', 'udp6', 'raw', 'raw6'];
const files = [
  ...inet,
  ...'unix packet netlink arp dev route ipv6_route if_inet6 fib_trie snmp netstat sockstat dev_mcast'.split(
    ' ',
  ),
];

/** The network namespace of a jail: sockets with their peers and owners, routes, neighbours, counters, firewall. */
export async function collectNetwork(
  bundle: BundleWriter,
  pid: number,
  pids: readonly number[],
): Promise<void> {
  const own = readlinkSync(`/proc/${pid}/ns/net`);
  const owners = socketOwners(pids);
  // a jail without a network of its own shares the host's: only its own sockets are its evidence
  const isShared = own === readlinkSync('/proc/self/ns/net');
  const sockets = socketsOf(pid)
    .filter(({ inode }) => !isShared || owners.has(inode))
    .map((socket) => ({ ...socket, pids: owners.get(socket.inode) ?? [] }));
  await bundle.addJson({ path: 'network/sockets.json', source: `/proc/${pid}/net`, artifact }, sockets);
  for (const name of files)
    await addProcFile(bundle, { path: `network/${name}`, source: `/proc/${pid}/net/${name}`, artifact });
  if (isShared) return;
  const enter = ['nsenter', `--net=/proc/${pid}/ns/net`] as const;
  await addOutput(bundle, 'network/firewall.json', [...enter, 'nft', '-j', 'list', 'ruleset']);
  await addOutput(bundle, 'network/addresses.json', [...enter, 'ip', '-j', 'address']);
}

/** Which processes have a socket open. */
function socketOwners(pids: readonly number[]): Map<number, number[]> {
  const owners = new Map<number, number[]>();
  for (const pid of pids) {
    for (const fd of namesIn(`/proc/${pid}/fd`)) {
      const inode = Number(/^socket:\[(\d+)\]$/.exec(targetOf(`/proc/${pid}/fd/${fd}`))?.[1] ?? Number.NaN);
      if (Number.isNaN(inode) || owners.get(inode)?.includes(pid) === true) continue;
      owners.set(inode, [...(owners.get(inode) ?? []), pid]);
    }
  }
  return owners;
}

/** All sockets of the network namespace that a process is in. */
export function socketsOf(pid: number): Socket[] {
  const read = (name: string) => {
    try {
      return readFileSync(`/proc/${pid}/net/${name}`, 'utf8');
    } catch {
      return '';
    }
  };
  return [...inet.flatMap((name) => parseInetSockets(name, read(name))), ...parseUnixSockets(read('unix'))];
}

async function addOutput(
  bundle: BundleWriter,
  path: string,
  argv: readonly [string, ...string[]],
): Promise<void> {
  const source = argv.join(' ');
  try {
    const { stdout } = await runTool(argv);
    await bundle.add({ path, source, artifact }, Buffer.from(stdout));
  } catch (error) {
    bundle.failed(source, artifact, error);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
