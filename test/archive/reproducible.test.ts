import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { writeDeb } from '../../src/archive/deb-writer.ts';
import type { TarSegment } from '../../src/archive/segment.ts';
import { contentsOf, fileOf, folderOf, sampleSegments } from './sample.ts';
import { scratchFolder } from './scratch.ts';

// Compressing and unpacking for real, on a machine that does other things too.
vi.setConfig({ testTimeout: 300_000 });

const scratch = scratchFolder();
const segments = sampleSegments(scratch);

/** The cache's files with what changes when one is written anew. */
function cacheFiles(cache: string): Map<string, number> {
  const names = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.includes('.'),
  );
  return new Map(names.map((name) => [join(cache, name), statSync(join(cache, name)).ino]));
}

async function build(cache: string, list: TarSegment[] = segments, workers?: number): Promise<string> {
  const path = join(scratch, 'out.deb');
  const { sha256 } = await writeDeb(path, { ...contentsOf(list, cache), ...(workers && { workers }) });
  return sha256;
}

const reference = join(scratch, 'reference');
const expected = build(reference, segments, 1);

describe('equal contents give equal bytes', () => {
  it.each([1, 2, 7])('with an empty cache and %d workers', async (workers) => {
    expect(await build(join(scratch, `workers-${workers}`), segments, workers)).toBe(await expected);
  });

  it('with a full cache, of which nothing is made again', async () => {
    await expected;
    const before = cacheFiles(reference);
    expect(before.size).toBe(7);
    expect(await build(reference)).toBe(await expected);
    expect(cacheFiles(reference)).toEqual(before);
  });

  it('with half a cache, and after another umask, zone and language', async () => {
    const cache = join(scratch, 'half');
    await build(cache, segments.slice(0, 3));
    const umask = process.umask(0o077);
    const { TZ, LC_ALL, XZ_OPT } = process.env;
    Object.assign(process.env, { TZ: 'Pacific/Chatham', LC_ALL: 'C', XZ_OPT: '-9' });
    try {
      expect(await build(cache)).toBe(await expected);
      expect(statSync(join(scratch, 'out.deb')).mode & 0o7777).toBe(0o644);
    } finally {
      process.umask(umask);
      for (const [name, value] of Object.entries({ TZ, LC_ALL, XZ_OPT })) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it.each<[string, (path: string, other: Buffer) => void]>([
    ['a flipped bit', (path) => writeFileSync(path, flipped(readFileSync(path), 0.5))],
    ['a flipped bit in its trailer', (path) => writeFileSync(path, flipped(readFileSync(path), 0.9999))],
    ['half its length', (path) => truncateSync(path, Math.floor(statSync(path).size / 2))],
    ['no bytes', (path) => truncateSync(path, 0)],
    ['a few bytes', (path) => truncateSync(path, 31)],
    ['garbage after it', (path) => writeFileSync(path, 'x', { flag: 'a' })],
    ['the bytes of another block', (path, other) => writeFileSync(path, other)],
    ['1 GiB of zeros', (path) => truncateSync(path, 2 ** 30)],
  ])('when every block of the cache has %s', async (_, damage) => {
    const small = segments.filter(({ name }) => name !== 'large');
    const cache = join(scratch, 'damaged');
    rmSync(cache, { recursive: true, force: true });
    const sha256 = await build(cache, small);
    const whole = new Map([...cacheFiles(cache).keys()].map((path) => [path, readFileSync(path)]));
    expect(whole.size).toBe(5);
    const blocks = [...whole.values()];
    for (const [index, path] of [...whole.keys()].entries()) {
      damage(path, blocks[(index + 1) % blocks.length] ?? Buffer.alloc(0));
    }
    expect(await build(cache, small)).toBe(sha256);
    for (const [path, bytes] of whole) expect(readFileSync(path).equals(bytes)).toBe(true);
  });
});

describe('a change costs only its own blocks', () => {
  it('in a small separate segment: its block, and that of control.tar for the md5sums', async () => {
    const cache = join(scratch, 'change');
    await build(cache);
    const before = cacheFiles(cache);
    const changed = segments.map((segment) =>
      segment.name === 'own'
        ? { ...segment, entries: [folderOf('opt'), fileOf('opt/service', 'print("hello, you")\n')] }
        : segment,
    );
    const sha256 = await build(cache, changed);
    expect(sha256).not.toBe(await expected);
    const fresh = [...cacheFiles(cache).keys()].filter((path) => !before.has(path));
    expect(fresh).toHaveLength(2);
    expect(await build(join(scratch, 'change-cold'), changed)).toBe(sha256);
  });

  it('beside thousands of files: not those of their md5sums', async () => {
    const cache = join(scratch, 'many');
    const many = Array.from({ length: 6000 }, (_, index) =>
      fileOf(`many/${String(index).padStart(4, '0')}`, 'x'),
    );
    const withOwn = (text: string): TarSegment[] => [
      { name: 'many', entries: [folderOf('.'), folderOf('many'), ...many] },
      { name: 'own', apart: true, entries: [fileOf('own', text)] },
    ];
    await build(cache, withOwn('one'));
    const before = cacheFiles(cache);
    await build(cache, withOwn('two'));
    const fresh = [...cacheFiles(cache).keys()].filter((path) => !before.has(path));
    expect(fresh).toHaveLength(2);
    expect(fresh.map((path) => statSync(path).size).every((size) => size < 100_000)).toBe(true);
  });
});

describe('writing a .deb is whole or not at all', () => {
  it('when it is aborted: no file, and no xz goes on', async () => {
    const folder = join(scratch, 'aborted');
    mkdirSync(folder);
    const abort = new AbortController();
    const contents = contentsOf(segments, join(scratch, 'aborted-cache'));
    const progress = { step: () => abort.abort(new Error('enough')), advance() {}, note() {} };
    await expect(
      writeDeb(join(folder, 'x.deb'), { ...contents, signal: abort.signal, progress }),
    ).rejects.toThrow('enough');
    const late = new AbortController();
    const writing = writeDeb(join(folder, 'x.deb'), { ...contents, signal: late.signal });
    setTimeout(() => late.abort(new Error('too late')), 100);
    await expect(writing).rejects.toThrow('too late');
    expect(readdirSync(folder)).toEqual([]);
    const children = readFileSync(`/proc/self/task/${process.pid}/children`, 'utf8').trim().split(' ');
    const names = children
      .filter((pid) => pid !== '')
      .map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    expect(names).not.toContain('xz');
  });

  it('when the file system is full: the old file stays, nothing else', async () => {
    const folder = join(scratch, 'full');
    mkdirSync(folder);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=32k', 'tmpfs', folder]);
    try {
      const path = join(folder, 'x.deb');
      writeFileSync(path, 'old');
      const contents = contentsOf(segments, reference);
      await expect(writeDeb(path, contents)).rejects.toMatchObject({
        code: 'IO',
        message: expect.stringMatching(/full.*: (?:.*ENOSPC|.*[Nn]o space left)/s),
        hint: expect.stringContaining('free some space'),
      });
      expect(readdirSync(folder)).toEqual(['x.deb']);
      expect(readFileSync(path, 'utf8')).toBe('old');
    } finally {
      execFileSync('umount', [folder]);
    }
  });
});

function flipped(bytes: Buffer, where: number): Buffer {
  const index = Math.floor(bytes.length * where);
  bytes[index] = (bytes[index] ?? 0) ^ 1;
  return bytes;
}
