import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeBusyboxJail } from '../test/support/busybox-jail.ts';
import { type Bench, type BenchRow, medianTimes } from './bench.ts';

const runFile = promisify(execFile);

/** The same tree, run by what people use for it elsewhere. */
export const peersBench: Bench = {
  name: 'peers',
  note:
    '/bin/true in the same tree, without a network, from the command to its end. podman runs the tree in place ' +
    '(--rootfs) by the same runtime, and keeps a database; it maps no owners and reads nothing back. systemd-nspawn ' +
    'sets no limits here (--register=no --keep-unit, as there need not be a systemd), and has no seccomp filter of ours.',
  async run() {
    const folder = await mkdtemp('/var/tmp/bench-peers-');
    try {
      const deb = await makeBusyboxJail(folder, { name: 'benched' });
      await runFile('dpkg-deb', ['--extract', deb, join(folder, 'unpacked')]);
      const rootfs = join(folder, 'tree');
      await cp(join(folder, 'unpacked/usr/lib/prodng/jails/benched/rootfs'), rootfs, {
        recursive: true,
        verbatimSymlinks: true,
      });
      // what nspawn calls an OS tree
      for (const name of ['usr', 'sys']) await mkdir(join(rootfs, name), { recursive: true });
      const env = {
        PATH: process.env.PATH ?? '',
        PRODNG_CACHE_DIR: join(folder, 'cache'),
        PRODNG_STATE_DIR: join(folder, 'state'),
        PRODNG_RUN_DIR: join(folder, 'run'),
      };
      const ours = async () => void (await runFile(process.execPath, ['bin/prodng', 'run', deb], { env }));
      const rows: BenchRow[] = [];
      for (const [peer, argv] of Object.entries(peers(folder, rootfs))) {
        const [file = '', ...args] = argv;
        const times = await medianTimes(15, ours, async () => void (await runFile(file, args)));
        rows.push({ what: 'prodng run of /bin/true', ...times, peer, unit: 'ms' });
      }
      return rows;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function peers(folder: string, rootfs: string): Record<string, string[]> {
  return {
    'podman run --rootfs': [
      'podman',
      '--root',
      join(folder, 'podman'),
      '--runroot',
      join(folder, 'podman-run'),
      '--cgroup-manager=cgroupfs',
      'run',
      '--rm',
      '--network=none',
      // its defaults may be more than this machine lets anybody have
      '--ulimit',
      'nofile=1024:1024',
      '--ulimit',
      'nproc=4096:4096',
      '--rootfs',
      rootfs,
      '/bin/true',
    ],
    'systemd-nspawn': [
      'systemd-nspawn',
      '--quiet',
      '--register=no',
      '--keep-unit',
      '--private-network',
      '--as-pid2',
      `--directory=${rootfs}`,
      '/bin/true',
    ],
  };
}
