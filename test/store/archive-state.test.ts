import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadArchives } from '../../src/store/archive-config.ts';
import { findArchiveState, updateArchives } from '../../src/store/archive-state.ts';
import { essentialPackages } from '../../src/store/packages-index.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import type { Paths } from '../../src/system/paths.ts';
import { type ArchiveServer, serveFolder } from '../support/archive-server.ts';
import { buildBasics, type LocalArchive, makeLocalArchive } from '../support/local-archive.ts';
import { makeSigningKey } from '../support/signing-key.ts';

const architecture = hostArchitecture();
const hour = 3_600_000;

let archive: LocalArchive;
let server: ArchiveServer;
let scratch: string;
let paths: Paths;

beforeAll(async () => {
  archive = await makeLocalArchive();
  await archive.publish(buildBasics);
  server = await serveFolder(archive.folder);
});

afterAll(async () => {
  await server.close();
  await archive.remove();
});

beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'state-'));
  paths = { cache: scratch, state: scratch, run: scratch };
  return async () => await rm(scratch, { recursive: true, force: true });
});

async function update(uri?: string) {
  const archives = await loadArchives({ sourcesFile: await archive.writeSources(uri), architecture });
  return await updateArchives({ archives, architecture, paths });
}

describe('the state of an archive', () => {
  it('is taken from an archive with the right signature, over http and from a folder', async () => {
    for (const uri of [server.uri, undefined]) {
      const state = await update(uri);
      expect(state.releases.map(({ identity }) => identity)).toMatchObject([
        { name: 'local', origin: 'Example', suite: 'local', codename: 'local', components: ['main'] },
      ]);
      expect(await essentialPackages(state)).toEqual(['base-files']);
    }
  });

  it.each([
    [401, /denies access \(401 or 403\)[\s\S]*apt says: .*401/, 'credentials'],
    [403, /denies access \(401 or 403\)[\s\S]*apt says: .*403/, 'credentials'],
    [407, /proxy requires a login/, 'http_proxy'],
  ])('tells the cause, not the follow-up error, when the answer is %i', async (status, message, hint) => {
    server.fault = () => ({ kind: 'status', status });
    try {
      await expect(update(server.uri)).rejects.toMatchObject({
        code: 'ARCHIVE_UNREACHABLE',
        message: expect.stringMatching(message),
        hint: expect.stringContaining(hint),
      });
    } finally {
      server.fault = () => undefined;
    }
  });

  it('distinguishes a captive portal from an archive without a signature', async () => {
    const page = Buffer.from('<html><body>Please log in</body></html>\n');
    server.fault = () => ({ kind: 'bytes', bytes: page });
    try {
      await expect(update(server.uri)).rejects.toMatchObject({
        code: 'ARCHIVE_UNREACHABLE',
        message: expect.stringContaining('a web page, not a Release file'),
      });
    } finally {
      server.fault = () => undefined;
    }
  });

  it('does not depend on what apt remembers of its Label', async () => {
    await update();
    await archive.publish(buildBasics, { label: 'Another' });
    try {
      expect((await update()).releases).toHaveLength(1);
    } finally {
      await archive.publish(buildBasics);
    }
  });

  it('is refused when another key signed it', async () => {
    const stranger = await makeSigningKey('stranger');
    try {
      await archive.publish(buildBasics, { signedWith: stranger });
      await expect(update()).rejects.toMatchObject({
        code: 'ARCHIVE_SIGNATURE',
        message: expect.stringMatching(/file:.*signature cannot be verified[\s\S]*NO_PUBKEY/),
        hint: expect.stringContaining('Signed-By'),
      });
    } finally {
      await stranger.remove();
      await archive.publish(buildBasics);
    }
  });

  it('is refused when it is not signed', async () => {
    await archive.publish(buildBasics, { signedWith: 'none' });
    try {
      await expect(update()).rejects.toMatchObject({
        code: 'ARCHIVE_SIGNATURE',
        message: expect.stringContaining('not signed'),
      });
    } finally {
      await archive.publish(buildBasics);
    }
  });

  it('is refused past its Valid-Until, unless the configuration says that the mirror is frozen', async () => {
    const date = new Date(Date.now() - 48 * hour);
    await archive.publish(buildBasics, { date, validUntil: new Date(Date.now() - 24 * hour) });
    try {
      await expect(update()).rejects.toMatchObject({
        code: 'ARCHIVE_STALE',
        hint: expect.stringContaining('Check-Valid-Until: no'),
      });
      const sourcesFile = await archive.writeSources();
      const [only] = await loadArchives({ sourcesFile, architecture });
      if (only === undefined) throw new Error('no archive');
      const archives = [{ ...only, checkValidUntil: false }];
      const state = await updateArchives({ archives, architecture, paths });
      expect(state.releases[0]?.identity.date).toBe(date.toUTCString());
    } finally {
      await archive.publish(buildBasics);
    }
  });

  it('is refused when an index is not the one that was signed', async () => {
    const bytes = Buffer.from('Package: evil\nVersion: 1\n');
    server.fault = ({ target }) => (target.includes('Packages') ? { kind: 'bytes', bytes } : undefined);
    try {
      await expect(update(server.uri)).rejects.toMatchObject({ code: 'ARCHIVE_SIGNATURE' });
    } finally {
      server.fault = () => undefined;
    }
  });

  it('is reported as out of reach when no server answers, and stays usable where it was kept', async () => {
    const down = await serveFolder(archive.folder);
    const archives = await loadArchives({ sourcesFile: await archive.writeSources(down.uri), architecture });
    const options = { archives, architecture, paths };
    const kept = await updateArchives(options);
    await down.close();
    await expect(updateArchives(options)).rejects.toMatchObject({
      code: 'ARCHIVE_UNREACHABLE',
      message: expect.stringContaining(down.uri),
      hint: expect.stringContaining('network'),
    });
    const releases = kept.releases.map(({ identity }) => identity);
    expect(await findArchiveState(options, releases)).toEqual(kept);
  });

  it('is kept when the archive moves on', async () => {
    const before = await update();
    const releases = before.releases.map(({ identity }) => identity);
    await archive.publish(buildBasics, { date: new Date(Date.now() - hour) });
    try {
      const after = await update();
      expect(after.folder).not.toBe(before.folder);
      const archives = await loadArchives({ sourcesFile: await archive.writeSources(), architecture });
      expect(await findArchiveState({ archives, architecture, paths }, releases)).toEqual(before);
    } finally {
      await archive.publish(buildBasics);
    }
  });

  it('never mixes with the state that another key vouched for', async () => {
    const before = await update();
    const other = await makeLocalArchive();
    try {
      await other.publish(buildBasics);
      const archives = await loadArchives({ sourcesFile: await other.writeSources(), architecture });
      const after = await updateArchives({ archives, architecture, paths });
      expect(after.folder.split('/states/')[0]).not.toBe(before.folder.split('/states/')[0]);
    } finally {
      await other.remove();
    }
  });
});
