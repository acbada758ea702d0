import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDeb } from '../src/archive/deb-reader.ts';
import { writeDeb } from '../src/archive/deb-writer.ts';
import { extractDeb } from '../src/archive/extract.ts';
import { type Bench, type BenchRow, medianTimes } from './bench.ts';
import { contentsOf, packageSegments } from './package-tree.ts';

const runFile = promisify(execFile);

/** Installing a jail: 145 MB of files, as our writer packs them and as dpkg-deb does. */
export const unpackBench: Bench = {
  name: 'unpack',
  note: 'A .deb of 145 MB of installed packages, on tmpfs. dpkg-deb runs as a program, ours within this one; removing the trees is part of both. Memory: of our process alone, the limit as peer.',
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
  const ours = join(scratch, 'ours.deb');
  await writeDeb(ours, contentsOf(packageSegments(145e6), join(scratch, 'cache')));
  const root = join(scratch, 'root');
  await runFile('dpkg-deb', ['-R', ours, root]);
  const theirs = join(scratch, 'theirs.deb');
  await runFile('dpkg-deb', ['--root-owner-group', '-Zxz', '-b', root, theirs]);
  const target = join(scratch, 'target');
  const rows: BenchRow[] = [];
  for (const [what, deb] of [
    ['written by prodng', ours] as const,
    ['written by dpkg-deb', theirs] as const,
  ]) {
    const times = await medianTimes(
      7,
      async () => {
        await unpack(deb, target);
        await rm(target, { recursive: true });
      },
      async () => {
        await runFile('dpkg-deb', ['-x', deb, target]);
        await rm(target, { recursive: true });
      },
    );
    rows.push({ what: `unpack 145 MB, ${what}`, ...times, peer: 'dpkg-deb -x', unit: 'ms' });
  }
  const { stdout } = await runFile(process.execPath, [
    'scripts/run-ts.mjs',
    'bench/programs/unpack-once.ts',
    ours,
    target,
  ]);
  rows.push({ what: 'peak memory of it', ours: Number(stdout), peer: 'limit', theirs: 150, unit: 'MB' });
  return rows;
}

async function unpack(path: string, target: string): Promise<void> {
  const deb = await openDeb(path);
  try {
    // dpkg-deb -x does not sync either.
    await extractDeb(deb, target, { durable: false });
  } finally {
    await deb.close();
  }
}
