import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openDeb } from '../../src/archive/deb-reader.ts';
import { writeDeb } from '../../src/archive/deb-writer.ts';
import {
  contentsOf,
  entryOf,
  fileOf,
  folderOf,
  linkOf,
  longPath,
  MTIME,
  sampleSegments,
  strangePath,
} from './sample.ts';
import { scratchFolder } from './scratch.ts';

// Compressing and unpacking for real, on a machine that does other things too.
vi.setConfig({ testTimeout: 300_000 });

const scratch = scratchFolder();
const segments = sampleSegments(scratch);
const entries = segments.flatMap((segment) => [...segment.entries]);
const deb = join(scratch, 'sample.deb');
let written: { size: number; sha256: string };

beforeAll(async () => {
  written = await writeDeb(deb, contentsOf(segments, join(scratch, 'cache')));
});

function output(program: string, ...args: string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: 2 ** 28,
  });
}

function expectTree(root: string, timesOf: 'all' | 'contents' = 'all'): void {
  for (const { entry } of entries) {
    const path = join(root, entry.path);
    const stat = lstatSync(path);
    if (timesOf === 'all' || entry.type !== 'directory')
      expect({ path, mtime: stat.mtimeMs / 1000 }).toEqual({ path, mtime: entry.mtime });
    if (entry.type === 'symlink') expect(readlinkSync(path)).toBe(entry.linkPath);
    else expect({ path, mode: stat.mode & 0o7777 }).toEqual({ path, mode: entry.mode });
    if (entry.type === 'file') expect(stat.size).toBe(entry.size);
    if (entry.type === 'hardlink') expect(stat.ino).toBe(lstatSync(join(root, entry.linkPath)).ino);
  }
  expect(readFileSync(join(root, longPath), 'utf8')).toBe('far away\n');
  expect(readFileSync(join(root, strangePath), 'utf8')).toBe('strange\n');
  const large = readFileSync(join(root, 'usr/lib/large.bin'));
  expect(large.equals(readFileSync(join(scratch, 'store.bin')).subarray(6, 6 + large.length))).toBe(true);
}

