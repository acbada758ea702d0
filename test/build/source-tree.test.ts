import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { pinSource, readSourceTree, sourceTar } from '../../src/build/source/source-tree.ts';

const scratch = mkdtempSync('/var/tmp/prodng-source-');
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function source(name: string): string {
  const dir = join(scratch, name);
  mkdirSync(join(dir, 'debian'), { recursive: true });
  mkdirSync(join(dir, 'src'));
  writeFileSync(join(dir, 'src/run'), '#!/bin/sh\n', { mode: 0o700 });
  writeFileSync(join(dir, 'README'), 'text\n', { mode: 0o600 });
  writeFileSync(join(dir, 'debian/control'), 'Source: x\n');
  symlinkSync('../README', join(dir, 'src/readme'));
  return dir;
}

const digest = async (dir: string) => (await pinSource(await readSourceTree(dir, 1000, ['x']))).sha256;

test('the digest depends on contents, names and what is executable, on nothing else', async () => {
  const a = source('a');
  const b = source('b');
  utimesSync(join(b, 'README'), 1, 1);
  chmodSync(join(b, 'README'), 0o664);
  chmodSync(join(b, 'src/run'), 0o755);
  chmodSync(join(b, 'src'), 0o2775);
  expect(await digest(b)).toBe(await digest(a));
  writeFileSync(join(b, 'README'), 'text!\n');
  expect(await digest(b)).not.toBe(await digest(a));
});

test('neither version control, nor what builds and tests leave, nor the lock is source', async () => {
  const a = source('clean');
  const before = await digest(a);
  for (const folder of ['.git', 'src/__pycache__', 'debian/.debhelper', 'debian/x/usr']) {
    mkdirSync(join(a, folder), { recursive: true });
    writeFileSync(join(a, folder, 'file'), 'left behind');
  }
  for (const file of [
    'debian/jail.lock',
    'debian/files',
    'debian/x.substvars',
    'debian/debhelper-build-stamp',
  ])
    writeFileSync(join(a, file), 'left behind');
  expect(await digest(a)).toBe(before);
  writeFileSync(join(a, 'src/jail.lock'), 'a file like any other');
  expect(await digest(a)).not.toBe(before);
});

test('tar unpacks it unchanged', async () => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of sourceTar(await readSourceTree(source('tar'), 1000, []))) chunks.push(chunk);
  const listed = execFileSync('tar', ['-tvf', '-', '--full-time', '--numeric-owner'], {
    input: Buffer.concat(chunks),
    env: { TZ: 'UTC', PATH: process.env.PATH },
  });
  expect(
    listed
      .toString()
      .split('\n')
      .map((line) => line.replace(/\s+/g, ' ')),
  ).toEqual([
    '-rw-r--r-- 1000/1000 5 1970-01-01 00:16:40 ./README',
    'drwxr-xr-x 1000/1000 0 1970-01-01 00:16:40 ./debian/',
    '-rw-r--r-- 1000/1000 10 1970-01-01 00:16:40 ./debian/control',
    'drwxr-xr-x 1000/1000 0 1970-01-01 00:16:40 ./src/',
    'lrwxrwxrwx 1000/1000 0 1970-01-01 00:16:40 ./src/readme -> ../README',
    '-rwxr-xr-x 1000/1000 10 1970-01-01 00:16:40 ./src/run',
    '',
  ]);
});

test('what is no file, folder or link is refused by name', async () => {
  const dir = source('fifo');
  execFileSync('mkfifo', [join(dir, 'src/pipe')]);
  await expect(readSourceTree(dir, 1000, [])).rejects.toThrow('src/pipe: a source holds');
});
