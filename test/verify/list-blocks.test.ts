import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { openDeb } from '../../src/archive/deb-reader.ts';
import { type TarSegment, writeDeb } from '../../src/archive/deb-writer.ts';
import type { TarEntry } from '../../src/archive/entry.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { encodeEntryHeader, endOfArchive } from '../../src/archive/tar-writer.ts';
import { compressBlock, type XzBlock } from '../../src/archive/xz-block.ts';
import { encodeXzEnd, xzHeader } from '../../src/archive/xz-format.ts';
import { diffTrees } from '../../src/verify/diff/diff.ts';
import { contentEntry, FileList } from '../../src/verify/diff/file-list.ts';
import { listBlocks } from '../../src/verify/diff/list-blocks.ts';
import { ListingCache } from '../../src/verify/diff/listing-cache.ts';
import { readXzIndex } from '../../src/verify/diff/xz-index.ts';

const scratch = mkdtempSync('/var/tmp/prodng-blocks-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const owner = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: 0, linkPath: '' };
const contents = Array.from({ length: 6 }, () => randomBytes(300_000));

/** Each name's content, in a block of its own. */
async function makeDeb(name: string, files: readonly (readonly [string, Buffer])[]): Promise<string> {
  const segments: TarSegment[] = [
    { name: 'root', entries: [{ entry: { ...owner, path: '.', type: 'directory', mode: 0o755, size: 0 } }] },
    ...files.map(([path, content]) => ({
      name: path,
      apart: true,
      entries: [
        { entry: { ...owner, path, type: 'file' as const, mode: 0o644, size: content.length }, content },
      ],
    })),
  ];
  const deb = join(scratch, `${name}.deb`);
  await writeDeb(deb, {
    segments,
    mtime: 0,
    blockCache: join(scratch, 'cache'),
    control: () =>
      'Package: shared\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: x\n',
  });
  return deb;
}

function files(...names: string[]): (readonly [string, Buffer])[] {
  return names.map((name) => [name.slice(0, 1), contents[Number(name.slice(1))] ?? Buffer.alloc(0)] as const);
}

test('the index is read as xz itself reads it', async () => {
  const path = await makeDeb('index', files('a0', 'b1', 'c2'));
  const deb = await openDeb(path);
  const file = await open(path);
  try {
    const { offset = 0, size = 0 } = deb.members[2] ?? {};
    const blocks = await readXzIndex(file, offset, size);
    const plain = join(scratch, 'data.tar.xz');
    execFileSync('sh', ['-c', 'ar p "$1" data.tar.xz >"$2"', 'sh', path, plain]);
    const listed = execFileSync('xz', ['--robot', '--list', '-vv', plain], { encoding: 'utf8' });
    const rows = listed
      .split('\n')
      .filter((line) => line.startsWith('block\t'))
      .map((line) => line.split('\t'));
    expect(rows.length).toBeGreaterThan(3);
    expect(
      blocks?.map((block) => [block.fileOffset - offset, block.plainOffset, block.fileSize, block.plainSize]),
    ).toEqual(rows.map((row) => [row[4], row[5], row[6], row[7]].map(Number)));
    expect(await readXzIndex(file, offset, size - 4)).toBeUndefined();
    expect(await readXzIndex(file, 0, size)).toBeUndefined();
  } finally {
    await file.close();
    await deb.close();
  }
});

test.for([
  ['one changed', ['a0', 'b1', 'c2'], ['a0', 'b3', 'c2'], ['b']],
  ['the last changed', ['a0', 'b1'], ['a0', 'b2'], ['b']],
  ['one added', ['a0', 'c2'], ['a0', 'b1', 'c2'], ['b']],
  ['one removed', ['a0', 'b1', 'c2'], ['a0', 'c2'], ['b']],
  ['contents exchanged', ['a0', 'b1', 'c2'], ['a1', 'b0', 'c2'], ['a', 'b']],
  ['another order', ['a0', 'b1', 'c2'], ['c2', 'a0', 'b1'], []],
  ['nothing shared', ['a0'], ['a1'], ['a']],
  ['all the same', ['a0', 'b1'], ['a0', 'b1'], []],
] as const)('what shares blocks compares as what does not: %s', async ([name, before, after, expected]) => {
  const [old, now] = [
    await makeDeb(`${name} old`, files(...before)),
    await makeDeb(`${name} new`, files(...after)),
  ];
  for (const options of [{}, { listings: join(scratch, 'listings') }]) {
    const result = await diffTrees(old, now, options);
    expect(result.files.map(({ path }) => path)).toEqual(expected);
    for (const { kind, detail } of result.files)
      if (kind === 'changed') expect(detail?.lines?.[0]).toContain('first byte');
  }
});

test('one damaged side ends both, and is named', async () => {
  const [old, now] = [
    await makeDeb('whole', files('a0', 'b1', 'c2')),
    await makeDeb('damaged', files('a0', 'b3', 'c2')),
  ];
  const deb = await openDeb(now);
  const { offset = 0, size = 0 } = deb.members[2] ?? {};
  await deb.close();
  const file = await open(now, 'r+');
  await file.write(Buffer.alloc(64, 7), 0, 64, offset + Math.floor(size / 2));
  await file.close();
  for (const pair of [
    [old, now],
    [now, old],
  ] as const)
    await expect(diffTrees(...pair)).rejects.toMatchObject({
      message: expect.stringContaining(now),
      code: 'COMPRESSION',
    });
});

/** What was made of plain bytes before. */
const compressed = new Map<string, XzBlock>();

async function blockOf(plain: Buffer): Promise<XzBlock> {
  const key = plain.toString('latin1');
  const block = compressed.get(key) ?? (await compressBlock(plain));
  compressed.set(key, block);
  return block;
}

/** Lists some blocks by the cache, and by reading all of them as one archive: entries, or a code. */
async function listBoth(blocks: readonly XzBlock[], plain: Buffer, cache: ListingCache) {
  const path = join(scratch, 'stream.xz');
  const stream = Buffer.concat([
    xzHeader,
    ...blocks.map(({ bytes }) => bytes),
    encodeXzEnd(blocks.map(({ record }) => record)),
  ]);
  writeFileSync(path, stream);
  const file = await open(path);
  try {
    const indexed = await readXzIndex(file, 0, stream.length);
    if (indexed === undefined) throw new Error('no index');
    const code = (error: unknown): unknown => (error as { code?: unknown }).code;
    return [
      await listBlocks('it', { file, blocks: indexed }, cache).catch(code),
      await listWhole(plain).catch(code),
    ];
  } finally {
    await file.close();
  }
}

async function listWhole(plain: Buffer) {
  const list = new FileList('it');
  async function* source(): AsyncGenerator<Buffer> {
    yield plain;
  }
  for await (const item of readTar(source())) list.add(await contentEntry(item));
  return list.finish();
}

const header = (path: string, size: number, more: Partial<TarEntry> = {}): Buffer =>
  encodeEntryHeader({ ...owner, path, type: 'file', mode: 0o644, size, ...more });
const fill = (text: string): Buffer => Buffer.alloc(512, text);
/** Each may be an entry, the head of one, content that looks like an entry, or the end. */
const pieces: readonly Buffer[] = [
  Buffer.concat([header('a', 512), fill('a')]),
  Buffer.concat([header('b', 512), fill('b')]),
  header('c', 0),
  header('d', 0, { type: 'directory' }),
  header('a', 512),
  header('e', 1024),
  header('f', 700),
  header('h', 0, { type: 'hardlink', linkPath: 'a' }),
  // a header of a long name, and its entry apart
  ...cut(header('x'.repeat(300), 0)),
  fill('b'),
  endOfArchive,
];

function cut(bytes: Buffer): [Buffer, Buffer] {
  return [bytes.subarray(0, -512), bytes.subarray(-512)];
}

test('whatever is before and after a block, it is listed as in the whole', {
  timeout: 300_000,
}, async () => {
  const cache = new ListingCache(join(scratch, 'property'));
  const piece = fc.constantFrom(...pieces);
  const block = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => Buffer.concat(parts));
  const odd = fc.tuple(block, block, fc.integer({ min: 1, max: 1000 })).map(([a, b, at]) => {
    const both = Buffer.concat([a, b]);
    return [both.subarray(0, at), both.subarray(at)].filter(({ length }) => length > 0);
  });
  const run = fc.oneof(
    block.map((each) => [each]),
    odd,
  );
  let listed = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(run, { maxLength: 4 }), fc.boolean(), async (runs, isEnded) => {
      const plain = [...runs.flat(), ...(isEnded ? [endOfArchive] : [])];
      const blocks: XzBlock[] = [];
      for (const each of plain) blocks.push(await blockOf(each));
      const whole = Buffer.concat(plain);
      for (const each of [cache, new ListingCache(join(scratch, 'property'))]) {
        const [byBlocks, byWhole] = await listBoth(blocks, whole, each);
        expect(byBlocks).toEqual(byWhole);
        if (typeof byWhole !== 'string') listed += 1;
      }
    }),
    { numRuns: 120 },
  );
  expect(listed).toBeGreaterThan(20);
});

