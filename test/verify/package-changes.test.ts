import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import type { Lock } from '../../src/lock/lock.ts';
import { formatLock } from '../../src/lock/lock-text.ts';
import { changelogSince } from '../../src/verify/diff/changelog-since.ts';
import { diffTrees } from '../../src/verify/diff/diff.ts';
import { diffText } from '../../src/verify/diff/diff-text.ts';
import { makeDeb } from './small-debs.ts';

const scratch = mkdtempSync('/var/tmp/prodng-packages-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const date = ' -- A <a@example.org>  Mon, 02 Jan 2023 15:04:05 +0000\n';
const entry = (version: string, what: string): string =>
  `tool (${version}) unstable; urgency=low\n\n  * ${what}\n\n${date}\n`;
const changelog = entry('1.3-1', 'Third.') + entry('1.2-1', 'Second.') + entry('1.1-1', 'First.');

function lockOf(...packages: [name: string, version: string, digit: string][]): string {
  const lock: Lock = {
    format: 1,
    architecture: 'amd64',
    buildDepends: '',
    depends: '',
    builtDepends: '',
    archives: [
      {
        name: 'main',
        origin: 'Example',
        codename: 'stable',
        date: 'Sat, 11 Feb 2023 09:43:28 UTC',
        components: ['main'],
      },
    ],
    packages: packages.map(([name, version, digit]) => ({
      name,
      version,
      architecture: 'amd64',
      poolPath: `pool/main/${name}_${version}_amd64.deb`,
      size: 1000,
      sha256: digit.repeat(64),
      archive: 'main',
      use: ['rootfs'],
    })),
  };
  return formatLock(lock);
}

/** A package as it lies in the store, with its changelog. */
function storedPackage(): string {
  const root = join(scratch, 'tool');
  mkdirSync(join(root, 'usr/share/doc/tool'), { recursive: true });
  mkdirSync(join(root, 'DEBIAN'));
  writeFileSync(join(root, 'usr/share/doc/tool/changelog.Debian.gz'), gzipSync(changelog));
  writeFileSync(
    join(root, 'DEBIAN/control'),
    'Package: tool\nVersion: 1.3-1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: a tool\n',
  );
  execFileSync('dpkg-deb', ['--root-owner-group', '-b', root], { stdio: 'pipe' });
  return `${root}.deb`;
}

test('packages added, removed, upgraded and rebuilt come from the locks, changelogs from the store', async () => {
  const old = makeDeb(scratch, {
    lock: lockOf(['gone', '1', 'a'], ['same', '1', 'b'], ['tool', '1.1-1', 'c'], ['twin', '1', 'd']),
  });
  const now = makeDeb(scratch, {
    lock: lockOf(['come', '2', 'e'], ['same', '1', 'b'], ['tool', '1.3-1', 'f'], ['twin', '1', '0']),
  });
  const stored = storedPackage();
  const result = await diffTrees(old, now, {
    storedDeb: (sha256) => (sha256.startsWith('f') ? stored : join(scratch, 'missing')),
  });
  expect(result.packages.map(({ name, kind }) => [name, kind])).toEqual([
    ['come', 'added'],
    ['gone', 'removed'],
    ['tool', 'upgraded'],
    ['twin', 'rebuilt'],
  ]);
  const log = result.packages[2]?.changelog ?? '';
  expect(log).toContain('* Third.');
  expect(log).toContain('* Second.');
  expect(log).not.toContain('* First.');
  expect(diffText(result, false)).toMatch(/upgraded {3}tool:amd64 1\.1-1 -> 1\.3-1\n {4}tool \(1\.3-1\)/);
});

test('a changelog that the rootfs ships comes before that of the store', async () => {
  const path = 'usr/share/doc/tool/changelog.Debian.gz';
  const old = makeDeb(scratch, { lock: lockOf(['tool', '1.2-1', 'c']), files: { [path]: gzipSync('old') } });
  const now = makeDeb(scratch, {
    lock: lockOf(['tool', '1.3-1', 'f']),
    files: { [path]: gzipSync(changelog) },
  });
  const { packages } = await diffTrees(old, now);
  expect(packages[0]?.changelog).toMatch(/^tool \(1\.3-1\)/);
  expect(packages[0]?.changelog).not.toContain('Second');
});

test('a lock that cannot be parsed is reported, and compared as text', async () => {
  const result = await diffTrees(
    makeDeb(scratch, { lock: lockOf() }),
    makeDeb(scratch, { lock: 'Format: 9\n' }),
  );
  expect(result.packages).toEqual([]);
  expect(result.notes.join()).toContain('packages are not compared');
  expect(result.files.map(({ path, detail }) => [path, detail?.kind])).toEqual([['jail.lock', 'text']]);
});

test('entries are newer by version, and without one there is nothing', () => {
  expect(changelogSince(changelog, '1.3-1')).toBeUndefined();
  expect(
    changelogSince(changelog, '0')
      ?.split('\n')
      .filter((line) => line.startsWith('tool')),
  ).toHaveLength(3);
  expect(changelogSince('no changelog at all', '1')).toBeUndefined();
});
