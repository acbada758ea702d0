import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { writeDeb } from '../src/archive/deb-writer.ts';
import type { TarEntry } from '../src/archive/entry.ts';
import type { SegmentEntry, TarSegment } from '../src/archive/segment.ts';
import { renderTemplate } from '../src/template/render-template.ts';
import { type Bench, type BenchRow, medianTimes } from './bench.ts';
import { contentsOf, packageSegments } from './package-tree.ts';

const runFile = promisify(execFile);
const mtime = 1_700_000_000;
const jail = 'usr/lib/prodng/jails/bench';

/** What CI waits for at each change: a source, and the .deb that was built from it. */
export const lintBench: Bench = {
  name: 'lint',
  note: 'A jail .deb of 145 MB of installed packages, on tmpfs; lintian with its default profile, once. Both run as programs. The limits for the .deb are 3 s and 200 MB, for a source 1.6 times the start of node.',
  async run() {
    const scratch = await mkdtemp('/dev/shm/prodng-bench-');
    try {
      return [...(await lintSource(scratch)), ...(await lintDeb(scratch))];
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

async function lintSource(scratch: string): Promise<BenchRow[]> {
  const source = join(scratch, 'hello');
  await renderTemplate({ template: 'python-service', target: source });
  const times = await medianTimes(
    15,
    async () => await launch('bin/prodng', 'lint', source),
    async () => await launch('-e', '0'),
  );
  return [{ what: 'prodng lint SOURCE', ...times, peer: 'node -e 0', unit: 'ms' }];
}

async function lintDeb(scratch: string): Promise<BenchRow[]> {
  const deb = join(scratch, 'bench_1_amd64.deb');
  const { control, ...contents } = contentsOf(jailSegments(), join(scratch, 'cache'));
  const fields = 'Jail-Format: 1\nJail-Command: /usr/bin/perl -v\n';
  await writeDeb(deb, {
    ...contents,
    control: (facts) => control(facts).replace('Architecture: all', 'Architecture: amd64') + fields,
  });
  const lintian = ['--allow-root', '--no-cfg', '--fail-on', 'none', deb];
  const start = performance.now();
  await runFile('lintian', lintian, { maxBuffer: 2 ** 28 });
  const theirs = performance.now() - start;
  const times = await medianTimes(
    5,
    async () => await launch('bin/prodng', 'lint', '--fail-on', 'never', deb),
    async () => {},
  );
  const { stdout } = await runFile(process.execPath, [
    'scripts/run-ts.mjs',
    'bench/programs/lint-once.ts',
    deb,
  ]);
  return [
    { what: 'prodng lint DEB, 145 MB', ours: times.ours, peer: 'lintian', theirs, unit: 'ms' },
    { what: 'the same', ours: times.ours, peer: 'limit', theirs: 3000, unit: 'ms' },
    { what: 'peak memory of it', ours: Number(stdout), peer: 'limit', theirs: 200, unit: 'MB' },
  ];
}

async function launch(...args: string[]): Promise<void> {
  await runFile(process.execPath, args, { maxBuffer: 2 ** 28 });
}

/** The same packages as in the other benches, below the folder of a jail. */
function jailSegments(): TarSegment[] {
  const prefix = `${jail}/rootfs`;
  const parts = prefix.split('/');
  const folders = ['.', ...parts.map((_, index) => parts.slice(0, index + 1).join('/'))];
  const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root' };
  const folder = (path: string): SegmentEntry => ({
    entry: { path, ...owner, type: 'directory', mode: 0o755, mtime, size: 0, linkPath: '' },
  });
  const moved = ({ entry, ...rest }: SegmentEntry): SegmentEntry => ({
    ...rest,
    entry: { ...entry, path: `${prefix}/${entry.path}` } satisfies TarEntry,
  });
  const segments = packageSegments(145e6).map(({ name, entries }) => ({
    name,
    entries: entries.filter(({ entry }) => entry.path !== '.').map(moved),
  }));
  return [{ name: 'prefix', entries: folders.map(folder) }, ...segments];
}
