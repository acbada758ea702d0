import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { SpaceWatch } from '../../src/agent/metrics/space-watch.ts';
import { makeVolumes, planVolumes } from '../../src/jail/storage/volumes.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'space-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8M', 'tmpfs', folder]);
});

afterEach(() => {
  execFileSync('umount', [folder]);
  rmSync(folder, { recursive: true });
});

it('records once that there is little space, and once that there is enough again', async () => {
  const said: [string, unknown][] = [];
  const watch = new SpaceWatch(folder, 2 ** 22, {
    append: async (kind, _, detail) => void said.push([kind, detail]),
  });
  await watch.check();
  expect(said).toEqual([]);
  const file = join(folder, 'file');
  writeFileSync(file, Buffer.alloc(5 * 2 ** 20));
  await watch.check();
  await watch.check();
  expect(said).toEqual([['space-low', { free: 3 * 2 ** 20, low: 2 ** 22 }]]);
  // hardly more than the least is not enough yet
  truncateSync(file, 2 ** 22 - 2 ** 17);
  await watch.check();
  expect(said).toHaveLength(1);
  rmSync(file);
  await watch.check();
  expect(said.slice(1)).toEqual([['space-restored', { free: 2 ** 23, low: 2 ** 22 }]]);
});

/** A volume of a jail that is declared with this size. */
function planned(megabytes: number, reserve: boolean) {
  const filesystem = [{ kind: 'rw' as const, path: '/var/lib/box', size: megabytes * 2 ** 20 }];
  const paths = { cache: folder, state: folder, run: folder };
  return planVolumes('box', { filesystem }, paths, reserve);
}

const account = { uid: 0, gid: 0 };

it('allocates all blocks of a volume, and those of one that was made without', async () => {
  mkdirSync(join(folder, 'volumes'));
  const [sparse] = planned(4, false);
  await makeVolumes(planned(4, false), account);
  const blocks = () => {
    const { size, blocks: allocated } = statSync(sparse?.place ?? '');
    return { size, allocated: allocated * 512 };
  };
  expect(blocks().allocated).toBeLessThan(blocks().size);
  await makeVolumes(planned(4, true), account);
  expect(blocks().allocated).toBeGreaterThanOrEqual(blocks().size);
  execFileSync('e2fsck', ['-f', '-n', sparse?.place ?? ''], { stdio: 'pipe' });
});

it('does not start a jail whose volume the disk has no room for', async () => {
  await expect(makeVolumes(planned(16, true), account)).rejects.toThrow(
    '/var/lib/box: the disk cannot reserve 17M: ',
  );
});
