import { mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ProdngError } from '../error/prodng-error.ts';
import { inOwnMountNamespace, mountIdmapped } from '../kernel/mount.ts';
import type { HostCheck } from '../system/host-check.ts';
import type { Paths } from '../system/paths.ts';
import { firewallRules } from './network/firewall.ts';
import { hostBusybox } from './runtime/busybox.ts';
import { runTool } from './runtime/host-tool.ts';
import { cgroupMode, findProgram, findRuntime } from './runtime/runtime.ts';
import { openIdMapping } from './storage/id-mapping.ts';
import { rangeSize } from './storage/uid-range.ts';

type Check = Omit<HostCheck, 'ok' | 'detail'> & {
  /** @returns what was found; throws what is wrong */
  probe: (paths: Paths) => Promise<string>;
};

const checks: readonly Check[] = [
  {
    name: 'root',
    costs: 'no jail can be run: uid ranges and networks are for root to give',
    fix: 'sudo prodng ...',
    async probe() {
      const uid = process.getuid?.() ?? -1;
      if (uid !== 0) throw new Error(`prodng runs as uid ${uid}`);
      return 'prodng runs as root';
    },
  },
  {
    name: 'OCI runtime',
    costs: 'no jail can be run',
    fix: 'apt-get install crun runc',
    async probe() {
      const { path } = findRuntime();
      const { stdout } = await runTool([path, '--version']);
      return `${path}: ${stdout.split('\n')[0] ?? ''}`;
    },
  },
  {
    name: 'user namespaces',
    costs: 'no jail can be run',
    fix: 'sysctl -w user.max_user_namespaces=65536',
    async probe() {
      openIdMapping({ first: 0x7ffc_0000, count: rangeSize }).close();
      return `${readFileSync('/proc/sys/user/max_user_namespaces', 'utf8').trim()} may be made`;
    },
  },
  {
    name: 'mounts with mapped owners',
    costs: 'no jail can be run: its files would have no owner',
    fix: "put prodng's folders on ext4, xfs or btrfs; a kernel of 5.12 or newer",
    probe: mapsOwners,
  },
  {
    name: 'control groups',
    costs: 'limits cannot be put in force, and a jail without its limits is not run',
    fix: 'boot with systemd.unified_cgroup_hierarchy=1 and, for memory, cgroup_enable=memory',
    probe: hasControllers,
  },
  {
    name: 'macvlan',
    costs: 'jails with Jail-Network: macvlan cannot be run',
    fix: 'modprobe macvlan',
    async probe() {
      const commands =
        'link add name a type veth peer name b\nlink add link a name c type macvlan mode bridge\n';
      await runTool(['unshare', '--net', 'ip', '-batch', '-'], { input: commands });
      return 'an interface can be made';
    },
  },
  {
    name: 'nft',
    costs: 'jails with Jail-Network: macvlan cannot be run, as nothing would enforce Jail-Connect',
    fix: 'apt-get install nftables',
    async probe() {
      const nothing = { any: false, hosts: [], resolvers: [] };
      await runTool(['unshare', '--net', 'nft', '--file', '-'], {
        input: firewallRules({ listen: [] }, nothing),
      });
      return 'the packet filter of jails can be set up';
    },
  },
  {
    name: 'busybox',
    costs: 'no jail can be run: it does the small steps of a start, and asks for addresses by DHCP',
    fix: 'apt-get install busybox-static',
    async probe() {
      const busybox = hostBusybox();
      const { stdout } = await runTool([busybox, '--list']);
      const missing = ['kill', 'nsenter', 'sh', 'start-stop-daemon', 'udhcpc', 'xargs'].filter(
        (name) => !stdout.split('\n').includes(name),
      );
      if (missing.length > 0) throw new Error(`${busybox}: it has no ${missing.join(' and no ')}`);
      return busybox;
    },
  },
  {
    name: 'loop devices',
    costs: 'volumes with a size cannot be mounted',
    fix: 'modprobe loop',
    async probe() {
      const { stdout } = await runTool(['losetup', '--find']);
      return `${stdout.trim()} is free`;
    },
  },
  {
    name: 'programs',
    costs: 'jails, or those with volumes, cannot be run',
    fix: 'apt-get install util-linux mount iproute2 e2fsprogs findutils',
    async probe() {
      const needed = [
        'ip',
        'nsenter',
        'unshare',
        'setpriv',
        'mount',
        'losetup',
        'mkfs.ext4',
        'resize2fs',
        'e2fsck',
        'xargs',
      ];
      const missing = needed.filter((name) => findProgram(name) === undefined);
      if (missing.length > 0) throw new Error(`${missing.join(', ')} not found`);
      return needed.join(', ');
    },
  },
];

/** What this host has and lacks for running jails. Each is tried, not guessed from a version; nothing is changed. */
export async function checkRunHost(paths: Paths): Promise<HostCheck[]> {
  const found: HostCheck[] = [];
  for (const { name, costs, fix, probe } of checks) {
    try {
      found.push({ name, ok: true, detail: await probe(paths) });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      found.push({
        name,
        ok: false,
        detail,
        ...(costs === undefined ? {} : { costs }),
        ...(fix === undefined ? {} : { fix }),
      });
    }
  }
  return found;
}

async function mapsOwners({ cache, state }: Paths): Promise<string> {
  const mapping = openIdMapping({ first: 0x7ffc_0000, count: rangeSize });
  try {
    for (const folder of [cache, state]) {
      mkdirSync(folder, { recursive: true });
      const trial = await mkdtemp(join(folder, '.doctor-'));
      try {
        inOwnMountNamespace(() => mountIdmapped(trial, trial, mapping.fd, ['rdonly']));
      } catch (error) {
        throw new ProdngError('HOST_LACKS', `${folder}: its file system cannot: ${String(error)}`);
      } finally {
        await rm(trial, { recursive: true });
      }
    }
  } finally {
    mapping.close();
  }
  return `${cache} and ${state} can be shown with other owners`;
}

async function hasControllers(): Promise<string> {
  const mode = cgroupMode();
  const have =
    mode === 'v2'
      ? readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8').trim().split(' ')
      : mountedControllers();
  const missing = ['memory', 'cpu', 'pids', ...(mode === 'v1' ? ['devices', 'freezer'] : ['io'])].filter(
    (controller) => !have.includes(controller),
  );
  if (missing.length > 0) throw new Error(`${mode}, without the controllers ${missing.join(', ')}`);
  return mode === 'v2' ? 'v2' : 'v1 (hybrid): enough to try a jail; production wants v2';
}

function mountedControllers(): string[] {
  return readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.split(' ')[2] === 'cgroup')
    .flatMap((line) => line.split(' ')[3]?.split(',') ?? []);
}
