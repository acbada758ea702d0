import { ProdngError } from '../error/prodng-error.ts';

/** Fields of a PE32+ image that are read and changed here, by their offset (Microsoft's PE Format). */
const coff = { sections: 2, timeDateStamp: 4, optionalHeaderSize: 16, size: 20 } as const;
const optional = {
  sectionAlignment: 32,
  fileAlignment: 36,
  sizeOfImage: 56,
  sizeOfHeaders: 60,
  checkSum: 64,
  dataDirectories: 108,
  /** The fifth data directory: where the signatures are in the file, and their bytes. */
  certificates: 112 + 4 * 8,
} as const;
const sectionSize = 40;
/** IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ */
const readOnlyData = 0x4000_0040;
/** Signatures begin at a multiple of it: an image that ends at one loses nothing when they are taken off. */
const signatureAlignment = 8;

export interface PeSection {
  /** At most eight bytes. */
  name: string;
  content: Buffer;
}

interface PeLayout {
  /** Offset of the COFF header. */
  coff: number;
  optional: number;
  sectionTable: number;
  sections: { name: string; address: number; size: number; offset: number; rawSize: number }[];
  certificates: { offset: number; size: number };
}

/**
 * Appends sections to a PE32+ image: how a UKI is made of its stub. Time stamp zero, the checksum right, padded so that
 * a signature strips off to the same bytes.
 *
 * @throws ProdngError IMAGE for what is no PE32+ image, has signatures, or has no room for the headers
 */
export function appendSections(image: Buffer, added: readonly PeSection[]): Buffer {
  const layout = readLayout(image);
  if (layout.certificates.size > 0) throw malformed('it is signed already');
  const { sections, sectionTable } = layout;
  const alignment = image.readUInt32LE(layout.optional + optional.sectionAlignment);
  const fileAlignment = image.readUInt32LE(layout.optional + optional.fileAlignment);
  // the PE format allows powers of two, for files up to 64 KiB
  if (!isPowerOfTwo(fileAlignment, 2 ** 16) || !isPowerOfTwo(alignment, 2 ** 24))
    throw malformed('its alignment is not valid');
  const firstRaw = Math.min(...sections.flatMap(({ offset, rawSize }) => (rawSize > 0 ? [offset] : [])));
  const end = sectionTable + (sections.length + added.length) * sectionSize;
  if (end > firstRaw || end > image.readUInt32LE(layout.optional + optional.sizeOfHeaders))
    throw malformed('it has no room for more section headers');
  const head = Buffer.from(image);
  let address = Math.max(...sections.map((section) => section.address + section.size));
  let offset = aligned(image.length, fileAlignment);
  const parts: Buffer[] = [head, Buffer.alloc(offset - image.length)];
  for (const [index, { name, content }] of added.entries()) {
    address = aligned(address, alignment);
    const rawSize = aligned(content.length, fileAlignment);
    if (address + aligned(content.length, alignment) > 0xffff_ffff || offset + rawSize > 0xffff_ffff)
      throw malformed('its sections have no room below 4 GiB');
    const at = sectionTable + (sections.length + index) * sectionSize;
    head.fill(0, at, at + sectionSize);
    head.write(name, at, 8, 'latin1');
    head.writeUInt32LE(content.length, at + 8);
    head.writeUInt32LE(address, at + 12);
    head.writeUInt32LE(rawSize, at + 16);
    head.writeUInt32LE(offset, at + 20);
    head.writeUInt32LE(readOnlyData, at + 36);
    parts.push(content, Buffer.alloc(rawSize - content.length));
    address += content.length;
    offset += rawSize;
  }
  head.writeUInt16LE(sections.length + added.length, layout.coff + coff.sections);
  head.writeUInt32LE(0, layout.coff + coff.timeDateStamp);
  head.writeUInt32LE(aligned(address, alignment), layout.optional + optional.sizeOfImage);
  parts.push(Buffer.alloc(aligned(offset, signatureAlignment) - offset));
  return withCheckSum(Buffer.concat(parts), layout);
}

