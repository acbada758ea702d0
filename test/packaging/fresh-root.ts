import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Debian 12 as its installer leaves it, or less, and a folder of .debs more to choose from. */
export interface FreshRoot {
  folder: string;
  /** Runs a command in it with no network to speak of, and nothing of this host's environment. */
  chroot(argv: readonly string[], env?: Record<string, string>): Ran;
  remove(): void;
}

export interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Where the .debs of Debian's own lie between two runs. */
const fetched = '/var/cache/prodng-test/packaging';

/**
 * Makes a root with packages installed by apt, from Debian's archive and from a folder.
 *
 * @param debs the folder of .debs
 * @param include what to install, with what it depends on and nothing that is only recommended
 */
export function makeFreshRoot(debs: string, include: readonly string[]): FreshRoot {
  mkdirSync(fetched, { recursive: true });
  // not in /dev/shm, which may be mounted without devices or programs
  const parent = mkdtempSync('/var/tmp/prodng-root-');
  const folder = join(parent, 'root');
  const hooks = {
    'setup-hook': [
      'mkdir -p "$1/var/cache/apt/archives" "$1/debs"',
      `sync-in "${fetched}" /var/cache/apt/archives`,
      `cp "${debs}"/*.deb "$1/debs"`,
      'cd "$1/debs" && apt-ftparchive packages . > Packages',
      'echo "deb [trusted=yes] copy:$1/debs ./" > "$1/etc/apt/sources.list.d/debs.list"',
    ],
    'customize-hook': [
      `rm -f "$1"/var/cache/apt/archives/prodng*`,
      `sync-out /var/cache/apt/archives "${fetched}"`,
      'rm -rf "$1"/var/cache/apt/archives/*',
    ],
  };
  const argv = [
    '--mode=root',
    '--variant=minbase',
    '--dpkgopt=force-unsafe-io',
    '--aptopt=Acquire::Languages "none"',
    '--skip=download/empty,essential/unlink',
    `--include=${include.join(',')}`,
    ...Object.entries(hooks).flatMap(([name, commands]) => commands.map((command) => `--${name}=${command}`)),
    'bookworm',
    folder,
  ];
  const { status, stdout, stderr } = spawnSync('mmdebstrap', argv, { encoding: 'utf8' });
  const remove = () => rmSync(parent, { recursive: true, force: true });
  if (status !== 0) {
    remove();
    throw new Error(`mmdebstrap: ${String(status)}\n${`${stdout}${stderr}`.slice(-4000)}`);
  }
  return { folder, remove, chroot: (argv, env) => runIn(folder, argv, env) };
}

/** In namespaces of its own, so that nothing stays mounted or running. */
function runIn(folder: string, argv: readonly string[], env: Record<string, string> = {}): Ran {
  const mounts = `mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"`;
  const { status, stdout, stderr } = spawnSync(
    'unshare',
    ['--mount', '--pid', '--fork', '--kill-child', '--net', 'sh', '-c', mounts, folder, ...argv],
    { encoding: 'utf8', env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/root', ...env } },
  );
  return { status, stdout, stderr };
}
