import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readJailSource } from '../../src/control/jail-source.ts';
import { type Lock, lockFile, packagesFor } from '../../src/lock/lock.ts';
import { formatChange } from '../../src/lock/lock-changes.ts';
import { lockDigest } from '../../src/lock/lock-digest.ts';
import { type LockOutcome, lockRootfs, lockSource } from '../../src/lock/lock-source.ts';
import { assertLockCurrent, checkSatisfied } from '../../src/lock/staleness.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import type { StateOptions } from '../../src/store/archive-state.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { serveFolder } from '../support/archive-server.ts';
import {
  buildBasics,
  type LocalArchive,
  type LocalPackage,
  makeLocalArchive,
} from '../support/local-archive.ts';

const architecture = hostArchitecture();
const hour = 3_600_000;

let archive: LocalArchive;
let scratch: string;
let dir: string;

const python: readonly LocalPackage[] = [
  { name: 'python3', version: '3.11', fields: { Depends: 'libpython (= 3.11)' } },
  { name: 'libpython', version: '3.11' },
];
const newerPython: readonly LocalPackage[] = [
  { name: 'python3', version: '3.12', fields: { Depends: 'python-core' } },
  { name: 'python-core', version: '3.12' },
];
const tools: readonly LocalPackage[] = [
  { name: 'debhelper', version: '13.11' },
  { name: 'chrpath', version: '0.16' },
];

beforeEach(async () => {
  archive = await makeLocalArchive();
  await archive.publish([...buildBasics, ...tools, ...python], { date: ago(48) });
  scratch = await mkdtemp(join(tmpdir(), 'lock-'));
  dir = join(scratch, 'hello');
  await mkdir(join(dir, 'debian'), { recursive: true });
  await writeFile(
    join(dir, 'debian/changelog'),
    'hello (1.0) unstable; urgency=medium\n\n  * First.\n\n -- Jane Doe <jane@example.org>  Mon, 05 May 2025 10:00:00 +0000\n',
  );
  await writeSource('debhelper', 'python3, ${misc:Depends}');
});

afterEach(async () => {
  await archive.remove();
  await rm(scratch, { recursive: true, force: true });
});

function ago(hours: number): Date {
  return new Date(Date.now() - hours * hour);
}

async function writeSource(buildDepends: string, depends: string): Promise<void> {
  const control = `Source: hello
Maintainer: Jane Doe <jane@example.org>
Build-Depends: ${buildDepends}

Package: hello
Architecture: any
Depends: ${depends}
Description: says hello
XB-Jail-Format: 1
XB-Jail-Command: /usr/bin/python3 -m http.server
`;
  await writeFile(join(dir, 'debian/control'), control);
}

async function options(cache = 'cache', uri?: string): Promise<StateOptions> {
  const archives = await loadArchives({ sourcesFile: await archive.writeSources(uri), architecture });
  return { archives, architecture, paths: { cache: join(scratch, cache), state: scratch, run: scratch } };
}

async function lockText(): Promise<string> {
  return await readFile(join(dir, lockFile), 'utf8');
}

function names(lock: Lock, use: 'build' | 'rootfs'): string[] {
  return packagesFor(lock, use).map(({ name, version }) => `${name} ${version}`);
}

function changeLines({ changes }: LockOutcome): string[] {
  return changes.map((change) => formatChange(change).replace(/ +/, ' '));
}

