import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Types of partitions, UEFI 2.10, 5.3 and the UAPI group's list. */
export const partitionTypes = {
  /** Firmware boots what is in one of these. */
  efiSystem: 'c12a7328-f81f-11d2-ba4b-00a0c93ec93b',
  linuxVariableData: '4d21b016-b534-45c2-a9fb-5c16e091fd2d',
} as const;

export interface GptPartition {
  type: string;
  uuid: string;
  /** At most 36 characters. */
  name: string;
  /** Bytes, multiples of 512. */
  offset: number;
  size: number;
}

const sector = 512;
const entries = 128;
const entrySize = 128;
const tableSectors = (entries * entrySize) / sector;
/** Sectors that the table takes at each end of a disk: header and entries; at the front also the protective MBR. */
const headerSectors = 1 + tableSectors;

/**
 * Encodes the partition table of a disk (UEFI 2.10, 5).
 *
 * @param size bytes of the disk, a multiple of 512
 * @returns what belongs at the disk's start, and what at its end
 */
export function encodeGpt(
  size: number,
  diskUuid: string,
  partitions: readonly GptPartition[],
): { front: Buffer; back: Buffer } {
  const table = Buffer.alloc(entries * entrySize);
  for (const [index, { type, uuid, name, offset, size: bytes }] of partitions.entries()) {
    const entry = table.subarray(index * entrySize, (index + 1) * entrySize);
    guidBytes(type).copy(entry, 0);
    guidBytes(uuid).copy(entry, 16);
    entry.writeBigUInt64LE(BigInt(offset / sector), 32);
    entry.writeBigUInt64LE(BigInt((offset + bytes) / sector - 1), 40);
    entry.write(name.slice(0, 36), 56, 'utf16le');
  }
  const last = size / sector - 1;
  const header = (own: number, other: number, tableAt: number): Buffer => {
    const bytes = Buffer.alloc(sector);
    bytes.write('EFI PART', 0, 'latin1');
    bytes.writeUInt32LE(0x1_0000, 8);
    bytes.writeUInt32LE(92, 12);
    bytes.writeBigUInt64LE(BigInt(own), 24);
    bytes.writeBigUInt64LE(BigInt(other), 32);
    bytes.writeBigUInt64LE(BigInt(1 + headerSectors), 40);
    bytes.writeBigUInt64LE(BigInt(last - headerSectors), 48);
    guidBytes(diskUuid).copy(bytes, 56);
    bytes.writeBigUInt64LE(BigInt(tableAt), 72);
    bytes.writeUInt32LE(entries, 80);
    bytes.writeUInt32LE(entrySize, 84);
    bytes.writeUInt32LE(crc32(table), 88);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 92)), 16);
    return bytes;
  };
  return {
    front: Buffer.concat([protectiveMbr(last), header(1, last, 2), table]),
    back: Buffer.concat([table, header(last, 1, last - tableSectors)]),
  };
}

/** One partition over the whole disk, so that tools that know no GPT leave it alone. */
function protectiveMbr(last: number): Buffer {
  const mbr = Buffer.alloc(sector);
  mbr.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff], 446);
  mbr.writeUInt32LE(1, 454);
  mbr.writeUInt32LE(Math.min(last, 0xffff_ffff), 458);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

/** A GUID as GPT and EFI variables store it: the first three groups little-endian. */
export function guidBytes(guid: string): Buffer {
  const bytes = Buffer.from(guid.replaceAll('-', ''), 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** The text of a stored GUID, in lower case. */
export function guidText(bytes: Uint8Array): string {
  const digits = guidBytes(Buffer.from(bytes).toString('hex')).toString('hex');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** A UUID (version 8, RFC 9562, 5.8) that follows from a text: images have no random numbers. */
export function derivedUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  const digits = `${hex.slice(0, 12)}8${hex.slice(13, 16)}8${hex.slice(17, 32)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
