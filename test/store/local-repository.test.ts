import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aptEnvironment } from '../../src/store/apt-environment.ts';
import { prepareAptState } from '../../src/store/apt-folders.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import { updateArchives } from '../../src/store/archive-state.ts';
import type { PinnedFile } from '../../src/store/pinned-file.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { run } from '../../src/system/process.ts';
import { type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';
import { allFiles } from './sample-files.ts';

const architecture = hostArchitecture();

let archive: LocalArchive;
let scratch: string;
let store: Store;
let files: PinnedFile[];

beforeAll(async () => {
  archive = await makeLocalArchive();
  await archive.publish([
    { name: 'alpha', version: '1:1.0+b1~2', fields: { Depends: 'beta (>= 2)' } },
    { name: 'beta', version: '2.0', fields: { Provides: 'gamma' } },
  ]);
});

afterAll(async () => await archive.remove());

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'repository-'));
  const paths = { cache: join(scratch, 'cache'), state: scratch, run: scratch };
  const archives = await loadArchives({ sourcesFile: await archive.writeSources(), architecture });
  const state = await updateArchives({ archives, architecture, paths });
  files = await allFiles(state);
  store = await openStore(paths);
  await store.fetchAll(files, { archives, releases: state.releases.map(({ identity }) => identity) });
  return async () => await rm(scratch, { recursive: true, force: true });
});

/** A private apt that knows the repository and nothing else. */
async function aptWith(repository: string): Promise<(...args: string[]) => Promise<string>> {
  const home = await mkdtemp(join(scratch, 'apt-'));
  await run(['chmod', '755', scratch, home]);
  const etc = join(home, 'etc');
  await mkdir(join(etc, 'sources.list.d'), { recursive: true });
  await writeFile(join(etc, 'sources.list'), `deb [trusted=yes] copy:${repository} ./\n`);
  const env = aptEnvironment(await prepareAptState(join(home, 'state'), etc, architecture));
  return async (...args) => (await run(['apt-get', '-q', ...args], { env, cwd: home })).stdout;
}

describe('the flat repository of stored packages', () => {
  it('is one that apt resolves from and fetches from', async () => {
    const apt = await aptWith(await store.localRepository(files));
    await apt('update');
    const uris = await apt('--print-uris', 'satisfy', 'alpha, gamma');
    for (const { sha256 } of files) expect(uris).toContain(`SHA256:${sha256}`);
    await apt('download', 'alpha', 'beta');
  });

  it('has apt check the bytes against the lock again', async () => {
    const repository = await store.localRepository(files);
    const apt = await aptWith(repository);
    await apt('update');
    const [first] = files;
    if (first === undefined) throw new Error('no files');
    const path = store.debPath(first.sha256);
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await expect(apt('download', first.name)).rejects.toThrow(/Hash Sum mismatch/);
  });

  it('is readable for every user, whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      const repository = await store.localRepository(files);
      for (const name of ['.', ...(await readdir(repository))]) {
        const { mode } = await stat(join(repository, name));
        expect(mode & 0o044, name).toBe(0o044);
      }
      expect((await stat(join(repository, '..'))).mode & 0o055).toBe(0o055);
      expect((await stat(store.folder)).mode & 0o055).toBe(0o055);
    } finally {
      process.umask(before);
    }
  });

  it('is used again for the same packages in any order, and another one for others', async () => {
    const repository = await store.localRepository(files);
    const { ino } = await stat(repository);
    expect(await store.localRepository(files.toReversed())).toBe(repository);
    expect((await stat(repository)).ino).toBe(ino);
    expect(await store.localRepository(files.slice(1))).not.toBe(repository);
  });

  it('holds a .deb that was fetched again, not the damaged one of before', async () => {
    const repository = await store.localRepository(files);
    const [first] = files;
    if (first === undefined) throw new Error('no files');
    const bytes = await readFile(store.debPath(first.sha256));
    await rm(store.debPath(first.sha256));
    await writeFile(join(scratch, 'blocker'), 'takes the freed inode number');
    await writeFile(store.debPath(first.sha256), bytes);
    expect(await store.localRepository(files)).toBe(repository);
    const [stored, linked] = await Promise.all(
      [store.debPath(first.sha256), join(repository, `${first.sha256}.deb`)].map((path) => stat(path)),
    );
    expect(linked?.ino).toBe(stored?.ino);
  });

  it('is not made of packages that are not in the store, or not what the lock says', async () => {
    const [first, second] = files;
    if (first === undefined || second === undefined) throw new Error('no files');
    await expect(store.localRepository([{ ...first, version: '9' }])).rejects.toMatchObject({
      code: 'DEB_FORMAT',
      message: expect.stringContaining('Version is "'),
    });
    await rm(store.debPath(second.sha256));
    await expect(store.localRepository(files)).rejects.toMatchObject({ code: 'IO' });
  });
});