test('what was listed once is not decompressed again', async () => {
  const [a, b] = [pieces[0] ?? Buffer.alloc(0), pieces[1] ?? Buffer.alloc(0)];
  const cache = new ListingCache();
  const listed = async (...plain: Buffer[]): Promise<unknown> => {
    const blocks: XzBlock[] = [];
    for (const each of plain) blocks.push(await blockOf(each));
    const [files] = await listBoth(blocks, Buffer.concat(plain), cache);
    return files instanceof Map ? [...files.keys()] : files;
  };
  expect(await listed(a, endOfArchive)).toEqual(['a']);
  // a memory that says otherwise shows that it is asked
  const [run] = cache.runs();
  const entries = run?.entries.map((each) => ({ ...each, path: 'remembered' })) ?? [];
  await cache.add({ blocks: run?.blocks ?? [], entries });
  expect(await listed(b, a, endOfArchive)).toEqual(['b', 'remembered']);
  // as the content of a file, it is none of what it is as entries
  expect(await listed(header('e', 1024), a, endOfArchive)).toEqual(['e']);
});

test('a remembered listing that was damaged counts as absent', async () => {
  const folder = join(scratch, 'damaged-listings');
  const [old, now] = [
    await makeDeb('remembered old', files('a0', 'b1')),
    await makeDeb('remembered new', files('a0', 'b2')),
  ];
  const first = await diffTrees(old, now, { listings: folder });
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  expect(names.length).toBeGreaterThan(2);
  for (const { parentPath, name } of names) {
    const path = join(parentPath, name);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"mode":420', '"mode":493'));
  }
  expect(await diffTrees(old, now, { listings: folder })).toEqual(first);
});
