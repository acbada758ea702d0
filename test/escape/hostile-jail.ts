import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { runProdng } from '../support/prodng.ts';

/** What a hostile jail declares, and what that changes in what can be prevented. */
export interface Declaration {
  name: string;
  /** For the table: what is special about it. */
  title: string;
  /** Lines of `XB-Jail-*` fields. */
  fields: readonly string[];
  capabilities: number;
  /** Attempts that the declaration allows. */
  allowed: readonly string[];
  /** Its own address, when it has a macvlan. */
  address?: string;
}

export const programPath = '/usr/libexec/hostile/hostile';
export const volumePath = '/var/lib/hostile';
export const limits = { memory: 32 * 2 ** 20, pids: 24, cpu: 50, volume: 8 * 2 ** 20, tmp: 2 * 2 ** 20 };

const common = ['Jail-Memory: 32M', `Jail-Pids: ${limits.pids}`, `Jail-Cpu: ${limits.cpu}%`];
const filesystem = (size: string) => `Jail-Filesystem: rw ${volumePath}${size}\n tmp /tmp size=2M`;
const macvlan = [
  'Jail-Network: macvlan',
  'Jail-Listen: 80/tcp',
  'Jail-Connect: 192.0.2.1:5432/tcp, 192.0.2.1:5432/udp, [fe80::/10]:5432/udp',
];

/** Before 6.3 the kernel has no limit for that: what is executed there has the rights of the jail, and no more. */
const oldKernel = existsSync('/proc/sys/vm/memfd_noexec') ? [] : ['memfd-execute'];

export const declarations: readonly Declaration[] = [
  {
    name: 'plain',
    title: 'nothing declared but a volume and a tmpfs',
    fields: [...common, filesystem(' size=8M')],
    capabilities: 0,
    allowed: [...oldKernel],
  },
  {
    name: 'root',
    title: 'root in the jail, a loopback, a volume without a limit',
    fields: [...common, filesystem(''), 'Jail-User: root', 'Jail-Network: loopback'],
    capabilities: 0,
    allowed: [...oldKernel, 'fill-volume', 'reserve-volume', 'inodes-volume'],
  },
  {
    name: 'macvlan',
    title: 'macvlan, NET_BIND_SERVICE',
    fields: [...common, filesystem(' size=8M'), 'Jail-Capabilities: NET_BIND_SERVICE', ...macvlan],
    capabilities: 1,
    allowed: [...oldKernel, 'declared', 'declared-ipv6'],
    address: '192.0.2.21',
  },
  {
    name: 'raw',
    title: 'root in the jail, macvlan, NET_RAW',
    fields: [...common, filesystem(' size=8M'), 'Jail-User: root', 'Jail-Capabilities: NET_RAW', ...macvlan],
    capabilities: 1,
    allowed: [
      ...oldKernel,
      'declared',
      'declared-ipv6',
      'socket-raw',
      'socket-raw-ipv6',
      'socket-mark',
      'socket-transparent',
    ],
    address: '192.0.2.22',
  },
];

/**
 * Builds the hostile jail, as any jail is built.
 *
 * @param folder where the source and the .deb are put
 * @returns its path
 */
export async function buildHostileJail(folder: string): Promise<string> {
  const source = join(folder, 'source');
  // from the root of the repository: scripts/run-ts.mjs has this module in a bundle elsewhere
  cpSync('test/escape/source', source, { recursive: true });
  const control = join(source, 'debian/control');
  const [first] = declarations;
  if (first === undefined) throw new Error('no declarations');
  const marked = readFileSync(control, 'utf8');
  writeFileSync(control, marked.replace('@FIELDS@', first.fields.map((field) => `XB-${field}`).join('\n')));
  const { status, stderr } = await runProdng(['build', source]);
  const deb = readdirSync(folder).find((file) => file.endsWith('.deb'));
  if (status !== 0 || deb === undefined) throw new Error(`prodng build ended with ${status}: ${stderr}`);
  return join(folder, deb);
}

/**
 * Gives copies of the hostile jail the other declarations: they differ in their control alone.
 *
 * @param built as HOSTILE_JAIL says where no jail can be built, as there is no archive; else it is built now
 * @returns paths of .debs by the names of the declarations
 */
export async function makeHostileJails(
  folder: string,
  built = process.env.HOSTILE_JAIL,
): Promise<Map<string, string>> {
  const [first, ...others] = declarations;
  if (first === undefined) throw new Error('no declarations');
  const deb = built ?? (await buildHostileJail(folder));
  const tree = join(folder, 'tree');
  execFileSync('dpkg-deb', ['--raw-extract', deb, tree]);
  // another toolchain would have left the bits that ours takes away
  chmodSync(join(tree, 'usr/lib/prodng/jails/hostile/rootfs', dirname(programPath), 'setuid'), 0o6755);
  return new Map([[first.name, deb], ...others.map((each) => [each.name, redeclared(tree, each)] as const)]);
}

/** Makes a .deb that declares something else of the tree of one. */
export function redeclared(tree: string, { name, fields }: Pick<Declaration, 'name' | 'fields'>): string {
  const control = join(tree, 'DEBIAN/control');
  const kept = readFileSync(control, 'utf8').replace(/^Jail-(?!Format|Command).*\n(?: .*\n)*/gm, '');
  writeFileSync(control, `${kept.trimEnd()}\n${fields.join('\n')}\n`);
  const deb = `${tree}-${name}.deb`;
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, deb], {
    stdio: 'ignore',
  });
  return deb;
}
