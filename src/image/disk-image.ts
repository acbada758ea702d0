import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ProdngError, reasonOf } from '../error/prodng-error.ts';
import { syncFolder } from '../system/atomic-file.ts';
import { derivedUuid, encodeGpt, type GptPartition, partitionTypes } from './gpt.ts';
import { openSlot } from './slot.ts';

const mebibyte = 2 ** 20;

/** The names of a disk's partitions; PID 1 looks for the last. */
export const partitionNames = { a: 'prodng-slot-a', b: 'prodng-slot-b', data: 'prodng-data' } as const;

/** Where the partitions of a disk lie. The same name and sizes give the same table. */
export function diskPartitions(name: string, slotSize: number, dataSize: number): GptPartition[] {
  const uuid = (part: string): string => derivedUuid(`prodng disk ${name} ${part}`);
  const { a, b, data } = partitionNames;
  const slot = { type: partitionTypes.efiSystem, size: slotSize };
  return [
    { ...slot, uuid: uuid(a), name: a, offset: mebibyte },
    { ...slot, uuid: uuid(b), name: b, offset: mebibyte + slotSize },
    {
      type: partitionTypes.linuxVariableData,
      uuid: uuid(data),
      name: data,
      offset: mebibyte + 2 * slotSize,
      size: dataSize,
    },
  ];
}

/**
 * Writes a disk image: the slot image in the first of two slots, the second one and the data partition empty. The data
 * partition gets its file system on the first boot.
 *
 * @param dataSize bytes of the data partition
 * @throws ProdngError IMAGE when the slot image is none, IO
 */
export async function writeDiskImage(
  slotPath: string,
  path: string,
  dataSize: number,
): Promise<{ size: number }> {
  const slot = await openSlot(slotPath);
  const { name, slotSize } = slot.manifest;
  await slot.close();
  const partitions = diskPartitions(name, slotSize, dataSize);
  const size = 2 * mebibyte + 2 * slotSize + dataSize;
  const { front, back } = encodeGpt(size, derivedUuid(`prodng disk ${name}`), partitions);
  const temporary = `${path}.new`;
  const disk = await open(temporary, 'w', 0o644);
  try {
    await disk.truncate(size);
    await disk.write(front, 0, front.length, 0);
    await copySlot(slotPath, disk, partitions[0]?.offset ?? 0);
    await disk.write(back, 0, back.length, size - back.length);
    await disk.sync();
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(temporary, { force: true });
    if (cause instanceof ProdngError) throw cause;
    throw new ProdngError('IO', `${path}: cannot be written: ${reasonOf(cause)}`, { cause });
  } finally {
    await disk.close();
  }
  return { size };
}

async function copySlot(from: string, disk: FileHandle, offset: number): Promise<void> {
  const source = await open(from, 'r');
  try {
    const buffer = Buffer.alloc(mebibyte);
    for (let at = 0; ; ) {
      const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) return;
      await disk.write(buffer, 0, bytesRead, offset + at);
      at += bytesRead;
    }
  } finally {
    await source.close();
  }
}