/** The content of a section. @throws ProdngError IMAGE when there is none of that name */
export function peSection(image: Buffer, name: string): Buffer {
  const section = readLayout(image).sections.find((each) => each.name === name);
  if (section === undefined) throw malformed(`it has no section ${name}`);
  return image.subarray(section.offset, section.offset + Math.min(section.size, section.rawSize));
}

/** Whether an image has Authenticode signatures. They are not verified here. */
export function isSignedPe(image: Buffer): boolean {
  return readLayout(image).certificates.size > 0;
}

/** An image as it was before it was signed. @throws ProdngError IMAGE when something follows the signatures */
export function stripPeSignatures(image: Buffer): Buffer {
  const layout = readLayout(image);
  const { offset, size } = layout.certificates;
  if (size === 0) return image;
  if (offset + size !== image.length) throw malformed('something follows its signatures');
  const bare = Buffer.from(image.subarray(0, offset));
  bare.fill(0, layout.optional + optional.certificates, layout.optional + optional.certificates + 8);
  return withCheckSum(bare, layout);
}

function readLayout(image: Buffer): PeLayout {
  if (image.length < 64 || image.toString('latin1', 0, 2) !== 'MZ') throw malformed('it is no PE image');
  const start = image.readUInt32LE(60);
  const at = start + 4;
  if (start > 4096 || at + coff.size > image.length || image.readUInt32LE(start) !== 0x4550)
    throw malformed('it has no PE header');
  const table = at + coff.size + image.readUInt16LE(at + coff.optionalHeaderSize);
  const count = image.readUInt16LE(at + coff.sections);
  const header = at + coff.size;
  if (count > 96 || table + count * sectionSize > image.length)
    throw malformed('its section table is cut off');
  if (image.readUInt16LE(header) !== 0x20b || table - header < optional.certificates + 8)
    throw malformed('it is no PE32+ image');
  const sections = Array.from({ length: count }, (_, index) => {
    const place = table + index * sectionSize;
    const [size, address, rawSize, offset] = [8, 12, 16, 20].map((field) =>
      image.readUInt32LE(place + field),
    );
    const name = image.toString('latin1', place, place + 8).replace(/\0+$/, '');
    return { name, size: size ?? 0, address: address ?? 0, rawSize: rawSize ?? 0, offset: offset ?? 0 };
  });
  if (sections.some(({ offset, rawSize }) => offset + rawSize > image.length))
    throw malformed('a section is cut off');
  const certificates = {
    offset: image.readUInt32LE(header + optional.certificates),
    size: image.readUInt32LE(header + optional.certificates + 4),
  };
  if (certificates.offset + certificates.size > image.length) throw malformed('its signatures are cut off');
  if (certificates.size > 0 && certificates.offset < table + count * sectionSize)
    throw malformed('its signatures lie over its headers');
  return { coff: at, optional: header, sectionTable: table, sections, certificates };
}

/** The 16-bit one's complement sum of all but the checksum itself, plus the size. */
function withCheckSum(image: Buffer, layout: PeLayout): Buffer {
  const place = layout.optional + optional.checkSum;
  image.writeUInt32LE(0, place);
  let sum = 0;
  for (let at = 0; at + 1 < image.length; at += 2) {
    sum += image.readUInt16LE(at);
    if (sum > 0xffff) sum = (sum & 0xffff) + 1;
  }
  if (image.length % 2 === 1) sum += image[image.length - 1] ?? 0;
  sum = (sum & 0xffff) + (sum >>> 16);
  image.writeUInt32LE(sum + image.length, place);
  return image;
}

function aligned(value: number, to: number): number {
  return Math.ceil(value / to) * to;
}

function malformed(why: string): ProdngError {
  return new ProdngError('IMAGE', `not a UKI that ProdNG can work with: ${why}`);
}

function isPowerOfTwo(value: number, most: number): boolean {
  return value > 0 && value <= most && Number.isInteger(Math.log2(value));
}
