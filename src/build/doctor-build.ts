import { mkdir, mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { loadArchives } from '../store/archive-config.ts';
import { hostArchitecture } from '../system/architecture.ts';
import type { HostCheck } from '../system/host-check.ts';
import type { Paths } from '../system/paths.ts';
import { plainEnvironment, run } from '../system/process.ts';
import { openUserNamespace } from './root/user-namespace.ts';

/** The programs that a build runs on the host, and the packages that ship them. */
const programs: readonly { name: string; argv: [string, ...string[]]; package: string }[] = [
  { name: 'apt', argv: ['apt-get', '--version'], package: 'apt' },
  { name: 'mmdebstrap', argv: ['mmdebstrap', '--version'], package: 'mmdebstrap' },
  { name: 'runc', argv: ['runc', '--version'], package: 'runc' },
  { name: 'xz', argv: ['xz', '--version'], package: 'xz-utils' },
  { name: 'util-linux', argv: ['nsenter', '--version'], package: 'util-linux' },
];

/** A build root and a build need about this much, in bytes. */
const roomNeeded = 2 * 2 ** 30;

/** What this host has and lacks for `prodng build`. Every capability is tried, not inferred from a version. */
export async function checkBuildHost(paths: Paths): Promise<HostCheck[]> {
  const checks = await Promise.all(programs.map(checkProgram));
  return [...checks, await checkArchives(), ...(await checkBuildNamespace(paths)), await checkRoom(paths)];
}

async function checkProgram({ name, argv, package: owner }: (typeof programs)[number]): Promise<HostCheck> {
  try {
    const { stdout } = await run(argv);
    return { name, ok: true, detail: stdout.split('\n')[0]?.trim() ?? '' };
  } catch {
    return { name, ok: false, detail: 'not found', costs: 'prodng build', fix: `apt-get install ${owner}` };
  }
}

async function checkArchives(): Promise<HostCheck> {
  const name = 'package archives';
  try {
    const archives = await loadArchives({ architecture: hostArchitecture(), env: process.env });
    const suites = archives.map(({ suite, configuredAt }) => `${suite} (${configuredAt})`);
    return { name, ok: true, detail: suites.join(', ') };
  } catch (error) {
    return failed(name, error, 'prodng lock and prodng build', 'editor /etc/prodng/archives.sources');
  }
}

async function checkBuildNamespace(paths: Paths): Promise<HostCheck[]> {
  const name = 'user namespace with 65,536 ids';
  try {
    const namespace = await openUserNamespace();
    try {
      const { outside, count } = namespace.uid.at(-1) ?? { outside: 0, count: 0 };
      return [
        { name, ok: true, detail: `uids ${outside} to ${outside + count - 1}` },
        await checkOverlay(paths, (argv) => namespace.enter(argv)),
      ];
    } finally {
      await namespace.close();
    }
  } catch (error) {
    return [failed(name, error, 'prodng build', 'sysctl -w user.max_user_namespaces=10000')];
  }
}

const overlayScript = `mount -t tmpfs none /mnt && mkdir /mnt/lower /mnt/upper /mnt/work /mnt/root &&
mount --no-canonicalize --bind "$1" /mnt/lower &&
mount -t overlay -o lowerdir=/mnt/lower,upperdir=/mnt/upper,workdir=/mnt/work,userxattr overlay /mnt/root`;

async function checkOverlay(
  paths: Paths,
  enter: (argv: string[]) => [string, ...string[]],
): Promise<HostCheck> {
  const name = 'overlay in a user namespace';
  await mkdir(paths.cache, { recursive: true });
  const lower = await mkdtemp(join(paths.cache, 'doctor-'));
  try {
    const argv = enter(['sh', '-c', overlayScript, 'prodng-doctor', lower.slice(paths.cache.length + 1)]);
    await run(argv, { cwd: paths.cache, env: plainEnvironment });
    return { name, ok: true, detail: `works on ${paths.cache}` };
  } catch (error) {
    return failed(name, error, 'prodng build', 'export PRODNG_CACHE_DIR=... on a local ext4 or xfs');
  } finally {
    await rm(lower, { recursive: true, force: true });
  }
}

async function checkRoom(paths: Paths): Promise<HostCheck> {
  await mkdir(paths.cache, { recursive: true });
  const { bavail, bsize } = await statfs(paths.cache);
  const room = bavail * bsize;
  const detail = `${(room / 2 ** 30).toFixed(1)} GiB free for ${paths.cache}`;
  const name = 'room for build roots';
  if (room >= roomNeeded) return { name, ok: true, detail };
  return { name, ok: false, detail, costs: 'prodng build may run out of it', fix: `rm -r ${paths.cache}` };
}

function failed(name: string, error: unknown, costs: string, fix: string): HostCheck {
  const hint =
    error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : undefined;
  const command = hint?.match(/run: (.+)$/)?.[1];
  const detail = (error instanceof Error ? error.message : String(error)).split('\n').slice(0, 3).join(' ');
  return { name, ok: false, detail, costs, fix: command ?? fix };
}
