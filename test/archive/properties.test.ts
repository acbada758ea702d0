import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { AR_MAGIC, arPadding, encodeArHeader, readArMembers, readAt } from '../../src/archive/ar.ts';
import type { TarEntry, TarItem } from '../../src/archive/entry.ts';
import { extractTar } from '../../src/archive/extract.ts';
import { parsePax } from '../../src/archive/pax.ts';
import { readTar } from '../../src/archive/tar-reader.ts';
import { contentPadding, encodeEntryHeader, endOfArchive, entrySize } from '../../src/archive/tar-writer.ts';
import { ProdngError } from '../../src/error/prodng-error.ts';
import { file, folder, hardLink, longName, pax, paxRecord, symlink, tar } from './raw-archive.ts';
import { entryOf } from './sample.ts';
import { scratchFolder } from './scratch.ts';

// Compressing and unpacking for real, on a machine that does other things too.
vi.setConfig({ testTimeout: 300_000 });

const scratch = scratchFolder();

/** Cuts bytes into chunks of the given sizes, over and over. */
async function* chunks(bytes: Uint8Array, sizes: readonly number[]): AsyncGenerator<Uint8Array> {
  for (let done = 0, turn = 0; done < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(done, done + size);
    done += size;
  }
}

async function readAll(items: AsyncIterable<TarItem>): Promise<{ entry: TarEntry; content: Buffer }[]> {
  const all = [];
  for await (const { entry, content } of items) {
    const pieces = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    all.push({ entry, content: Buffer.concat(pieces) });
  }
  return all;
}

/** Either the work succeeds, or it throws one of our own errors. */
async function succeeds(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code === 'INTERNAL') throw error;
    expect(error.message).toMatch(/^[^\p{Cc}]+$/u);
    return false;
  }
}

const chunkSizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 4 });
const part = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 120 })
  .map((text) => text.replaceAll(/[/\0]/g, '_'))
  .filter((text) => text !== '.' && text !== '..' && Buffer.from(text).toString() === text);
const path = fc.array(part, { minLength: 1, maxLength: 5 }).map((parts) => parts.join('/'));
const name = fc.stringMatching(/^[a-z]{0,31}$/);
const common = {
  path,
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
  uname: name,
  gname: name,
  mtime: fc.integer({ min: 0, max: 2 ** 40 }),
};
const content = fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes));
const item = fc.oneof(
  fc.tuple(fc.record(common), content).map(([entry, bytes]) => ({
    entry: entryOf(entry.path, { ...entry, size: bytes.length }),
    content: bytes,
  })),
  fc
    .tuple(fc.record(common), fc.constantFrom('symlink' as const, 'hardlink' as const), path)
    .map(([entry, type, linkPath]) => ({
      entry: entryOf(entry.path, { ...entry, type, linkPath }),
      content: Buffer.alloc(0),
    })),
  fc.record(common).map((entry) => ({
    entry: entryOf(entry.path, { ...entry, type: 'directory' }),
    content: Buffer.alloc(0),
  })),
);

/** What mutations begin with: a little of all that the readers know. */
const valid = tar(
  folder('a/'),
  file('a/b', 'content of b'),
  hardLink('a/c', 'a/b'),
  symlink('a/d', '../e'),
  longName('L', `a/${'l'.repeat(150)}`),
  file('x', 'y'.repeat(600)),
  pax(['path', 'a/pax'], ['mtime', '1600000000.5']),
  file('z', ''),
);

type Mutation = (bytes: Buffer) => Buffer;

/** Changes to bytes: a few overwritten, one part copied over another, left out or put in twice. */
function mutations(length: number): fc.Arbitrary<Mutation> {
  const position = fc.integer({ min: 0, max: length - 1 });
  // Most of an archive is padding: the fields of the headers deserve more of the attempts.
  const field = fc
    .tuple(fc.integer({ min: 0, max: Math.floor(length / 512) - 1 }), fc.integer({ min: 0, max: 360 }))
    .map(([block, offset]) => block * 512 + offset);
  const set = fc.tuple(fc.oneof(position, field), fc.uint8Array({ minLength: 1, maxLength: 8 }));
  const span = fc.tuple(position, fc.integer({ min: 1, max: 1200 }));
  const blocks = fc.tuple(fc.nat(12), fc.nat(12));
  const mutation = fc.oneof(
    set.map(([at, values]) => overwrite(at, values)),
    span.map(([at, size]) => leaveOut(at, size)),
    span.map(([at, size]) => putInTwice(at, size)),
    blocks.map(([from, to]) => copyBlock(from, to)),
  );
  const all = fc.array(mutation, { minLength: 1, maxLength: 4 });
  return all.map(
    (list): Mutation =>
      (bytes) =>
        list.reduce<Buffer>((now, change) => change(now), Buffer.from(bytes)),
  );
}

function overwrite(at: number, values: Uint8Array): Mutation {
  return (bytes) => {
    const start = Math.min(at, bytes.length);
    bytes.set(values.subarray(0, bytes.length - start), start);
    return bytes;
  };
}