describe('a .deb that we wrote', () => {
  it('is read back as it was given, in the same order', async () => {
    const reader = await openDeb(deb);
    try {
      const read = [];
      for await (const { entry } of reader.data()) read.push(entry);
      expect(read).toEqual(entries.map(({ entry }) => entry));
      expect(reader.members.map(({ name }) => name)).toEqual([
        'debian-binary',
        'control.tar.xz',
        'data.tar.xz',
      ]);
      expect([...(await reader.controlFiles()).keys()]).toEqual(['control', 'md5sums']);
    } finally {
      await reader.close();
    }
  });

  it('has the size, digest and mode that it is said to have', () => {
    const bytes = readFileSync(deb);
    expect(written).toEqual({
      size: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('hex'),
    });
    expect(lstatSync(deb).mode & 0o7777).toBe(0o644);
  });

  it('is described and listed by dpkg-deb', () => {
    expect(output('dpkg-deb', '-f', deb, 'Package', 'Jail-Format')).toBe('Package: sample\nJail-Format: 1\n');
    const lines = output('dpkg-deb', '-c', deb).trimEnd().split('\n');
    expect(lines).toHaveLength(entries.length);
    expect(lines.every((line) => / root\/root /.test(line))).toBe(true);
    expect(lines[0]).toMatch(/^drwxr-xr-x root\/root +0 \d{4}-\d\d-\d\d \d\d:\d\d \.\/$/);
    expect(output('dpkg-deb', '--ctrl-tarfile', deb)).toContain('./md5sums');
  });

  it('is unpacked by dpkg-deb -x to the tree that was given', () => {
    const root = join(scratch, 'dpkg-deb-x');
    output('dpkg-deb', '-x', deb, root);
    expectTree(root);
  });

  it('is unpacked by dpkg itself, whose tar reader is stricter', () => {
    const root = join(scratch, 'dpkg-unpack');
    mkdirSync(join(root, 'var/lib/dpkg/updates'), { recursive: true });
    mkdirSync(join(root, 'var/lib/dpkg/info'));
    writeFileSync(join(root, 'var/lib/dpkg/status'), '');
    output('dpkg', `--root=${root}`, '--force-not-root', '--log=/dev/null', '--unpack', deb);
    // dpkg renames files after it has set the times of their folders.
    expectTree(root, 'contents');
    expect(
      output('dpkg-query', `--admindir=${root}/var/lib/dpkg`, '-W', '-f=${db:Status-Status}', 'sample'),
    ).toBe('unpacked');
    // dpkg --verify reads our md5sums.
    expect(output('dpkg', `--root=${root}`, '--verify', 'sample')).toBe('');
    writeFileSync(join(root, 'opt/service'), 'changed\n');
    expect(output('dpkg', `--root=${root}`, '--verify', 'sample')).toMatch(/5.* \/opt\/service\n$/);
  });

  it('is indexed by apt-ftparchive with the digest we returned', () => {
    const folder = join(scratch, 'pool');
    mkdirSync(folder);
    writeFileSync(join(folder, 'sample.deb'), readFileSync(deb));
    const index = output('apt-ftparchive', 'packages', folder);
    expect(index).toContain(`SHA256: ${written.sha256}\n`);
    expect(index).toContain(`Size: ${written.size}\n`);
  });

  it('holds one xz stream of several blocks whose sizes are in their headers', () => {
    const data = join(scratch, 'data.tar.xz');
    writeFileSync(data, execFileSync('ar', ['p', deb, 'data.tar.xz'], { maxBuffer: 2 ** 28 }));
    output('xz', '-t', data);
    const list = output('xz', '--robot', '--list', '-vv', data)
      .split('\n')
      .map((line) => line.split('\t'));
    const totals = list.find(([kind]) => kind === 'file');
    // streams, blocks: base+names, large twice, own, the end.
    expect(totals?.slice(1, 3)).toEqual(['1', '5']);
    expect(totals?.[6]).toBe('CRC32');
    const blocks = list.filter(([kind]) => kind === 'block');
    expect(blocks.map((block) => block[12])).toEqual(['cu', 'cu', 'cu', 'cu', 'cu']);
  });

  it('has the md5sums of its regular files, hard links left out', () => {
    const text = output('dpkg-deb', '-I', deb, 'md5sums');
    const files = entries.filter(({ entry }) => entry.type === 'file').map(({ entry }) => entry.path);
    expect(
      text
        .trimEnd()
        .split('\n')
        .map((line) => line.slice(34)),
    ).toEqual(files);
    expect(text).toContain('d41d8cd98f00b204e9800998ecf8427e  etc/empty\n');
    const root = join(scratch, 'dpkg-deb-x');
    execFileSync('md5sum', ['-c', '--quiet', '--strict'], { cwd: root, input: text });
  });

  it('has the Installed-Size that dpkg-gencontrol finds for its tree', () => {
    const source = join(scratch, 'source');
    mkdirSync(join(source, 'debian'), { recursive: true });
    writeFileSync(
      join(source, 'debian/control'),
      'Source: sample\nMaintainer: A <a@example.org>\n\nPackage: sample\nArchitecture: all\nDescription: x\n',
    );
    writeFileSync(
      join(source, 'debian/changelog'),
      'sample (1) unstable; urgency=low\n\n  * x\n\n -- A <a@example.org>  Tue, 14 Nov 2023 22:13:20 +0000\n',
    );
    const root = join(scratch, 'dpkg-deb-x');
    const control = execFileSync('dpkg-gencontrol', ['-O', `-P${root}`, '-ffiles'], {
      cwd: source,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const theirs = /^Installed-Size: (\d+)$/m.exec(control)?.[1];
    expect(theirs).toMatch(/^\d+$/);
    expect(output('dpkg-deb', '-f', deb, 'Installed-Size').trim()).toBe(theirs);
  });

  it('carries times, owners and sizes beyond what octal digits hold', async () => {
    const path = join(scratch, 'large-numbers.deb');
    const odd = entryOf('odd', { uid: 0x70000000, gid: 2 ** 32 - 2, mtime: 2 ** 34, uname: '', gname: '' });
    await writeDeb(
      path,
      contentsOf([{ name: 'odd', entries: [folderOf('.'), { entry: odd }] }], join(scratch, 'cache')),
    );
    const reader = await openDeb(path);
    const read = [];
    for await (const { entry } of reader.data()) read.push(entry);
    await reader.close();
    expect(read[1]).toEqual(odd);
    expect(output('dpkg-deb', '-c', path)).toContain('1879048192/4294967294');
  });
});

describe('writeDeb refuses', () => {
  const base = folderOf('.');
  it.each([
    ['a path twice', [base, fileOf('a', 'x'), fileOf('a', 'y')], 'a: duplicate path'],
    ['paths out of order', [base, fileOf('b', ''), fileOf('a', '')], 'a: it comes after b: not sorted'],
    ['an entry before its folder', [base, fileOf('a/b', '')], 'a/b: its folder does not precede it'],
    ['an archive without its root', [folderOf('a')], 'a: its folder does not precede it'],
    [
      'an entry below a file',
      [base, fileOf('a', ''), fileOf('a/b', '')],
      'a/b: its folder does not precede it',
    ],
    ['an entry below a link', [base, linkOf('a', 'symlink', '/'), fileOf('a/b', '')], 'a/b: its folder'],
    ['a hard link to nothing', [base, linkOf('a', 'hardlink', 'b'), fileOf('b', 'x')], 'a: a hard link to b'],
    [
      'a hard link with a mode of its own',
      [base, fileOf('a', 'x'), linkOf('b', 'hardlink', 'a', 0o755)],
      'b: mode, owner or time differ from those of a',
    ],
    ['a newline in a name', [base, fileOf('a\nb', '')], 'a\\x0ab: a name with a newline'],
    [
      'less content than said',
      [base, { entry: entryOf('a', { size: 2 }), content: Buffer.from('x') }],
      'a: 1 bytes',
    ],
    ['missing content', [base, { entry: entryOf('a', { size: 2 }) }], 'a: 0 bytes of content instead of 2'],
    ['a device', [base, { entry: entryOf('a', { type: 'block' }) }], 'a: a block cannot be written'],
    ['no entries', [], 'an archive without entries'],
  ])('%s, by name, and writes nothing', async (_, list, message) => {
    const folder = join(scratch, 'refused');
    mkdirSync(folder, { recursive: true });
    const contents = contentsOf([{ name: 'seg', entries: list }], join(scratch, 'cache'));
    await expect(writeDeb(join(folder, 'x.deb'), contents)).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('a slice of a file that is not there, or too short', async () => {
    const short = join(scratch, 'short');
    writeFileSync(short, 'short');
    for (const path of [short, join(scratch, 'absent')]) {
      const entry = { entry: entryOf('a', { size: 6 }), content: { path, offset: 0, size: 6 } };
      const contents = contentsOf([{ name: 'seg', entries: [folderOf('.'), entry] }], join(scratch, 'cache'));
      await expect(writeDeb(join(scratch, 'x.deb'), contents)).rejects.toMatchObject({
        code: 'IO',
        message: expect.stringContaining(path),
      });
    }
  });
});

describe('the member headers', () => {
  it('carry the given time and no name, user or umask of this machine', () => {
    const before = process.umask(0o077);
    try {
      const listing = output('ar', 'tvO', deb);
      expect(listing.match(/rw-r--r-- 0\/0 /g)).toHaveLength(3);
    } finally {
      process.umask(before);
    }
    expect(readFileSync(deb).subarray(8, 68).toString('latin1')).toBe(
      `${'debian-binary'.padEnd(16)}${`${MTIME}`.padEnd(12)}0     0     100644  4         \`\n`,
    );
  });
});
