import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { OutputFolder } from '../../src/output/output-folder.ts';
import { fillOutput, writeBeneath, writeOutput } from '../../src/output/write-output.ts';

const scratch = mkdtempSync(join(tmpdir(), 'prodng-output-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
let folder: string;
let victim: string;
beforeEach(() => {
  folder = mkdtempSync(join(scratch, 'folder-'));
  victim = join(mkdtempSync(join(scratch, 'victim-')), 'file');
  writeFileSync(victim, 'victim');
});

async function within<T>(work: (output: OutputFolder) => Promise<T>): Promise<T> {
  const output = OutputFolder.open(folder);
  try {
    return await work(output);
  } finally {
    output.close();
  }
}

test.each(['symbolic link', 'hard link', 'fifo'])('a %s of the name is replaced', async (kind) => {
  const place = join(folder, 'result');
  if (kind === 'symbolic link') symlinkSync(victim, place);
  if (kind === 'hard link') linkSync(victim, place);
  if (kind === 'fifo') execFileSync('mkfifo', [place]);
  await within((output) => output.write('result', 'new', 0o640));
  expect(readFileSync(place, 'utf8')).toBe('new');
  expect(lstatSync(place).mode & 0o7777).toBe(0o640);
  expect(lstatSync(place).isFile()).toBe(true);
  expect(readFileSync(victim, 'utf8')).toBe('victim');
  expect(readdirSync(folder)).toEqual(['result']);
});

test('a log replaces a link, and can be read while it grows', async () => {
  symlinkSync(victim, join(folder, 'log'));
  await within(async (output) => {
    const fd = output.create('log');
    writeSync(fd, 'first\n');
    expect(readFileSync(join(folder, 'log'), 'utf8')).toBe('first\n');
  });
  expect(readFileSync(victim, 'utf8')).toBe('victim');
});

test('the folder that was opened is written to, whatever gets its path meanwhile', async () => {
  await within(async (output) => {
    renameSync(folder, `${folder}.moved`);
    symlinkSync(join(victim, '..'), folder);
    await output.write('file', 'new');
  });
  expect(readFileSync(victim, 'utf8')).toBe('victim');
  expect(readFileSync(join(`${folder}.moved`, 'file'), 'utf8')).toBe('new');
});

test('a folder beneath is entered through no link, at any depth', async () => {
  mkdirSync(join(folder, 'real'));
  symlinkSync('real', join(folder, 'link'));
  symlinkSync('/', join(folder, 'real/root'));
  for (const name of ['link', 'real/root', '..', 'real/../..', '/', 'real/root/tmp'])
    await within(async (output) => {
      expect(() => output.folder(name)).toThrow(expect.objectContaining({ code: 'IO' }));
    });
  await expect(writeBeneath(folder, 'link/file', 'x')).rejects.toMatchObject({ code: 'IO' });
  await writeBeneath(folder, 'real/file', 'x');
  expect(readFileSync(join(folder, 'real/file'), 'utf8')).toBe('x');
});

test('a write that fails in the middle leaves the old file, and nothing else', async () => {
  writeFileSync(join(folder, 'file'), 'old');
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('half');
    throw new Error('the source ends early');
  }
  await expect(within((output) => output.write('file', broken()))).rejects.toThrow('the source ends early');
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['file']);
});

test('removing takes the link itself, and no folder', async () => {
  symlinkSync(victim, join(folder, 'link'));
  mkdirSync(join(folder, 'sub'));
  await within(async (output) => {
    output.remove('link');
    output.remove('none');
    expect(() => output.remove('sub')).toThrow(expect.objectContaining({ code: 'IO' }));
  });
  expect(readFileSync(victim, 'utf8')).toBe('victim');
  expect(readdirSync(folder)).toEqual(['sub']);
});

test('a missing folder and a folder of the name are each reported with the path', async () => {
  await expect(writeOutput(join(folder, 'none/file'), 'x')).rejects.toMatchObject({
    code: 'IO',
    message: `${join(folder, 'none')}: cannot be opened: no such file or directory`,
  });
  mkdirSync(join(folder, 'taken'));
  await expect(writeOutput(join(folder, 'taken'), 'x')).rejects.toMatchObject({
    code: 'IO',
    message: `${join(folder, 'taken')}: cannot be written: illegal operation on a directory`,
  });
  expect(readdirSync(folder)).toEqual(['taken']);
});

test('property: no name leaves the folder', async () => {
  const name = fc.oneof(fc.string(), fc.constantFrom('..', '.', '', '../x', 'a/b', '/etc/x', 'a\0b'));
  await fc.assert(
    fc.asyncProperty(name, async (text) => {
      const before = readdirSync(scratch).length;
      await within((output) => output.write(text, 'x')).catch(() => {});
      expect(readdirSync(scratch)).toHaveLength(before);
      for (const made of readdirSync(folder)) expect(made).toBe(text);
      for (const made of readdirSync(folder)) rmSync(join(folder, made));
    }),
    { numRuns: 200 },
  );
});

test('a file that is filled in any order appears whole or not at all', async () => {
  const path = join(folder, 'disk');
  symlinkSync(victim, path);
  await fillOutput(path, async (write) => {
    await write(Buffer.from('end'), 1_000_000);
    expect(lstatSync(path).isSymbolicLink()).toBe(true);
    await write(Buffer.from('begin'), 0);
  });
  const bytes = readFileSync(path);
  expect([bytes.length, bytes.toString('latin1', 0, 5), bytes.toString('latin1', 1_000_000)]).toEqual([
    1_000_003,
    'begin',
    'end',
  ]);
  expect(bytes.subarray(5, 1_000_000).every((byte) => byte === 0)).toBe(true);
  const failing = fillOutput(path, async (write) => {
    await write(Buffer.from('lost'), 0);
    throw new Error('in the middle');
  });
  await expect(failing).rejects.toThrow('in the middle');
  expect(readFileSync(path).equals(bytes)).toBe(true);
  expect(readdirSync(folder)).toEqual(['disk']);
  expect(readFileSync(victim, 'utf8')).toBe('victim');
});
