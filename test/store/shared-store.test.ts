import { once } from 'node:events';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openStore, type Store } from '../../src/store/store.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { checkStore, makeSampleFiles, partials, pathsIn, type SampleFiles } from './sample-files.ts';
import { spawnFetch } from './spawn-fetch.ts';

let files: SampleFiles;
let server: ArchiveServer;
let scratch: string;
let store: Store;

beforeAll(async () => {
  files = await makeSampleFiles();
});

afterAll(async () => await files.archive.remove());

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'shared-'));
  store = await openStore(pathsIn(scratch));
  server = await serveFolder(files.archive.folder);
  return async () => {
    await server.close();
    await rm(scratch, { recursive: true, force: true });
  };
});

describe('a store that many use', () => {
  const fetchThere = () =>
    spawnFetch({ folder: scratch, files: [...files.small, files.large], options: files.from(server.uri) });

  it('survives kill -9 at any moment: what is seen is whole, and the next run goes on', async () => {
    let killed = 0;
    for (let round = 0; round < 6; round += 1) {
      // the large file comes in pieces, so that the kill finds it half-way
      server.fault = ({ target }) =>
        target.includes('large') ? { kind: 'stall', after: 400_000 } : undefined;
      const seen = server.requests.length;
      const child = fetchThere();
      const ended = once(child, 'exit');
      while (child.exitCode === null && server.requests.length === seen)
        await new Promise((resolve) => setTimeout(resolve, 5));
      await new Promise((resolve) => setTimeout(resolve, round * 25));
      child.kill('SIGKILL');
      const [, signal] = await ended;
      if (signal === 'SIGKILL') killed += 1;
      await checkStore(store);
    }
    expect(killed).toBeGreaterThan(0);
    server.fault = () => undefined;
    await store.fetchAll([...files.small, files.large], files.from(server.uri));
    expect(await checkStore(store)).toBe(files.small.length + 1);
    expect(await partials(store)).toEqual([]);
  });

  it('lets several fetch the same files at once, each one once', async () => {
    const children = [1, 2, 3].map(fetchThere);
    const codes = await Promise.all(children.map(async (child) => (await once(child, 'exit'))[0]));
    expect(codes).toEqual([0, 0, 0]);
    expect(await checkStore(store)).toBe(files.small.length + 1);
    expect(server.requests).toHaveLength(files.small.length + 1);
    expect(await partials(store)).toEqual([]);
  });

  it('is the same wherever it is', async () => {
    await store.fetchAll(files.small, files.from(server.uri));
    const copy = join(scratch, 'copy');
    await cp(store.folder, join(copy, 'store'), { recursive: true });
    const moved = await openStore(pathsIn(copy));
    server.requests.length = 0;
    await moved.fetchAll(files.small, files.from(server.uri));
    expect(server.requests).toEqual([]);
  });
});
