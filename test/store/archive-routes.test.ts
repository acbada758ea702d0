import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadArchives } from '../../src/store/archive-config.ts';
import { type ArchiveState, updateArchives } from '../../src/store/archive-state.ts';
import type { PinnedFile } from '../../src/store/pinned-file.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';
import { allFiles, failure, pathsIn } from './sample-files.ts';

const architecture = hostArchitecture();
let secret: LocalArchive;
let debian: LocalArchive;
let scratch: string;
let state: ArchiveState;
let file: PinnedFile;
let store: Store;
let servers: [ArchiveServer, ArchiveServer];

/** Two archives whose suites have the same name, as many private ones call theirs after a release of Debian. */
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'routes-'));
  secret = await makeLocalArchive();
  await secret.publish([{ name: 'secret-project', version: '1' }], { origin: 'Private' });
  debian = await makeLocalArchive();
  await debian.publish([{ name: 'hello', version: '1' }], { origin: 'Debian' });
  const archives = await configured();
  state = await updateArchives({ archives, architecture, paths: pathsIn(scratch) });
  const [found] = await allFiles(state);
  if (found === undefined) throw new Error('the archive is not the one published');
  file = found;
});

beforeEach(async () => {
  const folder = await mkdtemp(join(scratch, 'store-'));
  store = await openStore(pathsIn(folder));
  servers = [await serveFolder(secret.folder), await serveFolder(debian.folder)];
  return async () => {
    for (const server of servers) await server.close();
  };
});

afterAll(async () => {
  await secret.remove();
  await debian.remove();
  await rm(scratch, { recursive: true, force: true });
});

async function configured(...uris: (string | undefined)[]) {
  const files = [await secret.writeSources(uris[0]), await debian.writeSources(uris[1])];
  const each = await Promise.all(files.map((sourcesFile) => loadArchives({ sourcesFile, architecture })));
  return each.flat();
}

function releases() {
  return state.releases.map(({ identity }) => identity);
}

it('asks the archive of a private package, and tells its name to no other one after a 404', async () => {
  expect(releases().map(({ name, origin }) => `${name} ${origin}`)).toEqual([
    'local Private',
    'local/Example Debian',
  ]);
  const archives = await configured(servers[0].uri, servers[1].uri);
  servers[0].fault = ({ target }) =>
    target.includes('/pool/') ? { kind: 'status', status: 404 } : undefined;
  expect(await failure(store.fetchAll([file], { archives, releases: releases() }))).toMatchObject({
    code: 'FETCH_FAILED',
    message: expect.stringContaining('secret-project 1: '),
  });
  expect(servers[0].requests.some(({ target }) => target.includes('secret-project'))).toBe(true);
  expect(servers[1].requests.map(({ target }) => target)).toEqual(['/dists/local/InRelease']);
  servers[0].fault = () => undefined;
  expect(await store.fetchAll([file], { archives, releases: releases() })).toMatchObject({ fetched: 1 });
});

it('asks no archive when the archive of the package is not configured, and says so', async () => {
  const archives = (await configured(servers[0].uri, servers[1].uri)).slice(1);
  expect(await failure(store.fetchAll([file], { archives, releases: releases() }))).toMatchObject({
    code: 'FETCH_FAILED',
    message: expect.stringContaining(
      `${servers[1].uri}: not asked for a file of local: its Origin is "Debian"`,
    ),
  });
  expect(servers[1].requests.map(({ target }) => target)).toEqual(['/dists/local/InRelease']);
});

it('says that an archive cannot be reached when that is why none was asked', async () => {
  const archives = await configured(servers[0].uri, servers[1].uri);
  await servers[0].close();
  expect(await failure(store.fetchAll([file], { archives, releases: releases() }))).toMatchObject({
    code: 'FETCH_FAILED',
    message: expect.stringContaining('connection refused'),
    hint: expect.stringContaining('network'),
  });
});

it('asks the other suites of the same Origin for a package that moved', async () => {
  const own = releases().slice(0, 1);
  const moved = own.map((release) => ({ ...release, codename: 'local-security', suite: 'local-security' }));
  const archives = (await configured(servers[0].uri)).slice(0, 1);
  expect(await store.fetchAll([file], { archives, releases: moved })).toMatchObject({ fetched: 1 });
});
