import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type Bench, type BenchRow, medianPairs, type Timed } from './bench.ts';
import { childrenCpu } from './cpu.ts';

const runFile = promisify(execFile);
const count = 1000;
const runs = 3;

/** A new archive of many small packages, and one more of them. */
export const publishBench: Bench = {
  name: 'publish',
  note:
    `${count} packages of ten files each (dpkg-deb -Zgzip), on tmpfs. The peer writes Packages and Contents with ` +
    'apt-ftparchive; it neither copies, verifies nor signs. CPU time of the program and all that it starts.',
  async run() {
    const scratch = await mkdtemp('/dev/shm/prodng-bench-');
    try {
      return await publishAll(scratch);
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
};

async function publishAll(scratch: string): Promise<BenchRow[]> {
  const names = Array.from({ length: count + 1 }, (_, index) => `p${String(index).padStart(5, '0')}`);
  for (const name of names) await makeDeb(scratch, name);
  const debs = names.map((name) => join(scratch, 'debs', `${name}.deb`));
  const [one = ''] = debs.splice(-1);
  const env = { PATH: process.env.PATH, PRODNG_STATE_DIR: join(scratch, 'state') };
  const cached = { ...env, PRODNG_CACHE_DIR: join(scratch, 'cache') };
  const prodng = async (...argv: string[]): Promise<void> => {
    await runFile(process.execPath, ['bin/prodng', ...argv], { env: cached, maxBuffer: 2 ** 24 });
  };
  await prodng('key', 'new', 'Bench <bench@example.org>', '--no-passphrase');
  const archive = join(scratch, 'archive');
  const timed = (work: () => Promise<void>, after: () => Promise<void>): Timed => ({
    work,
    after,
    cpu: childrenCpu,
  });
  const removed = () => rm(archive, { recursive: true });
  const peer = timed(
    async () => {
      for (const what of ['packages', 'contents'])
        await runFile('apt-ftparchive', ['-q', what, 'debs'], { cwd: scratch, maxBuffer: 2 ** 28 });
    },
    async () => {},
  );
  const publish = (...files: string[]) =>
    prodng('publish', archive, ...files, '--suite', 'stable', '--plain');
  const all = await medianPairs(runs, { ours: timed(() => publish(...debs), removed), theirs: peer });
  await publish(...debs);
  const again = await medianPairs(runs, {
    ours: timed(
      () => publish(...debs),
      async () => {},
    ),
    theirs: peer,
  });
  await removed();
  const rows: BenchRow[] = [];
  const row = (what: string, { ours, theirs }: { ours: number; theirs: number }) =>
    rows.push({ what, ours, peer: 'apt-ftparchive', theirs, unit: 'ms' });
  row(`publish ${count} packages, CPU time`, all.cpu);
  row(`publish them again, CPU time`, again.cpu);
  const start = async () => prodng('publish', archive, one, '--suite', 'stable', '--plain');
  const single = await medianPairs(runs, { ours: timed(start, removed), theirs: peer });
  row('publish one package, CPU time', single.cpu);
  return rows;
}

async function makeDeb(scratch: string, name: string): Promise<void> {
  const tree = join(scratch, 'tree');
  const docs = join(tree, 'usr/share/doc', name);
  await mkdir(docs, { recursive: true });
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  await mkdir(join(scratch, 'debs'), { recursive: true });
  for (let file = 0; file < 10; file++)
    await writeFile(join(docs, `f${file}`), `${name} ${file}\n`.repeat(300));
  await writeFile(
    join(tree, 'DEBIAN/control'),
    `Package: ${name}\nVersion: 1.0-1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: one of many\n`,
  );
  const argv = ['--root-owner-group', '-Zgzip', '-z1', '--build', tree, join(scratch, 'debs', `${name}.deb`)];
  await runFile('dpkg-deb', argv);
  await rm(tree, { recursive: true });
}