describe('prodng lock', () => {
  it('pins the build root and leaves the rootfs to the first build', async () => {
    const { lock, written, existed } = await lockSource(await readJailSource(dir), await options());
    expect({ written, existed }).toEqual({ written: true, existed: false });
    expect(names(lock, 'build')).toEqual([
      'base-files 12',
      'build-essential 12.9',
      'debhelper 13.11',
      'fakeroot 1.31',
      'gcc 12.2',
    ]);
    expect(lock.builtDepends).toBeUndefined();
    expect(names(lock, 'rootfs')).toEqual([]);
  });

  it('gives the same bytes for the same archive state, whichever server it comes from and whatever was there before', async () => {
    await lockSource(await readJailSource(dir), await options());
    const first = await lockText();
    const server = await serveFolder(archive.folder);
    try {
      for (const [cache, uri] of [['cache'], ['other'], ['third', server.uri]] as const) {
        await rm(join(dir, lockFile));
        await lockSource(await readJailSource(dir), await options(cache, uri));
        expect(await lockText()).toBe(first);
      }
      expect(first).not.toContain('127.0.0.1');
      expect(first).not.toContain(scratch);
    } finally {
      await server.close();
    }
  });

  it('leaves a lock that belongs to the source alone, without asking any archive', async () => {
    await lockSource(await readJailSource(dir), await options());
    const before = await stat(join(dir, lockFile));
    await archive.publish([...buildBasics, ...tools, ...newerPython], { date: ago(1), purge: true });
    const nowhere = await options('cache', 'http://127.0.0.1:9/debian');
    expect(await lockSource(await readJailSource(dir), nowhere)).toMatchObject({
      written: false,
      existed: true,
      changes: [],
    });
    expect((await stat(join(dir, lockFile))).ino).toBe(before.ino);
  });

  it('writes nothing with --update when nothing is new', async () => {
    await lockSource(await readJailSource(dir), await options());
    const before = await stat(join(dir, lockFile));
    const update = { ...(await options()), update: true };
    expect(await lockSource(await readJailSource(dir), update)).toMatchObject({
      written: false,
      changes: [],
    });
    expect((await stat(join(dir, lockFile))).ino).toBe(before.ino);
  });

  it('moves forward with --update and lists each package that changed', async () => {
    const before = await lockSource(await readJailSource(dir), await options());
    await lockRootfs(dir, 'python3', before.lock, await options());
    const newer = [...buildBasics.filter(({ name }) => name !== 'fakeroot'), ...newerPython];
    await archive.publish(
      [
        ...newer,
        { name: 'fakeroot', version: '1.32', fields: { Depends: 'libfakeroot' } },
        ...tools,
        { name: 'libfakeroot', version: '1.32' },
      ],
      { date: ago(1) },
    );
    const after = await lockSource(await readJailSource(dir), { ...(await options()), update: true });
    expect(after.written).toBe(true);
    expect(changeLines(after)).toEqual([
      'upgraded fakeroot 1.31 -> 1.32 (build root)',
      'added libfakeroot 1.32 (build root)',
      'removed libpython 3.11 (rootfs)',
      'added python-core 3.12 (rootfs)',
      'upgraded python3 3.11 -> 3.12 (rootfs)',
    ]);
    expect(names(after.lock, 'rootfs')).toEqual(['python-core 3.12', 'python3 3.12']);
  });

  it('reports other bytes under the same version', async () => {
    const before = await lockSource(await readJailSource(dir), await options());
    await archive.publish([...buildBasics, { name: 'debhelper', version: '13.11', payload: 10 }, ...python], {
      date: ago(1),
    });
    const after = await lockSource(await readJailSource(dir), { ...(await options()), update: true });
    expect(changeLines(after)).toEqual(['replaced debhelper 13.11 (build root)']);
    expect(lockDigest(after.lock, 'build')).not.toBe(lockDigest(before.lock, 'build'));
  });

  it('moves nothing but what a change of the source brings, in the archive state of the lock', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    await lockRootfs(dir, 'python3', first.lock, await options());
    const newer = buildBasics.map((item) => ({ ...item, version: `${item.version}+new` }));
    await archive.publish([...newer, ...tools, ...newerPython], { date: ago(1) });
    await writeSource('debhelper, chrpath', 'python3, ${misc:Depends}');
    const after = await lockSource(await readJailSource(dir), await options());
    expect(changeLines(after)).toEqual(['added chrpath 0.16 (build root)']);
    expect(names(after.lock, 'rootfs')).toEqual(['libpython 3.11', 'python3 3.11']);
  });

  it('resolves in the present state where the one of the lock is not kept, and says so', async () => {
    await lockSource(await readJailSource(dir), await options());
    await archive.publish([...buildBasics, { name: 'debhelper', version: '14' }, ...tools, ...python], {
      date: ago(1),
    });
    await writeSource('debhelper, chrpath', 'python3, ${misc:Depends}');
    const notes: string[] = [];
    const progress = { step() {}, advance() {}, note: (text: string) => void notes.push(text) };
    const after = await lockSource(await readJailSource(dir), { ...(await options('elsewhere')), progress });
    expect(changeLines(after)).toEqual([
      'added chrpath 0.16 (build root)',
      'upgraded debhelper 13.11 -> 14 (build root)',
    ]);
    expect(notes.join()).toContain('not kept here');
  });

  it('forgets the rootfs when Depends changed: only a build knows', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    await lockRootfs(dir, 'python3', first.lock, await options());
    await writeSource('debhelper', 'python3, libpython, ${misc:Depends}');
    const { lock } = await lockSource(await readJailSource(dir), await options());
    expect(lock.builtDepends).toBeUndefined();
    expect(names(lock, 'rootfs')).toEqual([]);
  });

  it('does not go back to an older archive, however well it is signed', async () => {
    await lockSource(await readJailSource(dir), await options());
    const before = await lockText();
    await archive.publish([...buildBasics, ...tools, ...python], { date: ago(96) });
    // where apt knows the newer one, it stays with it
    const here = { ...(await options()), update: true };
    expect(await lockSource(await readJailSource(dir), here)).toMatchObject({ written: false });
    const elsewhere = { ...(await options('elsewhere')), update: true };
    await expect(lockSource(await readJailSource(dir), elsewhere)).rejects.toMatchObject({
      code: 'ARCHIVE_STALE',
      message: expect.stringContaining('archive local'),
      hint: expect.stringContaining(lockFile),
    });
    expect(await lockText()).toBe(before);
  });

  it.each([
    ['Origin', { origin: 'Another' }],
    ['Label', { label: 'Another' }],
  ])(
    'refuses an archive with another %s than the lock has until that is accepted, with any cache',
    async (field, changed) => {
      const source = await readJailSource(dir);
      await lockSource(source, await options());
      const before = await lockText();
      await archive.publish([...buildBasics, ...tools, ...python], { ...changed, date: ago(24) });
      for (const cache of ['cache', 'empty'])
        await expect(lockSource(source, { ...(await options(cache)), update: true })).rejects.toMatchObject({
          code: 'ARCHIVE_CHANGED',
          message: expect.stringContaining(`archive local: ${field} was "Example" and is now "Another"`),
          hint: expect.stringContaining('--accept-release-info'),
        });
      expect(await lockText()).toBe(before);
      const accepted = { ...(await options('third')), acceptReleaseInfo: true };
      expect((await lockSource(source, accepted)).lock.archives).toMatchObject([
        { name: 'local', [field.toLowerCase()]: 'Another' },
      ]);
      expect((await lockSource(source, { ...(await options()), update: true })).written).toBe(false);
    },
  );

  it('takes an archive that was added to the configuration, also one of the same codename', async () => {
    const source = await readJailSource(dir);
    await lockSource(source, await options());
    const second = await makeLocalArchive();
    try {
      await second.publish([{ name: 'more', version: '1' }], { origin: 'Second' });
      const { archives, ...rest } = await options();
      const added = await loadArchives({ sourcesFile: await second.writeSources(), architecture });
      const { lock } = await lockSource(source, { ...rest, archives: [...added, ...archives], update: true });
      expect(lock.archives.map(({ name, origin }) => `${name} ${origin}`)).toEqual([
        'local Second',
        'local/Example Example',
      ]);
    } finally {
      await second.remove();
    }
  });

  it("gives apt's reason when the archives cannot satisfy the source, and keeps the lock of before", async () => {
    await lockSource(await readJailSource(dir), await options());
    const before = await lockText();
    await writeSource('debhelper (>= 99)', 'python3');
    await expect(lockSource(await readJailSource(dir), await options())).rejects.toMatchObject({
      code: 'UNRESOLVABLE',
      message: expect.stringMatching(/debhelper \(>= 99\)/),
    });
    await writeSource('no-such-package', 'python3');
    await expect(lockSource(await readJailSource(dir), await options())).rejects.toThrow(/no-such-package/);
    expect(await lockText()).toBe(before);
  });
});

