import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { diffTrees } from '../../src/verify/diff/diff.ts';
import { diffHtml } from '../../src/verify/diff/diff-html.ts';
import { diffText } from '../../src/verify/diff/diff-text.ts';
import { isDifferent } from '../../src/verify/diff/tree-diff.ts';
import { makeDeb, type SmallDeb } from './small-debs.ts';

const scratch = mkdtempSync('/var/tmp/prodng-diff-test-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

async function diff(old: SmallDeb, now: SmallDeb) {
  return await diffTrees(makeDeb(scratch, old), makeDeb(scratch, now));
}

test('a right that is gained comes first and in red, before anything else', async () => {
  const result = await diff(
    { fields: 'Jail-Capabilities: CAP_CHOWN\nJail-Memory: 64M\n', files: { 'etc/a': 'a\n' } },
    { fields: 'Jail-Capabilities: CAP_NET_RAW\nJail-Memory: 32M\n', files: { 'etc/a': 'b\n' }, version: '2' },
  );
  expect(result.declarations).toEqual([
    { field: 'Jail-Capabilities', kind: 'gained', new: 'CAP_NET_RAW' },
    { field: 'Jail-Capabilities', kind: 'lost', old: 'CAP_CHOWN' },
    { field: 'Jail-Memory', kind: 'lost', old: '64M', new: '32M' },
  ]);
  const lines = diffText(result, true).split('\n');
  expect(lines[3]).toContain('Declarations');
  expect(lines[4]).toContain('\u001b[31m+ gained   Jail-Capabilities: CAP_NET_RAW');
  expect(result.control).toEqual([{ field: 'Version', old: '1', new: '2' }]);
});

test('a declaration that cannot be read is never shown as no change', async () => {
  const result = await diff({}, { fields: 'Jail-Capabilities: CAP_EVERYTHING\n' });
  expect(result.declarations).toEqual([
    { field: 'Jail-Capabilities', kind: 'gained', new: 'CAP_EVERYTHING' },
  ]);
  expect(result.notes.join()).toContain('CAP_EVERYTHING');
});

test('a mount that grew is one change; a limit that went is a gain', async () => {
  const result = await diff(
    { fields: 'Jail-Filesystem: tmp /tmp size=16M\nJail-Io: /dev/vda rbps=1M\n' },
    { fields: 'Jail-Filesystem: tmp /tmp size=32M\n' },
  );
  expect(result.declarations.map(({ kind, field, old, new: now }) => [kind, field, old, now])).toEqual([
    ['gained', 'Jail-Filesystem', 'tmp /tmp size=16M', 'tmp /tmp size=32M'],
    ['gained', 'Jail-Io', '/dev/vda rbps=1M', '/dev/vda'],
  ]);
});

test('files added, removed and changed in mode, target, type and text', async () => {
  const result = await diff(
    {
      files: { 'a/gone': 'x', 'a/mode': 'x', 'a/text': 'one\ntwo\n', 'a/type': 'x' },
      links: { 'a/link': 'gone' },
    },
    {
      files: { 'a/mode': 'x', 'a/text': 'one\nthree\n', 'a/new': 'xyz' },
      links: { 'a/link': 'new', 'a/type': 'new' },
      modes: { 'a/mode': 0o755 },
    },
  );
  expect(result.files.map(({ path, kind, differs }) => [path, kind, ...differs])).toEqual([
    ['/a/gone', 'removed'],
    ['/a/link', 'changed', 'target'],
    ['/a/mode', 'changed', 'mode'],
    ['/a/new', 'added'],
    ['/a/text', 'changed', 'size', 'content'],
    ['/a/type', 'changed', 'type'],
  ]);
  expect(result.files[4]?.detail).toEqual({ kind: 'text', diff: '@@ -1,2 +1,2 @@\n one\n-two\n+three' });
  const text = diffText(result, false);
  expect(text).toContain('mode 0644 -> 0755');
  expect(text).toContain('- -rw-r--r-- 0:0 1 /a/gone');
});

test('compressed text is decompressed first, and a time stamp in it is no difference', async () => {
  const dated = (text: string, time: number): Buffer => {
    const packed = gzipSync(text);
    packed.writeUInt32LE(time, 4);
    return packed;
  };
  const xz = (text: string): Buffer => execFileSync('xz', { input: text });
  const zstd = (text: string): Buffer => execFileSync('zstd', ['-q'], { input: text });
  const result = await diff(
    { files: { same: dated('a\n', 1), 'a.gz': dated('a\n', 1), 'a.xz': xz('a\n'), 'a.zst': zstd('a\n') } },
    { files: { same: dated('a\n', 2), 'a.gz': dated('b\n', 2), 'a.xz': xz('b\n'), 'a.zst': zstd('b\n') } },
  );
  expect(result.files.map(({ path, detail }) => [path, detail?.unpackedWith, detail?.diff])).toEqual([
    ['/a.gz', 'gz', '@@ -1 +1 @@\n-a\n+b'],
    ['/a.xz', 'xz', '@@ -1 +1 @@\n-a\n+b'],
    ['/a.zst', 'zstd', '@@ -1 +1 @@\n-a\n+b'],
  ]);
});

test('what is damaged or packed to death is compared as bytes', async () => {
  const bomb = execFileSync('xz', ['-9'], { input: Buffer.alloc(64 * 2 ** 20) });
  const result = await diff(
    { files: { x: bomb } },
    { files: { x: Buffer.concat([bomb.subarray(0, -1), Buffer.from('Y')]) } },
  );
  expect(result.files[0]?.detail?.kind).toBe('binary');
  expect(result.files[0]?.detail?.lines?.join()).toContain('cannot be unpacked');
});

test('an ELF file is compared by what it needs, its symbols and its sections', async () => {
  const compile = (name: string, code: string, ...args: string[]): Buffer => {
    const source = join(scratch, `${name}.c`);
    writeFileSync(source, code);
    execFileSync('gcc', ['-shared', '-fPIC', '-o', join(scratch, name), source, ...args]);
    return readFileSync(join(scratch, name));
  };
  const old = compile('old.so', 'int kept(void){return 1;} int gone(void){return 2;}');
  const now = compile(
    'new.so',
    'double cos(double); int kept(void){return 1;} double come(double x){return cos(x);}',
    '-lm',
  );
  const { files } = await diff({ files: { 'lib/x.so': old } }, { files: { 'lib/x.so': now } });
  const lines = files[0]?.detail?.lines ?? [];
  expect(lines).toEqual(
    expect.arrayContaining(['NEEDED +libm.so.6', 'symbol -T gone', 'symbol +T come', 'symbol +U cos']),
  );
  expect(lines.join('\n')).toMatch(/^section \.text: /m);
});

test('a maintainer script that appears is reported', async () => {
  const { files } = await diff({}, { control: { postinst: '#!/bin/sh\nexit 0\n' } });
  expect(files.map(({ path, kind }) => [path, kind])).toEqual([['DEBIAN/postinst', 'added']]);
});

test('times alone are no difference, for two .debs and for folders they were unpacked to', async () => {
  const contents = { files: { 'etc/a': 'a\n', 'etc/b': 'b\n' }, links: { 'etc/c': 'a' } };
  const [old, now] = [makeDeb(scratch, contents), makeDeb(scratch, { ...contents, time: 1_600_000_000 })];
  expect(readFileSync(old).equals(readFileSync(now))).toBe(false);
  const unpacked = join(scratch, 'unpacked');
  execFileSync('dpkg-deb', ['-R', now, unpacked]);
  utimesSync(join(unpacked, 'usr/lib/prodng/jails/small/rootfs/etc/a'), 1, 1);
  for (const [a, b] of [
    [old, now],
    [old, unpacked],
    [unpacked, now],
  ] as const)
    expect(isDifferent(await diffTrees(a, b))).toBe(false);
  const rootfs = join(unpacked, 'usr/lib/prodng/jails/small/rootfs');
  writeFileSync(join(rootfs, 'etc/a'), 'other\n');
  const { files } = await diffTrees(old, rootfs);
  expect(files.map(({ path }) => path)).toEqual(['/etc/a']);
});

test('no byte of a package reaches the terminal or the page as anything but text', async () => {
  const name = 'etc/<script>alert(1)<\u001b[2J';
  const result = await diff(
    { files: {} },
    { files: { [name]: 'x', 'etc/t': '\u001b]0;owned\u0007 \u202e <b>\n' } },
  );
  const text = diffText(result, false);
  for (const control of ['\u001b', '\u0007', '\u202e']) expect(text).not.toContain(control);
  expect(text).toContain('\\u001b[2J');
  const html = diffHtml(result);
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;script&gt;alert(1)');
  expect(html).toContain("default-src 'none'");
  expect(html).not.toMatch(/(?:src|href)=/);
});

test('a hostile .deb is refused by name', async () => {
  const good = makeDeb(scratch, {});
  const broken = join(scratch, 'broken.deb');
  writeFileSync(broken, readFileSync(good).subarray(0, -100));
  await expect(diffTrees(good, broken)).rejects.toMatchObject({ message: expect.stringContaining(broken) });
  await expect(diffTrees(join(scratch, 'missing.deb'), good)).rejects.toMatchObject({ code: 'IO' });
});
