import { createHash } from 'node:crypto';
import { chown, mkdir, rename, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { withFlock } from '../../kernel/flock.ts';
import { type Lock, type LockedPackage, packagesFor } from '../../lock/lock.ts';
import type { Store } from '../../store/store.ts';
import type { Paths } from '../../system/paths.ts';
import { plainEnvironment, run } from '../../system/process.ts';
import { type Progress, silent } from '../../system/progress.ts';
import type { UserNamespace } from './user-namespace.ts';

export interface BuildRootOptions {
  lock: Lock;
  /** The root to make: the one that builds run in (default), or the one that maintainer scripts run in. */
  use?: 'build' | 'install';
  /** Holds every package of the root. */
  store: Store;
  paths: Paths;
  namespace: UserNamespace;
  progress?: Progress;
  signal?: AbortSignal;
}

/** Changes when the same packages give another root, because of what is done to it below. */
const layout = 1;

/** What the root got from the host it was made on, and what differs from one making to the next. */
const removed = [
  'etc/hostname',
  'etc/resolv.conf',
  'etc/machine-id',
  'var/lib/dbus/machine-id',
  'var/cache/ldconfig/aux-cache',
  'var/log/alternatives.log',
  'var/log/apt',
  'var/log/bootstrap.log',
  'var/log/dpkg.log',
];

const script = `set -eu; umask 022
mount -t tmpfs -o mode=0755 prodng /mnt
mkdir /mnt/store /mnt/out /mnt/tmp
mount --no-canonicalize --bind "$1" /mnt/store
mount --no-canonicalize --bind "$3" /mnt/out
cd /mnt
TMPDIR=/mnt/tmp mmdebstrap --quiet --mode=root --variant=custom --include="$4" --skip=check/qemu \
  --aptopt='Acquire::Languages "none"' --aptopt='APT::Sandbox::User "root"' --dpkgopt=force-unsafe-io \
  "$5" /mnt/out/root "deb [trusted=yes] copy:/mnt/store/$2 ./"
cd /mnt/out/root
use=$6
shift 6
rm -rf -- "$@"
test "$use" = build || exit 0
echo prodng >etc/hostname
printf '127.0.0.1 localhost\\n::1 localhost\\n127.0.1.1 prodng\\n' >etc/hosts
printf 'builder:x:1000:1000:builder:/nonexistent:/bin/sh\\n' >>etc/passwd
printf 'builder:x:1000:\\n' >>etc/group
`;

/**
 * Makes the Debian root that a build runs in from exactly the locked packages, or finds it in the cache. mmdebstrap
 * installs them without a network, in the namespaces of an unprivileged user; apt checks each against the lock.
 *
 * @returns its path relative to the cache folder
 * @throws ProdngError BUILD_ROOT when the packages do not install, HOST_LACKS without mmdebstrap, BUSY
 */
export async function prepareBuildRoot(options: BuildRootOptions): Promise<string> {
  const { lock, use = 'build' } = options;
  const packages = packagesFor(lock, use);
  const roots = join(options.paths.cache, 'build-roots');
  await mkdir(roots, { recursive: true });
  const digest = use === 'build' ? buildRootDigest(packages) : installRootDigest(packages, lockDate(lock));
  const name = digest.slice(0, 32);
  const root = join('build-roots', name, 'root');
  if (await exists(join(roots, name))) return root;
  return await withFlock(
    join(roots, `${name}.lock`),
    async () => {
      if (!(await exists(join(roots, name)))) await makeBuildRoot(options, packages, roots, name);
      return root;
    },
    { onWait: () => options.progress?.note('waiting for another prodng that makes this build root') },
  );
}

/** Names a build root by its packages, however they were resolved. */
export function buildRootDigest(packages: readonly LockedPackage[]): string {
  const digests = packages.map(({ sha256 }) => sha256).sort();
  return createHash('sha256').update(JSON.stringify({ layout, digests })).digest('hex');
}

/** What the scripts make may contain the date that they see. */
function installRootDigest(packages: readonly LockedPackage[], date: number): string {
  return createHash('sha256')
    .update(`install ${date} ${buildRootDigest(packages)}`)
    .digest('hex');
}

/** The newest Date of a lock's archives, in seconds: no package in it is newer. */
function lockDate({ archives }: Lock): number {
  return Math.max(0, ...archives.map(({ date }) => Math.floor(Date.parse(date) / 1000)));
}

async function makeBuildRoot(
  { lock, use = 'build', store, paths, namespace, progress = silent, signal }: BuildRootOptions,
  packages: readonly LockedPackage[],
  roots: string,
  name: string,
): Promise<void> {
  const what = use === 'build' ? 'build root' : 'root for maintainer scripts';
  progress.step(`Making the ${what} of ${packages.length} packages`);
  const repository = await store.localRepository(packages);
  const unfinished = join(roots, `${name}.new`);
  await removeTree(namespace, roots, `${name}.new`);
  await mkdir(unfinished, { mode: 0o700 });
  // only prodng may enter: no other user may execute the set-id programs of a root
  if (process.getuid?.() === 0) await chown(unfinished, namespace.root.uid, namespace.root.gid);
  const suite = 'prodng';
  const argv = namespace.enter([
    'sh',
    '-c',
    script,
    'prodng-root',
    relative(paths.cache, store.folder),
    relative(store.folder, repository),
    relative(paths.cache, unfinished),
    packages.map((item) => item.name).join(','),
    suite,
    use,
    ...removed,
  ]);
  try {
    const env = { ...plainEnvironment, SOURCE_DATE_EPOCH: String(lockDate(lock)) };
    await run(argv, { cwd: paths.cache, env, ...(signal === undefined ? {} : { signal }) });
  } catch (error) {
    await removeTree(namespace, roots, `${name}.new`);
    if (!(error instanceof ProdngError) || error.code !== 'COMMAND_FAILED') throw error;
    const said = error.message.split('\n').slice(1).join('\n');
    throw new ProdngError('BUILD_ROOT', `the ${what} cannot be made:\n${said}`, {
      hint: 'is mmdebstrap installed, and is there space left? run: prodng doctor',
      cause: error,
    });
  }
  await rename(unfinished, join(roots, name));
}

/** Removes a tree whose files belong to the ids of the namespace. */
async function removeTree(namespace: UserNamespace, folder: string, name: string): Promise<void> {
  if (!(await exists(join(folder, name)))) return;
  await run(namespace.enter(['rm', '-rf', '--one-file-system', '--', join(name, 'root')]), { cwd: folder });
  await run(['rm', '-rf', '--', name], { cwd: folder });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