describe('the rootfs of a lock', () => {
  it('is the closure of what was built, and is resolved once', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    const after = await lockRootfs(dir, 'python3   (>= 3.11)', first.lock, await options());
    expect(after.lock.builtDepends).toBe('python3 (>= 3.11)');
    expect(names(after.lock, 'rootfs')).toEqual(['libpython 3.11', 'python3 3.11']);
    expect(names(after.lock, 'build')).toEqual(names(first.lock, 'build'));
    const again = await lockRootfs(dir, 'python3 (>= 3.11)', after.lock, await options());
    expect(again).toMatchObject({ written: false, changes: [] });
  });

  it('shares a package with the build root in one stanza', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    const { lock } = await lockRootfs(dir, 'gcc', first.lock, await options());
    const shared = lock.packages.filter(({ name }) => name === 'gcc');
    expect(shared.map(({ use }) => use)).toEqual([['build', 'rootfs']]);
  });

  it('may hold another version than the build root, from another state of the archive', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    await archive.publish([...buildBasics, { name: 'gcc', version: '13' }], { date: ago(1) });
    const { lock } = await lockRootfs(dir, 'gcc (>= 13)', first.lock, await options('elsewhere'));
    expect(names(lock, 'rootfs')).toEqual(['gcc 13']);
    expect(names(lock, 'build')).toContain('gcc 12.2');
    expect(lock.archives).toHaveLength(1);
  });
});

