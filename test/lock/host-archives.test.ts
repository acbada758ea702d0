import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatDeb822 } from '../../src/control/deb822.ts';
import { type Lock, packagesFor } from '../../src/lock/lock.ts';
import { formatLock } from '../../src/lock/lock-text.ts';
import { resolveBuildRoot, resolveRootfs } from '../../src/lock/resolve.ts';
import type { Archive } from '../../src/store/archive.ts';
import { loadArchives } from '../../src/store/archive-config.ts';
import { type ArchiveState, updateArchives } from '../../src/store/archive-state.ts';
import { hostArchitecture } from '../../src/system/architecture.ts';
import { run } from '../../src/system/process.ts';

const architecture = hostArchitecture();
const minutes = 60_000;

let scratch: string;
let archives: Archive[];
let state: ArchiveState;
let lock: Lock;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'host-archives-'));
  archives = await loadArchives({ architecture });
  state = await updateArchives({
    archives,
    architecture,
    paths: { cache: scratch, state: scratch, run: scratch },
  });
  lock = await resolveBuildRoot({ buildDepends: 'debhelper', depends: 'python3, ${misc:Depends}' }, state);
}, 5 * minutes);

afterAll(async () => await rm(scratch, { recursive: true, force: true }));

function versions(packages: readonly { name: string; version: string }[]): string[] {
  return packages.map(({ name, version }) => `${name} ${version}`).sort();
}

/** What mmdebstrap would install for these arguments, from the same archives. */
async function mmdebstrap(...includes: string[]): Promise<string[]> {
  const stanzas = archives.map(({ uri, suite, components, signedBy }) => {
    const keyring = signedBy.kind === 'files' ? signedBy.paths.join(' ') : signedBy.armor;
    const fields = {
      Types: 'deb',
      URIs: uri,
      Suites: suite,
      Components: components.join(' '),
      'Signed-By': keyring,
    };
    return { fields: Object.entries(fields).map(([name, value]) => ({ name, value })) };
  });
  const sources = join(scratch, 'host.sources');
  await writeFile(sources, formatDeb822(stanzas));
  const { stdout, stderr } = await run([
    'mmdebstrap',
    '--simulate',
    '--verbose',
    '--variant=custom',
    ...includes.map((include) => `--include=${include}`),
    archives[0]?.suite ?? '',
    '/dev/null',
    sources,
  ]);
  const lines = `${stdout}\n${stderr}`.matchAll(/^Inst (\S+) \((\S+) /gm);
  return Array.from(lines, ([, name, version]) => `${name} ${version}`).sort();
}

describe("the host's own archives", () => {
  it(
    'give the build root that mmdebstrap would make',
    async () => {
      const expected = await mmdebstrap('?essential', 'build-essential,fakeroot,debhelper');
      expect(expected.length).toBeGreaterThan(100);
      expect(versions(packagesFor(lock, 'build'))).toEqual(expected);
    },
    5 * minutes,
  );

  it(
    'give a rootfs that is the closure of Depends without what only maintainer scripts need',
    async () => {
      const resolved = await resolveRootfs('python3, ca-certificates', lock, state);
      const rootfs = packagesFor(resolved, 'rootfs');
      const closure = await mmdebstrap('python3,ca-certificates');
      // mmdebstrap installs, so that its closure has what maintainer scripts need, and what only that needs
      expect(closure).toEqual(expect.arrayContaining(versions(rootfs)));
      const left = closure
        .filter((item) => !versions(rootfs).includes(item))
        .map((item) => item.split(' ')[0]);
      expect(left).toEqual(expect.arrayContaining(['debconf', 'dpkg']));
      expect(rootfs.map(({ name }) => name)).toEqual(
        expect.arrayContaining(['python3', 'libssl3', 'openssl']),
      );
      expect(packagesFor(resolved, 'build')).toHaveLength(packagesFor(lock, 'build').length);
      expect(await resolveRootfs('python3, ca-certificates', resolved, state)).toEqual(resolved);
    },
    5 * minutes,
  );

  it('pin every package to a path, a size and a digest, and name no mirror', () => {
    for (const item of lock.packages) {
      expect(item.poolPath).toMatch(/^pool\/.*\.deb$/);
      expect(item.size).toBeGreaterThan(500);
      expect(item.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
    const text = formatLock(lock);
    for (const { uri } of archives) expect(text).not.toContain(new URL(uri).host || uri);
  });
});
