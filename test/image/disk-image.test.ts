import { mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { diskPartitions } from '../../src/image/disk-image.ts';
import { encodeGpt, guidBytes, guidText } from '../../src/image/gpt.ts';
import { run } from '../../src/system/process.ts';

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

test('a GUID reads back from the form that it is stored in', () => {
  const guid = '01234567-89ab-8def-8123-456789abcdef';
  expect(guidBytes(guid).toString('hex')).toBe('67452301ab89ef8d8123456789abcdef');
  expect(guidText(guidBytes(guid))).toBe(guid);
});
