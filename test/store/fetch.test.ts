import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FetchOptions } from '../../src/store/fetch.ts';
import type { PinnedFile } from '../../src/store/pinned-file.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { partialPath } from '../../src/store/stored-file.ts';
import { run } from '../../src/system/process.ts';
import { type ArchiveServer, type MirrorFault, serveFolder } from '../support/archive-server.ts';
import type { LocalArchive } from '../support/local-archive.ts';
import { checkStore, failure, makeSampleFiles, partials, pathsIn } from './sample-files.ts';

const megabyte = 1 << 20;

let archive: LocalArchive;
let small: PinnedFile[];
let large: PinnedFile;
let from: (...uris: string[]) => FetchOptions;
let server: ArchiveServer;
let scratch: string;
let store: Store;

beforeAll(async () => {
  ({ archive, small, large, from } = await makeSampleFiles());
});

afterAll(async () => await archive.remove());

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'fetch-'));
  store = await openStore(pathsIn(scratch));
  server = await serveFolder(archive.folder);
  return async () => {
    await server.close();
    await rm(scratch, { recursive: true, force: true });
  };
});

async function digestInStore(file: PinnedFile): Promise<string> {
  return createHash('sha256')
    .update(await readFile(store.debPath(file.sha256)))
    .digest('hex');
}

/** The fault for the first requests, none after. */
function atFirst(count: number, fault: MirrorFault): void {
  let left = count;
  server.fault = () => (left-- > 0 ? fault : undefined);
}

describe('fetching', () => {
  it('brings every file into the store, and asks for none of them again', async () => {
    const files = [...small, large];
    const bytes = files.reduce((sum, { size }) => sum + size, 0);
    expect(await store.fetchAll(files, from(server.uri))).toEqual({ fetched: 8, present: 0, bytes });
    expect(await checkStore(store)).toBe(8);
    expect(await partials(store)).toEqual([]);
    expect(server.requests).toHaveLength(8);
    expect(await store.fetchAll(files, from(server.uri))).toEqual({ fetched: 0, present: 8, bytes: 0 });
    expect(server.requests).toHaveLength(8);
    for (const file of files) expect(await store.has(file)).toBe(true);
  });

  it('takes file: and copy: archives', async () => {
    await store.fetchAll(small, from(`file:${archive.folder}`));
    await store.fetchAll([large], from(`copy:${archive.folder}`));
    expect(await checkStore(store)).toBe(8);
  });

  it('reports its progress, up to the whole and no further', async () => {
    const seen: number[] = [];
    const progress = { step() {}, note() {}, advance: (done: number) => void seen.push(done) };
    atFirst(1, { kind: 'cut', after: megabyte });
    await store.fetchAll([large], { ...from(server.uri), progress });
    expect(seen.at(-1)).toBe(large.size);
    expect(Math.max(...seen)).toBe(large.size);
  });

  it('goes on where a connection broke', async () => {
    atFirst(1, { kind: 'cut', after: megabyte });
    await store.fetchAll([large], from(server.uri));
    expect(await digestInStore(large)).toBe(large.sha256);
    const [first, second] = server.requests;
    expect(first?.range).toBeUndefined();
    expect(second?.range).toMatch(/^bytes=[1-9]\d*-$/);
    expect(server.requests).toHaveLength(2);
  });

  it('goes on where an earlier run was cut off, on another mirror too', async () => {
    server.fault = ({ range }) =>
      range === undefined ? { kind: 'cut', after: megabyte } : { kind: 'status', status: 503 };
    expect(await failure(store.fetchAll([large], from(server.uri)))).toMatchObject({ code: 'FETCH_FAILED' });
    const there = (await stat(partialPath(store.folder, large.sha256))).size;
    expect(there).toBeGreaterThan(0);
    const other = await serveFolder(archive.folder);
    try {
      await store.fetchAll([large], from(other.uri));
      expect(other.requests.map(({ range }) => range)).toEqual([`bytes=${there}-`]);
    } finally {
      await other.close();
    }
    expect(await digestInStore(large)).toBe(large.sha256);
    expect(await partials(store)).toEqual([]);
  });

  it('starts over with a mirror that does not support Range', async () => {
    const part = partialPath(store.folder, large.sha256);
    await mkdir(dirname(part), { recursive: true });
    const whole = await readFile(join(archive.folder, large.poolPath));
    await writeFile(part, whole.subarray(0, megabyte));
    server.fault = () => ({ kind: 'no-range' });
    await store.fetchAll([large], from(server.uri));
    expect(await digestInStore(large)).toBe(large.sha256);
  });

  it('starts over when what an earlier run left is damaged, too long or of the right size but wrong', async () => {
    const part = partialPath(store.folder, large.sha256);
    await mkdir(dirname(part), { recursive: true });
    for (const size of [megabyte, large.size, large.size + 1]) {
      await writeFile(part, Buffer.alloc(size, 1));
      await store.fetchAll([large], from(server.uri));
      expect(await digestInStore(large)).toBe(large.sha256);
      await rm(store.debPath(large.sha256));
    }
  });

  it('gives up a connection on which nothing comes any more, and goes on from there', async () => {
    atFirst(1, { kind: 'stall', after: megabyte });
    await store.fetchAll([large], from(server.uri));
    expect(await digestInStore(large)).toBe(large.sha256);
    expect(server.requests).toHaveLength(2);
  });

  it('tries again after a passing fault of the mirror', async () => {
    atFirst(2, { kind: 'status', status: 503 });
    await store.fetchAll([large], from(server.uri));
    expect(server.requests).toHaveLength(3);
  });

  it('follows redirects, and not in circles', async () => {
    const other = await serveFolder(archive.folder);
    try {
      server.fault = ({ target }) => ({ kind: 'redirect', to: `${other.uri}${target}` });
      await store.fetchAll(small, from(server.uri));
      expect(await checkStore(store)).toBe(small.length);
      server.fault = ({ target }) => ({ kind: 'redirect', to: target });
      expect(await failure(store.fetchAll([large], from(server.uri)))).toMatchObject({
        code: 'FETCH_FAILED',
      });
    } finally {
      await other.close();
    }
  });

  it('goes through the proxy of the environment', async () => {
    process.env.http_proxy = server.uri;
    process.env.no_proxy = 'internal.example.org';
    try {
      await store.fetchAll(small, from('http://mirror.example.org'));
    } finally {
      delete process.env.http_proxy;
      delete process.env.no_proxy;
    }
    expect(await checkStore(store)).toBe(small.length);
    expect(server.requests.map(({ target }) => target)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^http:\/\/mirror\.example\.org\/pool\//)]),
    );
  });
});

