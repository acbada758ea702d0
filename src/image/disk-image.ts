import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { ProdngError } from '../error/prodng-error.ts';
import { fillOutput } from '../output/write-output.ts';
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
  if ((await stat(slotPath)).size > slotSize)
    throw new ProdngError('IMAGE', `${slotPath}: it is larger than its slot of ${slotSize} bytes`);
  const partitions = diskPartitions(name, slotSize, dataSize);
  const size = 2 * mebibyte + 2 * slotSize + dataSize;
  const { front, back } = encodeGpt(size, derivedUuid(`prodng disk ${name}`), partitions);
  await fillOutput(path, async (write) => {
    await write(front, 0);
    let at = partitions[0]?.offset ?? 0;
    for await (const chunk of createReadStream(slotPath, { highWaterMark: mebibyte })) {
      await write(chunk, at);
      at += chunk.length;
    }
    await write(back, size - back.length);
  });
  return { size };
}
