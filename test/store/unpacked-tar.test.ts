import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store, type UnpackedEntry } from '../../src/store/store.ts';
import { run } from '../../src/system/process.ts';

let scratch: string;
let store: Store;
let sha256: string;

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'unpacked-'));
  store = await openStore({ cache: scratch, state: scratch, run: scratch });
  sha256 = await storeDeb('xz');
  return async () => await rm(scratch, { recursive: true, force: true });
});

/** Puts a package of dpkg-deb into the store. */
async function storeDeb(compression: string): Promise<string> {
  const tree = join(scratch, 'tree');
  await rm(tree, { recursive: true, force: true });
  await mkdir(join(tree, 'DEBIAN'), { recursive: true });
  await mkdir(join(tree, 'usr/bin'), { recursive: true });
  await writeFile(
    join(tree, 'DEBIAN/control'),
    `Package: sample\nVersion: 1\nArchitecture: all\nMaintainer: Jane <jane@example.org>\nDescription: ${compression}\n`,
  );
  await writeFile(join(tree, 'usr/bin/sample'), '#!/bin/sh\necho sample\n', { mode: 0o755 });
  await writeFile(join(tree, 'usr/bin/zeros'), Buffer.alloc(300_000, 7));
  await symlink('sample', join(tree, 'usr/bin/other'));
  const deb = join(scratch, 'sample.deb');
  await run(['dpkg-deb', '--root-owner-group', `-Z${compression}`, '-b', tree, deb]);
  const bytes = await readFile(deb);
  const digest = createHash('sha256').update(bytes).digest('hex');
  await mkdir(dirname(store.debPath(digest)), { recursive: true });
  await writeFile(store.debPath(digest), bytes);
  return digest;
}

function contentOf(tar: Buffer, entry: UnpackedEntry | undefined): Buffer {
  if (entry === undefined) throw new Error('no such entry');
  return tar.subarray(entry.offset, entry.offset + entry.size);
}

describe('the plain tar of a stored .deb', () => {
  it('is what dpkg-deb --fsys-tarfile says, with an index of where each content begins', async () => {
    for (const compression of ['xz', 'gzip', 'zstd', 'none']) {
      const digest = await storeDeb(compression);
      const unpacked = await store.unpackedTar(digest);
      const expected = join(scratch, 'expected.tar');
      await run(['sh', '-c', 'dpkg-deb --fsys-tarfile "$0" > "$1"', store.debPath(digest), expected]);
      const tar = await readFile(unpacked.path);
      expect(tar.equals(await readFile(expected))).toBe(true);
      expect(unpacked.size).toBe(tar.length);
      expect(unpacked.sha256).toBe(createHash('sha256').update(tar).digest('hex'));
      const byPath = new Map(unpacked.entries.map((entry) => [entry.path, entry]));
      expect([...byPath.keys()]).toEqual(
        expect.arrayContaining(['.', 'usr', 'usr/bin', 'usr/bin/sample', 'usr/bin/zeros', 'usr/bin/other']),
      );
      expect(contentOf(tar, byPath.get('usr/bin/sample')).toString()).toBe('#!/bin/sh\necho sample\n');
      expect(contentOf(tar, byPath.get('usr/bin/zeros')).equals(Buffer.alloc(300_000, 7))).toBe(true);
      expect(byPath.get('usr/bin/sample')).toMatchObject({ type: 'file', mode: 0o755, uid: 0, gid: 0 });
      expect(byPath.get('usr/bin/other')).toMatchObject({ type: 'symlink', linkPath: 'sample', size: 0 });
    }
  });

  it('is unpacked once and then kept', async () => {
    const first = await store.unpackedTar(sha256);
    const before = (await stat(first.path)).ino;
    expect(await store.unpackedTar(sha256)).toEqual(first);
    expect((await stat(first.path)).ino).toBe(before);
  });

  it('is unpacked once when several ask at the same time', async () => {
    const all = await Promise.all([1, 2, 3, 4].map(() => store.unpackedTar(sha256)));
    for (const one of all) expect(one).toEqual(all[0]);
  });

  it('is made again when the kept one is cut short, or its index is damaged or gone', async () => {
    const first = await store.unpackedTar(sha256);
    const index = first.path.replace(/tar$/, 'json');
    const damages = [
      () => truncate(first.path, 100),
      () => truncate(index, 100),
      () => writeFile(index, '{"size":1,"sha256":"","entries":[]}'),
      () => rm(index),
      () => rm(first.path),
    ];
    for (const damage of damages) {
      await damage();
      expect(await store.unpackedTar(sha256)).toEqual(first);
      expect((await stat(first.path)).size).toBe(first.size);
    }
  });

  it('is refused and the .deb removed when its bytes are not those of its name', async () => {
    const path = store.debPath(sha256);
    const bytes = await readFile(path);
    bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(store.unpackedTar(sha256)).rejects.toMatchObject({
      code: 'HASH_MISMATCH',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('run the command again'),
    });
    expect(await store.has({ sha256, size: bytes.length })).toBe(false);
  });

  it('says so when the .deb is not in the store', async () => {
    await expect(store.unpackedTar('0'.repeat(64))).rejects.toMatchObject({ code: 'IO' });
  });

  it('never takes anything but a digest for a path', () => {
    for (const text of ['../../etc/passwd', '', sha256.toUpperCase(), `${sha256}/..`])
      expect(() => store.debPath(text)).toThrow(/not a SHA-256/);
  });
});
