import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseLock } from '../../src/lock/lock-parser.ts';
import { formatLock } from '../../src/lock/lock-text.ts';
import { resolveBuildRoot } from '../../src/lock/resolve.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import { updateArchives } from '../../src/store/archive-state.ts';
import { openStore } from '../../src/store/store.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { run } from '../../src/system/process.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { buildBasics, type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';
import { pathsIn } from './sample-files.ts';

const architecture = hostArchitecture();
let archive: LocalArchive;
let server: ArchiveServer;
let scratch: string;

beforeAll(async () => {
  archive = await makeLocalArchive();
  await archive.publish(buildBasics);
  server = await serveFolder(archive.folder);
  scratch = await mkdtemp(join(tmpdir(), 'flat-'));
});

afterAll(async () => {
  await server.close();
  await archive.remove();
  await rm(scratch, { recursive: true, force: true });
});

/** An index and a Release file in one folder, as CUDA, Jenkins and CRAN publish them. */
async function publishFlat(folder: string, fields: Record<string, string>): Promise<void> {
  const place = join(archive.folder, folder);
  await mkdir(place, { recursive: true });
  await rm(join(place, 'InRelease'), { force: true });
  const { stdout: index } = await run(['apt-ftparchive', 'packages', 'pool'], { cwd: archive.folder });
  await writeFile(join(place, 'Packages'), index);
  const options = Object.entries(fields).flatMap(([name, value]) => [
    '-o',
    `APT::FTPArchive::Release::${name}=${value}`,
  ]);
  const files = folder === '.' ? ['-o', 'APT::FTPArchive::Release::Patterns=Packages'] : [];
  const { stdout: release } = await run(['apt-ftparchive', ...options, ...files, 'release', place]);
  await writeFile(join(place, 'InRelease'), await archive.key.clearsign(release));
}

async function stateOf(suite: string, uri: string) {
  const sourcesFile = join(scratch, 'flat.sources');
  await writeFile(sourcesFile, `Types: deb\nURIs: ${uri}\nSuites: ${suite}\nSigned-By: ${archive.keyring}\n`);
  const archives = await loadArchives({ sourcesFile, architecture });
  return { archives, state: await updateArchives({ archives, architecture, paths: pathsIn(scratch) }) };
}

describe('a flat archive', () => {
  it.each([
    ['./', '.', 'flat'],
    ['debian/', 'debian', 'debian'],
  ])('%s is locked, written, read back and fetched from', async (suite, folder, name) => {
    await publishFlat(folder, { Origin: 'Vendor' });
    for (const uri of [`file:${archive.folder}`, server.uri]) {
      const { archives, state } = await stateOf(suite, uri);
      const lock = await resolveBuildRoot({ buildDepends: 'gcc', depends: '' }, state);
      expect(lock.archives).toMatchObject([{ name, origin: 'Vendor', codename: name, components: [] }]);
      expect(lock.packages).toHaveLength(buildBasics.length);
      const text = formatLock(lock);
      expect(parseLock(text, 'jail.lock')).toEqual(lock);
      expect(formatLock(parseLock(text, 'jail.lock'))).toBe(text);
      const store = await openStore(pathsIn(await mkdtemp(join(scratch, 'store-'))));
      const fetched = await store.fetchAll(lock.packages, { archives, releases: lock.archives });
      expect(fetched).toMatchObject({ fetched: buildBasics.length });
    }
  });

  it('without Origin, Suite and Codename is known by its key, not by its host', async () => {
    await publishFlat('.', {});
    const identities = [];
    for (const uri of [`file:${archive.folder}`, server.uri])
      identities.push((await stateOf('./', uri)).state.releases[0]?.identity);
    expect(identities[0]).toMatchObject({
      name: 'flat',
      origin: expect.stringMatching(/^key-[0-9a-f]{16}$/),
    });
    expect(identities[1]).toEqual(identities[0]);
    const release = await readFile(join(archive.folder, 'InRelease'), 'utf8');
    expect(release).not.toMatch(/^(?:Origin|Suite|Codename):/m);
  });
});

it('an archive with components and without Origin is locked as well', async () => {
  await archive.publish(buildBasics, { origin: '', label: '' });
  const archives = await loadArchives({ sourcesFile: await archive.writeSources(), architecture });
  const state = await updateArchives({ archives, architecture, paths: pathsIn(scratch) });
  expect(state.releases[0]?.identity).toMatchObject({
    name: 'local',
    origin: expect.stringMatching(/^key-[0-9a-f]{16}$/),
  });
});
