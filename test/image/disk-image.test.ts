import { mkdtemp, open, readFile, rm, stat, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskPartitions, writeDiskImage } from '../../src/image/disk-image.ts';
import { encodeGpt, guidBytes, guidText } from '../../src/image/gpt.ts';
import { run } from '../../src/system/process.ts';
import { makeSlotImage } from '../support/slot-image.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gpt-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('sfdisk finds the slots and the data partition, and no fault in the table', async () => {
  const partitions = diskPartitions('host', 96 * 2 ** 20, 64 * 2 ** 20);
  const size = 258 * 2 ** 20;
  const { front, back } = encodeGpt(size, '01234567-89ab-8def-8123-456789abcdef', partitions);
  const path = join(folder, 'disk');
  const file = await open(path, 'w');
  await file.truncate(size);
  await file.write(front, 0, front.length, 0);
  await file.write(back, 0, back.length, size - back.length);
  await file.close();
  const { stdout } = await run(['sfdisk', '--json', path]);
  const { partitiontable } = JSON.parse(stdout);
  expect(partitiontable).toMatchObject({ label: 'gpt', id: '01234567-89AB-8DEF-8123-456789ABCDEF' });
  expect(
    partitiontable.partitions.map(
      ({ name, start, size: sectors }: { name: string; start: number; size: number }) => [
        name,
        start,
        sectors,
      ],
    ),
  ).toEqual([
    ['prodng-slot-a', 2048, 196_608],
    ['prodng-slot-b', 198_656, 196_608],
    ['prodng-data', 395_264, 131_072],
  ]);
  const verified = await run(['sfdisk', '--verify', path]);
  expect(verified.stdout + verified.stderr).toContain('No errors detected');
  expect((await readFile(path)).subarray(-512, -504).toString('latin1')).toBe('EFI PART');
});

test('a disk image is the slot in the first partition, sparse, and replaces a symbolic link of its name', async () => {
  const [slot, path, other] = [join(folder, 'one.slot'), join(folder, 'one.disk'), join(folder, 'other')];
  await makeSlotImage(slot, Buffer.alloc(50 * 4096, 'root'));
  await writeFile(other, 'untouched');
  await symlink(other, path);
  const { size } = await writeDiskImage(slot, path, 64 * 2 ** 20);
  expect(await readFile(other, 'utf8')).toBe('untouched');
  const { size: length, blocks } = await stat(path);
  expect(length).toBe(size);
  expect(blocks * 512).toBeLessThan(8 * 2 ** 20);
  const [bytes, disk] = [await readFile(slot), await open(path, 'r')];
  const copy = Buffer.alloc(bytes.length);
  await disk.read(copy, 0, copy.length, 2 ** 20);
  await disk.close();
  expect(copy.equals(bytes)).toBe(true);
  const verified = await run(['sfdisk', '--verify', path]);
  expect(verified.stdout + verified.stderr).toContain('No errors detected');
  await truncate(slot, 200 * 2 ** 20);
  await expect(writeDiskImage(slot, path, 64 * 2 ** 20)).rejects.toMatchObject({ code: 'IMAGE' });
});

test('a GUID reads back from the form that it is stored in', () => {
  const guid = '01234567-89ab-8def-8123-456789abcdef';
  expect(guidBytes(guid).toString('hex')).toBe('67452301ab89ef8d8123456789abcdef');
  expect(guidText(guidBytes(guid))).toBe(guid);
});
