import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf, ProdngError, reasonOf } from '../../error/prodng-error.ts';
import { guidBytes } from '../gpt.ts';

const globalGuid = '8be4df61-93ca-11d2-aa0d-00e098032b8c';
/** EFI_VARIABLE_NON_VOLATILE, _BOOTSERVICE_ACCESS and _RUNTIME_ACCESS. */
const attributes = 7;

/** A partition as a boot entry names it. */
export interface BootPartition {
  /** Its number in the table, from 1. */
  number: number;
  /** Sectors of 512 bytes. */
  start: number;
  size: number;
  /** Its GUID, in lower case. */
  uuid: string;
}

/** The boot variables of the firmware, through efivarfs (UEFI 2.10, 3.3). */
export class EfiBoot {
  readonly #folder: string;

  constructor(folder = '/sys/firmware/efi/efivars') {
    this.#folder = folder;
  }

  /** Whether the machine was started by an UEFI firmware whose variables can be reached. */
  isThere(): boolean {
    return this.#read('BootCurrent') !== undefined;
  }

  /** The numbers of the entries that are tried, in their order. */
  order(): number[] {
    const bytes = this.#read('BootOrder') ?? Buffer.alloc(0);
    return Array.from({ length: Math.floor(bytes.length / 2) }, (_, index) => bytes.readUInt16LE(index * 2));
  }

  next(): number | undefined {
    const bytes = this.#read('BootNext');
    return bytes !== undefined && bytes.length >= 2 ? bytes.readUInt16LE(0) : undefined;
  }

  /** Has the firmware boot an entry at the next start, once. @throws ProdngError IO */
  setNext(entry: number): void {
    this.#write('BootNext', numbers([entry]));
  }

  /** Puts entries first, in this order; the others follow as they are. @throws ProdngError IO */
  putFirst(entries: readonly number[]): void {
    const wanted = [...entries, ...this.order().filter((entry) => !entries.includes(entry))];
    if (wanted.join() !== this.order().join()) this.#write('BootOrder', numbers(wanted));
  }

  /**
   * The entry that boots the UKI of a partition; it is made when there is none. A host's entries are told apart by the
   * partition that they lead to, not by their names.
   *
   * @throws ProdngError IO
   */
  entryFor(partition: BootPartition, name: string): number {
    const there = this.find(partition);
    if (there !== undefined) return there;
    const known = this.#entries();
    const free = Array.from({ length: 0x1_0000 }, (_, number) => number).find((number) => !known.has(number));
    if (free === undefined) throw new ProdngError('IO', 'the firmware has no free boot entry');
    this.#write(`Boot${hex4(free)}`, loadOption(partition, name));
    return free;
  }

  /** The entry that boots the UKI of a partition. */
  find(partition: BootPartition): number | undefined {
    const path = devicePath(partition);
    return [...this.#entries()].find(([, bytes]) => bytes.includes(path))?.[0];
  }

  #entries(): Map<number, Buffer> {
    const entries = new Map<number, Buffer>();
    for (const file of this.isThere() ? readdirSync(this.#folder) : []) {
      const digits = /^Boot([0-9A-F]{4})-/.exec(file)?.[1];
      const bytes = digits === undefined ? undefined : this.#read(`Boot${digits}`);
      if (digits !== undefined && bytes !== undefined) entries.set(Number.parseInt(digits, 16), bytes);
    }
    return entries;
  }

  #read(name: string): Buffer | undefined {
    try {
      return readFileSync(join(this.#folder, `${name}-${globalGuid}`)).subarray(4);
    } catch (error) {
      // efivarfs gives EIO or an end of file for a variable that is gone in the meantime
      if (['ENOENT', 'EIO', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
      throw error;
    }
  }

  /** One write(2): efivarfs takes a variable whole. */
  #write(name: string, value: Buffer): void {
    const bytes = Buffer.alloc(4 + value.length);
    bytes.writeUInt32LE(attributes, 0);
    value.copy(bytes, 4);
    try {
      writeFileSync(join(this.#folder, `${name}-${globalGuid}`), bytes);
    } catch (cause) {
      throw new ProdngError('IO', `the firmware does not take ${name}: ${reasonOf(cause)}`, { cause });
    }
  }
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16LE(value, index * 2);
  return bytes;
}

/** EFI_LOAD_OPTION (UEFI 2.10, 3.1.3). */
export function loadOption(partition: BootPartition, name: string): Buffer {
  const path = devicePath(partition);
  const head = Buffer.alloc(6);
  head.writeUInt32LE(1, 0);
  head.writeUInt16LE(path.length, 4);
  return Buffer.concat([head, Buffer.from(`${name}\0`, 'utf16le'), path]);
}

/** A hard drive node, a file path node and the end (UEFI 2.10, 10.3). */
function devicePath({ number, start, size, uuid }: BootPartition): Buffer {
  const drive = Buffer.alloc(42);
  drive.set([4, 1, 42, 0]);
  drive.writeUInt32LE(number, 4);
  drive.writeBigUInt64LE(BigInt(start), 8);
  drive.writeBigUInt64LE(BigInt(size), 16);
  guidBytes(uuid).copy(drive, 24);
  drive.set([2, 2], 40);
  const path = Buffer.from('\\EFI\\BOOT\\BOOTX64.EFI\0', 'utf16le');
  const file = Buffer.alloc(4 + path.length);
  file.set([4, 4]);
  file.writeUInt16LE(file.length, 2);
  path.copy(file, 4);
  return Buffer.concat([drive, file, Buffer.from([0x7f, 0xff, 4, 0])]);
}

function hex4(value: number): string {
  return value.toString(16).toUpperCase().padStart(4, '0');
}
