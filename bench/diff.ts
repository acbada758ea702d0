import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { type TarSegment, writeDeb } from '../src/archive/deb-writer.ts';
import { diffTrees } from '../src/verify/diff/diff.ts';
import { type Bench, type BenchRow, medianTime, medianTimes } from './bench.ts';
import { contentsOf, packageSegments } from './package-tree.ts';

const runFile = promisify(execFile);

/** Reviewing two large .debs that differ in one file. */
export const diffBench: Bench = {
  name: 'diff',
  note: 'Two .debs of 145 MB of installed packages, on tmpfs, that differ in one small file in a segment of its own. What a compressed block holds is remembered, so that a .deb is decompressed once in its life, on all CPUs.',
  async run(): Promise<BenchRow[]> {
    const scratch = await mkdtemp('/dev/shm/prodng-bench-');
    try {
      const segments = packageSegments(145e6);
      const [old, now] = [join(scratch, 'old.deb'), join(scratch, 'new.deb')];
      const cache = join(scratch, 'cache');
      await writeDeb(old, contentsOf([...segments, service('old')], cache));
      await writeDeb(now, contentsOf([...segments, service('new')], cache));
      const { ours, theirs } = await medianTimes(
        3,
        async () => {
          await compare(old, now);
        },
        async () => {
          // it ends with 1 when it finds a difference
          const argv = ['--no-progress', '--text', '/dev/null', old, now];
          await runFile('diffoscope', argv, { maxBuffer: 2 ** 26 }).catch((error: unknown) => {
            if (!(error instanceof Error && 'code' in error && error.code === 1)) throw error;
          });
        },
      );
      const [known, listings] = [join(scratch, 'known'), join(scratch, 'listings')];
      await diffTrees(old, old, { listings: known });
      const again = await medianTime(3, async () => {
        await rm(listings, { recursive: true, force: true });
        await cp(known, listings, { recursive: true });
        await compare(old, now, listings);
      });
      const packed = join(scratch, 'data.tar.xz');
      await runFile('ar', ['x', '--output', scratch, now, basename(packed)]);
      const { ours: first, theirs: unpacked } = await medianTimes(
        3,
        async () => {
          await compare(old, now);
        },
        async () => {
          await runFile('xz', ['--test', '--threads=0', packed]);
        },
      );
      const peer = 'diffoscope';
      return [
        { what: 'compare two .debs never seen before', ours, peer, theirs, unit: 'ms' },
        { what: 'the same', ours: first, peer: 'xz --test of one', theirs: unpacked, unit: 'ms' },
        { what: 'compare them, the old one seen before', ours: again, peer, theirs, unit: 'ms' },
      ];
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

async function compare(old: string, now: string, listings?: string): Promise<void> {
  const { files } = await diffTrees(old, now, listings === undefined ? {} : { listings });
  if (files.length !== 1) throw new Error(`${files.length} files differ`);
}

function service(text: string): TarSegment {
  const content = Buffer.from(`print("${text}")\n`);
  const path = 'usr/service.py';
  const entry = { path, type: 'file', mode: 0o644, uid: 0, gid: 0, uname: 'root', gname: 'root' } as const;
  return {
    name: 'service',
    apart: true,
    entries: [{ entry: { ...entry, mtime: 0, size: content.length, linkPath: '' }, content }],
  };
}
