import { expect, test } from 'vitest';
import type { TarEntry, TarType } from '../../src/archive/entry.ts';
import type { Component } from '../../src/build/compose/component.ts';
import { RootfsTree } from '../../src/build/compose/rootfs-tree.ts';

type Line = [type: TarType, path: string, linkPath?: string, mode?: number];

function component(name: string, lines: Line[], replaces = ''): Component {
  const entries = lines.map(
    ([type, path, linkPath = '', mode = 0o755], index): TarEntry & { offset: number } => {
      const size = type === 'file' ? 10 : 0;
      return {
        path,
        type,
        mode,
        uid: 7,
        gid: 7,
        uname: 'x',
        gname: 'x',
        mtime: 5,
        size,
        linkPath,
        offset: index * 1024,
      };
    },
  );
  return { name, version: '1', tar: `/tars/${name}`, entries, replaces: () => Promise.resolve(replaces) };
}

async function compose(...components: Component[]): Promise<RootfsTree> {
  const tree = new RootfsTree();
  for (const item of components) await tree.addLinks(item);
  for (const item of components) await tree.addFiles(item);
  return tree;
}

test('old and new paths meet in a merged /usr', async () => {
  const tree = await compose(
    component('a', [
      ['directory', 'bin'],
      ['file', 'bin/one'],
      ['directory', 'lib64'],
      ['symlink', 'lib64/ld.so', '/lib/ld.so'],
    ]),
    component('b', [
      ['directory', 'usr/bin'],
      ['file', 'usr/bin/two'],
    ]),
  );
  expect([...tree.nodes.keys()].sort()).toEqual(
    ['usr', 'usr/bin', 'usr/bin/one', 'usr/bin/two', 'usr/lib64', 'usr/lib64/ld.so']
      .filter((path) => tree.nodes.has(path))
      .sort(),
  );
  expect(tree.isDirectory('usr/bin')).toBe(true);
  expect(tree.nodes.get('usr/bin/one')?.type).toBe('file');
  expect(tree.nodes.has('bin/one')).toBe(false);
});

test('files below a symbolic link of another package lie where it leads, as dpkg would unpack them', async () => {
  const tree = await compose(
    component('links', [
      ['symlink', 'var/run', '/run'],
      ['symlink', 'srv/data', '../opt/data'],
    ]),
    component('files', [
      ['file', 'var/run/x/pid'],
      ['file', 'srv/data/y'],
    ]),
  );
  expect(tree.nodes.get('run/x/pid')?.type).toBe('file');
  expect(tree.nodes.get('opt/data/y')?.type).toBe('file');
});

test('a link cannot lead out of the root, and a circle of links is refused', async () => {
  const out = await compose(
    component('out', [
      ['symlink', 'a', '../../../../etc'],
      ['file', 'a/shadow'],
    ]),
  );
  expect(out.nodes.has('etc/shadow')).toBe(true);
  expect([...out.nodes.keys()].some((path) => path.includes('..'))).toBe(false);
  const circle = component('circle', [
    ['symlink', 'x', 'y'],
    ['symlink', 'y', 'x'],
    ['file', 'x/file'],
  ]);
  await expect(compose(circle)).rejects.toThrow('too many symbolic links');
});

test('hard links share one file', async () => {
  const tree = await compose(
    component('git', [
      ['file', 'usr/bin/git'],
      ['hardlink', 'usr/lib/git-core/git', 'usr/bin/git'],
    ]),
  );
  const [a, b] = ['usr/bin/git', 'usr/lib/git-core/git'].map((path) => tree.nodes.get(path));
  expect(a?.type === 'file' && b?.type === 'file' && a.file === b.file).toBe(true);
});

test('no file keeps a set-id bit, and only folders keep the sticky one', async () => {
  const tree = await compose(
    component('su', [
      ['file', 'usr/bin/su', '', 0o6755],
      ['directory', 'spool', '', 0o3777],
      ['file', 'note', '', 0o1644],
    ]),
  );
  expect(tree.nodes.get('usr/bin/su')?.mode).toBe(0o755);
  expect(tree.nodes.get('spool')?.mode).toBe(0o1777);
  expect(tree.nodes.get('note')?.mode).toBe(0o644);
});

test('two packages with one file are refused, unless one says that it Replaces the other', async () => {
  const a = component('a', [['file', 'etc/x']]);
  await expect(compose(a, component('b', [['file', 'etc/x']]))).rejects.toThrow(
    '/etc/x: both a and b have it',
  );
  const replacing = component('b', [['file', 'etc/x']], 'c, a (<< 2)');
  for (const order of [
    [a, replacing],
    [replacing, a],
  ] as const) {
    const tree = await compose(...order);
    expect(tree.nodes.get('etc/x')?.component?.name).toBe('b');
  }
});

test('where dpkg decides, two packages may have one file: a diversion may say whose it is', async () => {
  const tree = new RootfsTree(true);
  const [a, b] = [component('a', [['file', 'etc/x']]), component('b', [['file', 'etc/x']])];
  for (const item of [a, b]) await tree.addFiles(item);
  expect(tree.nodes.get('etc/x')?.component?.name).toBe('a');
  expect([...tree.contested]).toEqual(['etc/x']);
});

test('files whose permissions change are listed with what they were', async () => {
  const tree = await compose(
    component('login', [
      ['file', 'usr/bin/su', '', 0o4755],
      ['file', 'usr/bin/login', '', 0o755],
    ]),
    component('mail', [['file', 'etc/aliases', '', 0o640]]),
  );
  expect(tree.changedModes).toEqual([
    { path: '/etc/aliases', package: 'mail', owner: 'x:x', from: 0o640, to: 0o644 },
    { path: '/usr/bin/su', package: 'login', owner: 'x:x', from: 0o4755, to: 0o755 },
  ]);
});

test('devices and fifos have no place in a rootfs', async () => {
  for (const type of ['character', 'block', 'fifo'] as const)
    await expect(compose(component('dev', [[type, 'dev/x']]))).rejects.toThrow('/dev/x');
});
