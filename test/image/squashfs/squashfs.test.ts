import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProdngError } from '../../../src/error/prodng-error.ts';
import { openSlot } from '../../../src/image/slot.ts';
import { slotSide } from '../../../src/image/slot-side.ts';
import { readContents } from '../../../src/image/squashfs/contents.ts';
import type { ReadAt } from '../../../src/image/squashfs/superblock.ts';
import { readTree } from '../../../src/image/squashfs/tree.ts';
import { openFolderSide } from '../../../src/verify/diff/folder-side.ts';
import { makeSlotImage } from '../../support/slot-image.ts';

let folder: string;
let tree: string;
let image: Buffer;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'squashfs-'));
  tree = join(folder, 'tree');
  await mkdir(join(tree, 'usr/bin'), { recursive: true });
  await mkdir(join(tree, 'empty'), { mode: 0o1777 });
  await chmod(join(tree, 'empty'), 0o1777);
  await writeFile(join(tree, 'usr/bin/su'), 'set-uid', { mode: 0o755 });
  await chmod(join(tree, 'usr/bin/su'), 0o4755);
  await writeFile(join(tree, 'none'), '');
  await writeFile(join(tree, 'large'), randomBytes(700_001));
  await writeFile(join(tree, 'text'), 'what compresses well\n'.repeat(40_000));
  await writeFile(join(tree, 'whole-blocks'), Buffer.alloc(262_144, 'b'));
  // a hole between two ends
  await writeFile(join(tree, 'hole'), 'begins');
  await truncate(join(tree, 'hole'), 2_000_000);
  await link(join(tree, 'large'), join(tree, 'usr/large-again'));
  await symlink('../large', join(tree, 'usr/link'));
  execFileSync('mknod', [join(tree, 'null'), 'c', '1', '3']);
  execFileSync('mkfifo', [join(tree, 'fifo')]);
  // many inodes: more than one block of metadata
  await mkdir(join(tree, 'many'));
  for (let index = 0; index < 600; index += 1)
    await writeFile(join(tree, `many/file-with-a-long-name-${index}`), `content ${index}\n`);
  execFileSync('chown', ['-h', '7:8', join(tree, 'text'), join(tree, 'usr/link')]);
  image = squashfs(tree);
});
afterAll(async () => {
  for (const slot of open) await slot.close();
  await rm(folder, { recursive: true, force: true });
});

function squashfs(from: string, ...more: string[]): Buffer {
  const path = join(folder, `${randomBytes(4).toString('hex')}.squashfs`);
  const options = [
    '-comp',
    'zstd',
    '-b',
    '256K',
    '-quiet',
    '-no-progress',
    '-noappend',
    '-no-xattrs',
    ...more,
  ];
  execFileSync('mksquashfs', [from, path, ...options], { stdio: 'ignore' });
  return execFileSync('cat', [path], { maxBuffer: 2 ** 28 });
}

function reader(bytes: Buffer): ReadAt {
  return async (offset, size) => {
    if (offset + size > bytes.length) throw new ProdngError('IMAGE', 'it ends too early');
    return bytes.subarray(offset, offset + size);
  };
}

/** As the reader of folders sees it, which knows nothing of squashfs. */
async function listed(side: { list(): Promise<ReadonlyMap<string, unknown>> }): Promise<[string, unknown][]> {
  return [...(await side.list())].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function sideOf(bytes: Buffer) {
  const path = join(folder, `${open.length}.slot`);
  await makeSlotImage(path, bytes);
  const slot = await openSlot(path);
  open.push(slot);
  return slotSide(slot);
}

describe('a squashfs by mksquashfs', () => {
  test.each([
    ['as an image has it', []],
    ['with no block compressed', ['-noI', '-noD', '-noF', '-noId']],
    ['without fragments', ['-no-fragments']],
    ['without the table of exports', ['-no-exports']],
    ['with a tail of every file in a fragment', ['-always-use-fragments']],
  ])('%s has the paths, modes, owners, links and contents of the folder', async (_, options) => {
    const side = await sideOf(squashfs(tree, ...options));
    expect(await listed(side)).toEqual(await listed(await openFolderSide(tree)));
  });

  test('gives the contents that are asked for, and no more than it may', async () => {
    const side = await sideOf(image);
    const files = await side.list();
    const into = await mkdtemp(join(folder, 'into-'));
    const wanted = new Set(['/large', '/usr/large-again', '/none', '/many/file-with-a-long-name-7']);
    const places = await side.contents(files, wanted, into, 2 ** 20);
    expect([...places.keys()].sort()).toEqual([...wanted].sort());
    for (const [path, place] of places)
      expect((await readFile(place)).equals(await readFile(join(tree, path)))).toBe(true);
    const few = await side.contents(files, wanted, await mkdtemp(join(folder, 'into-')), 100);
    expect([...few.keys()]).not.toContain('/large');
  });
});

test('one with another compressor is refused', async () => {
  const path = join(folder, 'gzip.squashfs');
  execFileSync('mksquashfs', [tree, path, '-comp', 'gzip', '-quiet', '-no-progress'], { stdio: 'ignore' });
  await expect(readTree(reader(await readFile(path)))).rejects.toMatchObject({ code: 'IMAGE' });
});

test('a folder that contains itself ends with an error', async () => {
  const nested = join(folder, 'nested');
  await mkdir(join(nested, 'a/b'), { recursive: true });
  const bytes = squashfs(nested, '-noI');
  const { superblock } = await readTree(reader(bytes));
  // each inode of a folder has 32 bytes, the deepest comes first: it gets the listing of the root
  const inodes = superblock.inodeTable + 2;
  bytes.copy(bytes, inodes + 16, inodes + 64 + 16, inodes + 64 + 28);
  await expect(readTree(reader(bytes))).rejects.toMatchObject({ code: 'IMAGE' });
});

test('whatever bytes are damaged, reading ends with a tree or an error of ours', async () => {
  const small = join(folder, 'small');
  await mkdir(join(small, 'etc'), { recursive: true });
  for (const name of ['a', 'b', 'etc/c']) await writeFile(join(small, name), name.repeat(3000));
  const plain = squashfs(small, '-noI', '-b', '4096');
  const packed = squashfs(small, '-b', '4096');
  const damage = fc.array(fc.tuple(fc.nat({ max: plain.length - 1 }), fc.nat({ max: 255 })), {
    minLength: 1,
    maxLength: 6,
  });
  await fc.assert(
    fc.asyncProperty(fc.boolean(), damage, async (isPacked, changes) => {
      const bytes = Buffer.from(isPacked ? packed : plain);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      try {
        const read = reader(bytes);
        const found = await readTree(read);
        const wanted = new Set(found.contents.values());
        for await (const { bytes: piece } of readContents(read, found, wanted))
          expect(piece.length).toBeLessThanOrEqual(found.superblock.blockSize);
      } catch (error) {
        expect(error, String(error)).toBeInstanceOf(ProdngError);
      }
    }),
    { numRuns: 150 },
  );
});
