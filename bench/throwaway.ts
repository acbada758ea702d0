import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { fetchDebianSource } from '../test/support/debian-source.ts';
import { ordinaryUser } from '../test/support/ordinary-user.ts';
import { type Bench, type BenchRow, medianTime } from './bench.ts';

const runFile = promisify(execFile);
const big = { maxBuffer: 2 ** 28 };

/** A throwaway build of an ordinary package, and the root it needs. */
export const throwawayBench: Bench = {
  name: 'throwaway',
  note: "Debian's hello, sources and results on tmpfs. Warm: everything fetched, the build root cached. sbuild unpacks its own tarball and installs build dependencies anew each time (--chroot-mode=unshare, no lintian), timed once. The build root is made from packages fetched before; mmdebstrap's from a local repository of the same packages, as root, with none of prodng around it.",
  async run() {
    const scratch = await mkdtemp('/dev/shm/prodng-bench-');
    await chmod(scratch, 0o755);
    try {
      return await measure(scratch);
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

async function measure(scratch: string): Promise<BenchRow[]> {
  const dsc = await fetchDebianSource('hello', join(scratch, 'sources'));
  const env = { ...process.env, PRODNG_CACHE_DIR: join(scratch, 'cache') };
  const prodng = async (...argv: string[]): Promise<void> =>
    void (await runFile('bin/prodng', ['build', '--plain', ...argv, dsc, '--output', join(scratch, 'out')], {
      ...big,
      env,
    }));
  await prodng();
  const ours = await medianTime(3, () => prodng('--locked'));
  const bare = join(scratch, 'bare');
  await runFile('dpkg-source', ['-x', dsc, bare], big);
  const theirs = await medianTime(3, () => buildBare(bare));
  const sbuild = await timeSbuild(scratch, dsc);
  const roots = await timeRoots(env.PRODNG_CACHE_DIR, prodng, ours);
  return [
    { what: 'throwaway build, warm', ours, peer: 'bare dpkg-buildpackage', theirs, unit: 'ms' },
    { what: 'the same', ours, peer: 'sbuild', theirs: sbuild, unit: 'ms' },
    {
      what: 'of that beyond the bare build',
      ours: Math.max(0, ours - theirs),
      peer: 'sbuild',
      theirs: sbuild - theirs,
      unit: 'ms',
    },
    { what: 'build root, nothing cached', ...roots, peer: 'mmdebstrap', unit: 'ms' },
  ];
}

async function buildBare(folder: string): Promise<void> {
  await runFile('dpkg-buildpackage', ['-us', '-uc', '-b'], {
    ...big,
    cwd: folder,
    env: { ...process.env, DEB_BUILD_OPTIONS: 'parallel=4' },
  });
}

async function timeSbuild(scratch: string, dsc: string): Promise<number> {
  const user = ordinaryUser(join(scratch, 'user'));
  await chmod(join(scratch, 'user'), 0o755);
  const tarball = join(user.home, 'chroot.tar');
  await runFile('mmdebstrap', ['--quiet', '--variant=buildd', await hostCodename(), tarball], big);
  await chown(tarball, user.uid, user.uid);
  const work = join(user.home, 'work');
  await mkdir(work);
  await chown(work, user.uid, user.uid);
  const argv = [
    'sbuild',
    '--chroot-mode=unshare',
    `--chroot=${tarball}`,
    '--dist=unstable',
    '--no-run-lintian',
    '--no-run-autopkgtest',
    '--no-run-piuparts',
    dsc,
  ];
  const [file = '', ...args] = [...user.prefix, ...argv];
  const start = performance.now();
  await runFile(file, args, {
    ...big,
    cwd: work,
    env: { PATH: process.env.PATH, HOME: user.home, TMPDIR: scratchTmp(scratch), LC_ALL: 'C.UTF-8' },
  });
  return performance.now() - start;
}

function scratchTmp(scratch: string): string {
  return scratch.replace(basename(scratch), '');
}

async function hostCodename(): Promise<string> {
  const { stdout } = await runFile('sh', ['-c', '. /etc/os-release; echo "$VERSION_CODENAME"']);
  return stdout.trim();
}

/** Ours is a cold build less a warm one. */
async function timeRoots(
  cache: string,
  prodng: (...argv: string[]) => Promise<void>,
  warm: number,
): Promise<{ ours: number; theirs: number }> {
  const [repository = ''] = await readdir(join(cache, 'store/repositories'));
  const folder = join(cache, 'store/repositories', repository);
  const { stdout } = await runFile('sed', ['-n', 's/^Package: //p', join(folder, 'Packages')], big);
  const names = stdout.trim().split('\n').join(',');
  await rm(join(cache, 'build-roots'), { recursive: true });
  const start = performance.now();
  await prodng('--locked');
  const ours = performance.now() - start - warm;
  const root = join(cache, 'peer');
  const began = performance.now();
  await runFile(
    'mmdebstrap',
    [
      '--quiet',
      '--mode=root',
      '--variant=custom',
      `--include=${names}`,
      '--dpkgopt=force-unsafe-io',
      'prodng',
      root,
      `deb [trusted=yes] copy:${folder} ./`,
    ],
    { ...big, env: { ...process.env, TMPDIR: cache } },
  );
  return { ours, theirs: performance.now() - began };
}
