import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, type BenchRow, medianTimes } from './bench.ts';

const runFile = promisify(execFile);

/** A build when nothing changed but one source file. */
export const buildBench: Bench = {
  name: 'build',
  note: 'python-service on tmpfs, everything fetched and cached. Each run changes one line of the service. The peer is dpkg-buildpackage of the same tree on the host, with no jail, rootfs or .deb of a jail.',
  async run() {
    const scratch = await mkdtemp('/dev/shm/prodng-bench-');
    try {
      return await measure(scratch);
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

async function measure(scratch: string): Promise<BenchRow[]> {
  const source = join(scratch, 'hello');
  const bare = join(scratch, 'bare/hello');
  await runFile('bin/prodng', ['new', 'python-service', source]);
  await cp(source, bare, { recursive: true });
  await runFile('bin/prodng', ['build', source]);
  const change = async (dir: string): Promise<void> =>
    await appendFile(join(dir, 'service.py'), `# changed at ${performance.now()}\n`);
  const times = await medianTimes(
    7,
    async () => {
      await change(source);
      await runFile('bin/prodng', ['build', '--locked', source]);
    },
    async () => {
      await change(bare);
      await runFile('dpkg-buildpackage', ['-us', '-uc', '-b'], { cwd: bare });
    },
  );
  return [{ what: 'build again after a change', ...times, peer: 'bare dpkg-buildpackage', unit: 'ms' }];
}
