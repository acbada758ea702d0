import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type TarSegment, writeDeb } from '../src/archive/deb-writer.ts';
import { type Bench, type BenchRow, medianTime } from './bench.ts';
import { contentsOf, packageSegments } from './package-tree.ts';

const runFile = promisify(execFile);

/** Making the jail .deb: the first time, again, and after a change. */
export const assembleBench: Bench = {
  name: 'assemble',
  note: 'A .deb of 145 MB of installed packages, on tmpfs; the peer compresses the same tree with all CPUs. Cold runs are timed once. "One file changed" is a small file in a segment of its own, a different one each time.',
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
  const segments = packageSegments(145e6);
  const deb = join(scratch, 'ours.deb');
  const build = async (list: readonly TarSegment[]): Promise<number> =>
    (await writeDeb(deb, contentsOf(list, join(scratch, 'cache')))).size;
  const cold = await timed(() => build(segments));
  const warm = await medianTime(7, async () => void (await build(segments)));
  const changed = await medianTime(7, async () => void (await build([...segments, service()])));
  const root = join(scratch, 'root');
  await runFile('dpkg-deb', ['-R', deb, root]);
  const peerDeb = join(scratch, 'theirs.deb');
  const theirs = await timed(() => runFile('dpkg-deb', ['--root-owner-group', '-Zxz', '-b', root, peerDeb]));
  const { stdout } = await runFile('stat', ['-c', '%s', peerDeb]);
  const peer = 'dpkg-deb -Zxz';
  return [
    { what: 'assemble 145 MB, nothing cached', ours: cold.time, peer, theirs: theirs.time, unit: 'ms' },
    { what: 'assemble it again', ours: warm, peer, theirs: theirs.time, unit: 'ms' },
    { what: 'assemble it with one file changed', ours: changed, peer, theirs: theirs.time, unit: 'ms' },
    { what: 'size', ours: cold.result, peer, theirs: Number(stdout), unit: 'bytes' },
  ];
}

function service(): TarSegment {
  const content = Buffer.from(`print("started at ${performance.now()}")\n`);
  const path = 'usr/service.py';
  const entry = { path, type: 'file', mode: 0o644, uid: 0, gid: 0, uname: 'root', gname: 'root' } as const;
  return {
    name: 'service',
    apart: true,
    entries: [{ entry: { ...entry, mtime: 0, size: content.length, linkPath: '' }, content }],
  };
}

async function timed<T>(work: () => Promise<T>): Promise<{ time: number; result: T }> {
  const start = performance.now();
  const result = await work();
  return { time: performance.now() - start, result };
}
