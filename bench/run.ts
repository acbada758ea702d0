import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeBusyboxJail } from '../test/support/busybox-jail.ts';
import { type Bench, medianPairs, medianTimes, type Pair } from './bench.ts';
import { childrenCpu } from './cpu.ts';

const runFile = promisify(execFile);

/** What it costs to boot a jail, read back what is in force and clear away, beside the bare runtime. */
export const runBench: Bench = {
  name: 'run',
  note:
    'A jail that runs /bin/true. The peer boots the same configuration with the same runtime on an unpacked tree, ' +
    'with neither mapped owners nor anything read back. Node itself takes the time of the last row to start.',
  async run() {
    const folder = await mkdtemp('/var/tmp/bench-run-');
    // where both keep what a run is made of: /run of a Debian host is a tmpfs
    const runFolder = await mkdtemp('/dev/shm/bench-run-');
    try {
      const env = {
        PATH: process.env.PATH ?? '',
        PRODNG_CACHE_DIR: join(folder, 'cache'),
        PRODNG_STATE_DIR: join(folder, 'state'),
        PRODNG_RUN_DIR: runFolder,
      };
      const deb = await makeBusyboxJail(folder, { name: 'benched' });
      const prodng = (...args: string[]) => runFile(process.execPath, ['bin/prodng', ...args], { env });
      const bundle = join(folder, 'bundle');
      await mkdir(bundle);
      const { stdout } = await prodng('run', deb, '--print-spec');
      await runFile('dpkg-deb', ['--extract', deb, bundle]);
      const spec = JSON.parse(stdout);
      spec.root.path = join(bundle, 'usr/lib/prodng/jails/benched/rootfs');
      await writeFile(join(bundle, 'config.json'), JSON.stringify(spec));
      // the jail's root is a nobody: it must be able to reach its rootfs
      await runFile('chmod', ['755', folder, bundle]);
      const runtime = await runtimeName();
      const after = async () => {};
      const { wall, cpu } = await medianPairs(21, {
        ours: { work: async () => void (await prodng('run', deb)), after, cpu: childrenCpu },
        theirs: { work: () => runRuntime(runtime, bundle, join(runFolder, 'peer')), after, cpu: childrenCpu },
      });
      const start = await medianTimes(
        21,
        async () => void (await prodng('--help')),
        async () => void (await runFile(process.execPath, ['-e', '0'])),
      );
      const beyond = ({ ours, theirs }: Pair) => ({ ours: ours - theirs, theirs: 100 });
      const [unit, peer] = ['ms', `${runtime} run`] as const;
      return [
        { what: 'prodng run of /bin/true', ...wall, peer, unit },
        { what: 'of that beyond the runtime', ...beyond(wall), peer: 'the goal', unit },
        { what: 'CPU time of prodng run', ...cpu, peer, unit },
        { what: 'of that beyond the runtime', ...beyond(cpu), peer: 'the goal', unit },
        { what: 'prodng --help', ...start, peer: 'node -e 0', unit },
      ];
    } finally {
      for (const made of [folder, runFolder]) await rm(made, { recursive: true, force: true });
    }
  },
};

async function runtimeName(): Promise<string> {
  try {
    await runFile('crun', ['--version']);
    return 'crun';
  } catch {
    return 'runc';
  }
}

async function runRuntime(runtime: string, bundle: string, root: string): Promise<void> {
  const child = runFile(runtime, ['--root', root, 'run', '--bundle', bundle, 'prodng-bench']);
  child.child.stdin?.end();
  await child;
}