describe('bytes that are not those of the lock', () => {
  it('never get into the store', async () => {
    const whole = await readFile(join(archive.folder, large.poolPath));
    const flipped = Buffer.from(whole);
    flipped[megabyte] = (flipped[megabyte] ?? 0) ^ 1;
    const cases = [
      flipped,
      whole.subarray(0, -1),
      Buffer.concat([whole, Buffer.from('\n')]),
      Buffer.from('<html>'),
    ];
    for (const bytes of cases) {
      server.fault = () => ({ kind: 'bytes', bytes });
      expect(await failure(store.fetchAll([large], from(server.uri)))).toMatchObject({
        code: 'HASH_MISMATCH',
        exitCode: 1,
        message: expect.stringContaining(`large 1:2.0: ${server.uri}/pool/main/l/large/`),
      });
      expect(await store.has(large)).toBe(false);
      expect(await checkStore(store)).toBe(0);
    }
  });

  it('are passed over when another mirror has the right ones', async () => {
    server.fault = () => ({ kind: 'bytes', bytes: Buffer.alloc(large.size) });
    const good = await serveFolder(archive.folder);
    try {
      await store.fetchAll([large], from(server.uri, good.uri));
      expect(await digestInStore(large)).toBe(large.sha256);
      expect(good.requests.map(({ range }) => range)).toEqual([undefined]);
    } finally {
      await good.close();
    }
  });
});

describe('what cannot be fetched', () => {
  it('names each package that no archive has any more, after all others have come', async () => {
    server.fault = ({ target }) => (/beta|delta/.test(target) ? { kind: 'status', status: 404 } : undefined);
    const error = await failure(store.fetchAll(small, from(server.uri)));
    expect(error).toMatchObject({
      code: 'FETCH_FAILED',
      hint: expect.stringContaining('prodng lock --update'),
    });
    expect(error.message).toMatch(/2 packages: no longer in any configured archive/);
    expect(error.message).toMatch(/beta 1\.0\+b1~2: .*not found/);
    expect(error.message).toMatch(/delta 1\.0\+b1~2: .*not found/);
    expect(await checkStore(store)).toBe(small.length - 2);
  });

  it('says so when there is no network, and what came before stays', async () => {
    await store.fetchAll(small.slice(0, 3), from(server.uri));
    await server.close();
    expect(await failure(store.fetchAll(small, from(server.uri)))).toMatchObject({
      code: 'FETCH_FAILED',
      message: expect.stringContaining('connection refused'),
      hint: expect.stringContaining('network'),
    });
    expect(await checkStore(store)).toBe(3);
    await store.fetchAll(small, from(`file:${archive.folder}`));
    expect(await checkStore(store)).toBe(small.length);
  });

  it('never shows the password of a mirror', async () => {
    const uri = `http://jane:secret@127.0.0.1:${server.port}`;
    server.fault = () => ({ kind: 'status', status: 403 });
    const error = await failure(store.fetchAll([large], from(uri)));
    expect(error.message).toContain('HTTP status 403');
    expect(error.message).not.toContain('secret');
  });

  it('says so when the disk is full, and goes on when there is room', async () => {
    const disk = join(scratch, 'disk');
    await mkdir(disk);
    await run(['mount', '-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', disk]);
    try {
      const full = await openStore(pathsIn(disk));
      await full.fetchAll(small, from(server.uri));
      expect(await failure(full.fetchAll([large], from(server.uri)))).toMatchObject({
        code: 'IO',
        message: expect.stringContaining('no space left'),
        hint: expect.stringContaining('PRODNG_CACHE_DIR'),
      });
      expect(await checkStore(full)).toBe(small.length);
      await run(['mount', '-o', 'remount,size=16m', disk]);
      server.requests.length = 0;
      await full.fetchAll([large], from(server.uri));
      expect(server.requests[0]?.range).toMatch(/^bytes=[1-9]/);
      expect(await checkStore(full)).toBe(small.length + 1);
    } finally {
      await run(['umount', disk]);
    }
  });

  it('stops when it is aborted', async () => {
    server.fault = () => ({ kind: 'stall', after: 1000 });
    const controller = new AbortController();
    const fetching = store.fetchAll([large], {
      ...from(server.uri),
      stallTimeout: 60_000,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(), 300);
    await expect(fetching).rejects.toThrow(/abort/i);
  });
});