describe('a locked build', () => {
  const source = { buildDepends: 'debhelper', depends: 'python3, ${misc:Depends}' };

  it('goes on with a lock that belongs to the source', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    const { lock } = await lockRootfs(dir, 'python3', first.lock, await options());
    expect(() => assertLockCurrent(lock, source, architecture)).not.toThrow();
    expect(() => checkSatisfied('python3 (>= 3.10), libpython | nothing', lock)).not.toThrow();
  });

  it('says every reason why a lock does not belong to it', async () => {
    const { lock } = await lockSource(await readJailSource(dir), await options());
    const changed = { buildDepends: 'debhelper, chrpath', depends: 'python3' };
    expect(() => assertLockCurrent(undefined, source, architecture)).toThrow(
      expect.objectContaining({ code: 'LOCK_MISSING' }),
    );
    expect(() => assertLockCurrent(lock, changed, 'riscv64')).toThrow(
      expect.objectContaining({
        code: 'LOCK_OUTDATED',
        exitCode: 1,
        message: expect.stringMatching(
          /for riscv64[\s\S]*Build-Depends now has chrpath[\s\S]*Depends no longer has \$\{misc:Depends\}[\s\S]*never resolved/,
        ),
      }),
    );
  });

  it('names what the locked rootfs lacks, and what it has instead', async () => {
    const first = await lockSource(await readJailSource(dir), await options());
    const { lock } = await lockRootfs(dir, 'python3', first.lock, await options());
    expect(() => checkSatisfied('python3 (>= 3.12), chrpath', lock)).toThrow(
      expect.objectContaining({
        code: 'LOCK_OUTDATED',
        message: expect.stringMatching(
          /python3 \(>= 3\.12\): locked is python3 3\.11\n\s*chrpath: not in the lock/,
        ),
      }),
    );
  });
});
