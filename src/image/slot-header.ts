import { ProdngError } from '../error/prodng-error.ts';

/** Where a slot describes itself, in bytes: among the reserved sectors of its FAT. src/image/init reads the same. */
export const slotHeaderOffset = 4096;
export const slotHeaderSize = 512;

const magic = 'PRODNGS1';
/** Larger than any slot: what a header says is refused beyond it. */
const mostBytes = 2 ** 36;

/** A part of a slot, in bytes from its start. */
export interface SlotRange {
  offset: number;
  size: number;
}

/** Where the parts of a slot are. */
export interface SlotHeader {
  /** Of the root's hash tree: 64 lower-case hex digits. */
  rootHash: string;
  rootOffset: number;
  /** Blocks of 4096 bytes. */
  dataBlocks: number;
  hashBlocks: number;
  manifest: SlotRange;
  /** Of size 0 when the image is not signed. */
  signature: SlotRange;
  uki: SlotRange;
  /** Bytes that have a meaning. */
  end: number;
}

/** The header's 512 bytes; the rest of them is zero. */
export function formatSlotHeader(header: SlotHeader): Buffer {
  const bytes = Buffer.alloc(slotHeaderSize);
  bytes.write(magic, 0, 'latin1');
  bytes.write(header.rootHash, 8, 'hex');
  const { rootOffset, dataBlocks, hashBlocks, manifest, signature, uki, end } = header;
  const numbers = [rootOffset, dataBlocks, hashBlocks];
  for (const range of [manifest, signature, uki]) numbers.push(range.offset, range.size);
  for (const [index, value] of [...numbers, end].entries())
    bytes.writeBigUInt64LE(BigInt(value), 40 + index * 8);
  return bytes;
}

/**
 * Parses a slot's header.
 *
 * @param place the file or device, for messages
 * @throws ProdngError IMAGE for anything but a header whose parts lie in order within the slot
 */
export function parseSlotHeader(bytes: Buffer, place: string): SlotHeader {
  const malformed = (why: string): ProdngError => new ProdngError('IMAGE', `${place}: no slot image: ${why}`);
  if (bytes.length < slotHeaderSize || bytes.toString('latin1', 0, magic.length) !== magic)
    throw malformed('it has no header');
  const number = (index: number): number => {
    const value = bytes.readBigUInt64LE(40 + index * 8);
    if (value > BigInt(mostBytes)) throw malformed('a number in its header is too large');
    return Number(value);
  };
  const range = (index: number): SlotRange => ({ offset: number(index), size: number(index + 1) });
  const header: SlotHeader = {
    rootHash: bytes.toString('hex', 8, 40),
    rootOffset: number(0),
    dataBlocks: number(1),
    hashBlocks: number(2),
    manifest: range(3),
    signature: range(5),
    uki: range(7),
    end: number(9),
  };
  const { rootOffset, dataBlocks, hashBlocks, manifest, signature, uki, end } = header;
  const rootEnd = rootOffset + (dataBlocks + hashBlocks) * 4096;
  const inOrder =
    rootOffset > slotHeaderOffset &&
    rootOffset % 4096 === 0 &&
    dataBlocks > 0 &&
    hashBlocks > 0 &&
    manifest.offset >= rootEnd &&
    manifest.size > 0 &&
    uki.size > 0 &&
    uki.offset >= manifest.offset + manifest.size &&
    (signature.size === 0 ||
      (signature.offset >= manifest.offset + manifest.size &&
        uki.offset >= signature.offset + signature.size)) &&
    uki.offset + uki.size <= end;
  if (!inOrder) throw malformed('its parts are not in order');
  if (manifest.size > 2 ** 22 || signature.size > 2 ** 22 || uki.size > 2 ** 28)
    throw malformed('a part is larger than any of its kind');
  return header;
}