function leaveOut(at: number, size: number): Mutation {
  return (bytes) => Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + size)]);
}

function putInTwice(at: number, size: number): Mutation {
  return (bytes) => Buffer.concat([bytes.subarray(0, at + size), bytes.subarray(at)]);
}

function copyBlock(from: number, to: number): Mutation {
  return (bytes) => {
    if (from * 512 < bytes.length) bytes.copy(bytes, to * 512, from * 512, from * 512 + 512);
    return bytes;
  };
}

/** Right checksums again, so that a mutation gets past the first check. */
function resealed(bytes: Buffer): Buffer {
  for (let at = 0; at + 512 <= bytes.length; at += 512) {
    if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
    bytes.fill(' ', at + 148, at + 156);
    const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
    bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148, 'latin1');
  }
  return bytes;
}

describe('the tar reader', () => {
  it('reads what the writer wrote, in chunks of any size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 8 }), chunkSizes, async (items, sizes) => {
        const parts = items.map((each) => {
          const bytes = Buffer.concat([
            encodeEntryHeader(each.entry),
            each.content,
            contentPadding(each.content.length),
          ]);
          expect(bytes.length).toBe(entrySize(each.entry));
          return bytes;
        });
        const read = await readAll(readTar(chunks(Buffer.concat([...parts, endOfArchive]), sizes)));
        expect(read).toEqual(items);
      }),
      { numRuns: 300 },
    );
  });

  it('never throws anything but an error of ours, whatever the bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), chunkSizes, async (bytes, sizes) => {
        await succeeds(() => readAll(readTar(chunks(bytes, sizes))));
      }),
      { numRuns: 300 },
    );
  });

  it('lets a mutated archive reach nothing outside of the target, and leaves nothing of a refused one', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(mutations(valid.length), chunkSizes, async (mutate, sizes) => {
        const place = mkdtempSync(join(scratch, 'mutated-'));
        writeFileSync(join(place, 'e'), 'bait');
        const items = readTar(chunks(resealed(mutate(valid)), sizes));
        const whole = await succeeds(() => extractTar(items, join(place, 'out'), { durable: false }));
        expect(readdirSync(place).toSorted()).toEqual(whole ? ['e', 'out'] : ['e']);
        if (whole) taken++;
      }),
      { numRuns: 1000 },
    );
    // Neither all nor none: the mutations reach what lies behind the first check.
    expect(taken).toBeGreaterThan(50);
    expect(taken).toBeLessThan(950);
  });
});

describe('the PAX parser', () => {
  it('reads the records it knows and throws only errors of ours for others', async () => {
    fc.assert(
      fc.property(path, fc.nat(), (pathValue, size) => {
        const bytes = Buffer.from(paxRecord('path', pathValue) + paxRecord('size', `${size}`));
        expect(parsePax(bytes)).toEqual({ path: pathValue, size });
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await succeeds(async () => parsePax(bytes));
      }),
    );
  });
});

describe('the ar reader', () => {
  const memberName = fc.stringMatching(/^[A-Za-z0-9_.+-]{1,16}$/);
  const members = fc.uniqueArray(fc.tuple(memberName, content, fc.nat({ max: 2 ** 31 })), {
    maxLength: 6,
    selector: ([each]) => each,
  });

  function encode(list: readonly [string, Buffer, number][]): Buffer {
    const parts = list.flatMap(([each, bytes, mtime]) => [
      encodeArHeader(each, bytes.length, mtime),
      bytes,
      arPadding(bytes.length),
    ]);
    return Buffer.concat([AR_MAGIC, ...parts]);
  }

  async function decode(bytes: Uint8Array): Promise<[string, Buffer, number][]> {
    const place = join(scratch, 'archive.ar');
    writeFileSync(place, bytes);
    const handle = await open(place);
    try {
      const list = await readArMembers(handle);
      return await Promise.all(
        list.map(async ({ name: each, offset, size, mtime }): Promise<[string, Buffer, number]> => {
          expect(offset + size).toBeLessThanOrEqual(bytes.length);
          return [each, await readAt(handle, offset, size), mtime];
        }),
      );
    } finally {
      await handle.close();
    }
  }

  it('reads what the writer wrote', async () => {
    await fc.assert(
      fc.asyncProperty(members, async (list) => {
        expect(await decode(encode(list))).toEqual(list);
      }),
    );
  });

  it('stays within the file and throws only errors of ours, whatever the bytes', async () => {
    const start = encode([
      ['debian-binary', Buffer.from('2.0\n'), 0],
      ['odd', Buffer.from('abc'), 1],
      ['even', Buffer.alloc(700), 2],
    ]);
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((tail) => Buffer.concat([AR_MAGIC, tail])),
      mutations(start.length).map((mutate) => mutate(start)),
    );
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(bytes, async (each) => {
        if (await succeeds(() => decode(each))) taken++;
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(0);
  });
});
