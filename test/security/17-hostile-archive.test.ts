import { readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { loadArchives } from '../../src/store/archive-config.ts';
import { updateArchives } from '../../src/store/archive-state.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import type { Paths } from '../../src/system/paths.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { buildBasics, type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';

// Issue 11, item 17: what an archive, or who is on the way to it, can do to a lock and a build.

const architecture = hostArchitecture();
const hour = 3_600_000;

let archive: LocalArchive;
let server: ArchiveServer;
let paths: Paths;

beforeAll(async () => {
  archive = await makeLocalArchive();
  await archive.publish(buildBasics, { date: new Date(Date.now() - 24 * hour) });
  server = await serveFolder(archive.folder);
});
afterAll(async () => {
  await server.close();
  await archive.remove();
});
beforeEach(async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'hostile-archive-'));
  paths = { cache: scratch, state: scratch, run: scratch };
  return async () => await rm(scratch, { recursive: true, force: true });
});
afterEach(() => {
  server.fault = () => undefined;
});

async function update() {
  const archives = await loadArchives({ sourcesFile: await archive.writeSources(server.uri), architecture });
  return await updateArchives({ archives, architecture, paths });
}

it.each([
  ['InRelease', '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n'],
  ['Packages', 'Package: evil\nVersion: 1\n\n'],
])('an endless %s is cut off, and takes neither the disk nor the memory', async (name, text) => {
  server.endless = 0;
  const bytes = Buffer.from(text.repeat(2000));
  server.fault = ({ target }) => (target.includes(name) ? { kind: 'endless', bytes } : undefined);
  await expect(update()).rejects.toMatchObject({ code: expect.stringMatching(/^ARCHIVE_/) });
  // apt mostly stops at the size that the Release file names; when it does not, at its limit of a file's size
  expect(server.endless).toBeGreaterThan(0);
  expect(server.endless).toBeLessThan(640 * 2 ** 20);
  const left = readdirSync(paths.cache, { recursive: true, encoding: 'utf8' }).map((path) =>
    join(paths.cache, path),
  );
  expect(left.filter((path) => path.includes('/partial/') && statSync(path).size > 0)).toEqual([]);
});

it('an old index beside a new Release is refused, though it was signed once', async () => {
  const index = join(archive.folder, `dists/${archive.suite}/main/binary-${architecture}/Packages`);
  const old = readFileSync(index);
  await archive.publish([...buildBasics, { name: 'fixed', version: '2' }], {
    date: new Date(Date.now() - 20 * hour),
  });
  server.fault = ({ target }) => (target.includes('Packages') ? { kind: 'bytes', bytes: old } : undefined);
  await expect(update()).rejects.toMatchObject({ code: 'ARCHIVE_SIGNATURE' });
});

it('an older Release than the one that was seen is not taken', async () => {
  const newer = new Date(Date.now() - 10 * hour);
  const older = new Date(Date.now() - 15 * hour);
  await archive.publish([...buildBasics, { name: 'fixed', version: '2' }], { date: newer });
  const seen = await update();
  await archive.publish(buildBasics, { date: older });
  const dates = await update().then(
    ({ releases }) => releases.map(({ identity }) => identity.date),
    () => [],
  );
  expect(seen.releases.map(({ identity }) => identity.date)).toEqual([newer.toUTCString()]);
  expect(dates).not.toContain(older.toUTCString());
});
