import { ProdngError } from '../error/prodng-error.ts';

const sector = 512;
/** Below it, a file system is FAT16 by definition (Microsoft's FAT specification 1.03, "FAT type determination"). */
const fewestClusters = 65_525;
/** What firmware maps most easily; the smaller ones are for small slots. */
const clusterSizes = [4096, 2048, 1024, 512] as const;
const alignment = 4096;
const endOfChain = 0x0fff_ffff;
/** Sectors before the tables at least: boot sector, FSInfo, their copies, and what the caller keeps at 4096. */
const fewestReserved = 32;

/** A file to be laid out; its content comes after the head, at `offset`. */
export interface FatFile {
  /** Folders and name, each in upper-case 8.3 form. */
  path: readonly string[];
  /** Bytes. */
  size: number;
}

export interface FatLayout {
  /** Everything up to the first file: boot sector, tables, folders. */
  head: Buffer;
  /** Bytes from the start of the file system, in the order of the files; the first at a multiple of 4096. */
  offsets: number[];
  /** Bytes up to the end of the last file's last cluster: what lies behind need not be written. */
  end: number;
}

/**
 * Lays out a FAT32 file system that a UEFI firmware reads (UEFI 2.10, 13.3), each file in one piece and in the order
 * given. Equal input gives equal bytes: there are no times but one, and no serial number but the one given.
 *
 * @param size bytes of the partition
 * @param serial of the volume, 32 bits
 * @param date of all entries, seconds since 1970
 * @throws ProdngError IMAGE when the files do not fit
 */
export function layOutFat(size: number, files: readonly FatFile[], serial: number, date: number): FatLayout {
  const sectors = Math.floor(size / sector);
  const cluster = clusterSizes.find((bytes) => size / bytes > fewestClusters + 4096);
  if (cluster === undefined)
    throw new ProdngError('IMAGE', `a slot of ${size} bytes is too small for FAT32`, {
      hint: 'slotSize: 36M is the least',
    });
  const perCluster = cluster / sector;
  const tableSectors = Math.ceil(((Math.ceil(sectors / perCluster) + 2) * 4) / sector);
  // the data begin at a multiple of 4096 bytes
  const reserved = fewestReserved + ((8 - ((fewestReserved + 2 * tableSectors) % 8)) % 8);
  const dataSector = reserved + 2 * tableSectors;
  const clusters = Math.floor((sectors - dataSector) / perCluster);

  const folders = foldersOf(files);
  const table: number[] = [0x0fff_fff8, endOfChain];
  const take = (count: number): number => {
    const first = table.length;
    for (let index = 1; index < count; index += 1) table.push(first + index);
    if (count > 0) table.push(endOfChain);
    return count === 0 ? 0 : first;
  };
  const folderClusters = new Map(folders.map((name) => [name, take(1)]));
  while (((table.length - 2) * cluster) % alignment !== 0) table.push(0);
  const firsts = files.map((file) => take(Math.ceil(file.size / cluster)));
  if (table.length - 2 > clusters) {
    const needed = dataSector * sector + (table.length - 2) * cluster;
    throw new ProdngError('IMAGE', `the image needs ${needed} bytes, and its slot has ${size}`, {
      hint: 'raise slotSize in image.yaml (hosts with smaller slots cannot take it), or prune',
    });
  }

  const offsetOf = (first: number): number => dataSector * sector + (first - 2) * cluster;
  const head = Buffer.alloc(offsetOf(firsts.find((first) => first !== 0) ?? table.length));
  const boot = bootSector({ sectors, perCluster, reserved, tableSectors, serial });
  const info = infoSector(clusters - (table.length - 2) + gaps(table), table.length);
  for (const at of [0, 6]) {
    boot.copy(head, at * sector);
    info.copy(head, (at + 1) * sector);
  }
  for (const copy of [0, 1])
    for (const [index, next] of table.entries())
      head.writeUInt32LE(next, (reserved + copy * tableSectors) * sector + index * 4);
  const times = dosTime(date);
  for (const folder of folders) {
    const own = folderClusters.get(folder) ?? 0;
    const entries: Buffer[] = [];
    if (folder !== '') {
      const parent = folder.includes('/') ? folder.slice(0, folder.lastIndexOf('/')) : '';
      entries.push(
        directoryEntry('.', 0x10, own, 0, times),
        directoryEntry('..', 0x10, parent === '' ? 0 : (folderClusters.get(parent) ?? 0), 0, times),
      );
    }
    for (const name of folders)
      if (name !== '' && parentOf(name) === folder)
        entries.push(directoryEntry(baseOf(name), 0x10, folderClusters.get(name) ?? 0, 0, times));
    for (const [index, file] of files.entries())
      if (file.path.slice(0, -1).join('/') === folder)
        entries.push(directoryEntry(file.path.at(-1) ?? '', 0x20, firsts[index] ?? 0, file.size, times));
    if (entries.length * 32 > cluster)
      throw new ProdngError('INTERNAL', `${folder}: too many entries for one cluster`);
    Buffer.concat(entries).copy(head, offsetOf(own));
  }
  return { head, offsets: firsts.map(offsetOf), end: offsetOf(table.length) };
}

/** All folders, each after the one that it is in; '' is the root. */
function foldersOf(files: readonly FatFile[]): string[] {
  const names = new Set(['']);
  for (const { path } of files)
    for (let length = 1; length < path.length; length += 1) names.add(path.slice(0, length).join('/'));
  return [...names].sort();
}

function parentOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '';
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function gaps(table: readonly number[]): number {
  return table.filter((next) => next === 0).length;
}

function bootSector(facts: {
  sectors: number;
  perCluster: number;
  reserved: number;
  tableSectors: number;
  serial: number;
}): Buffer {
  const boot = Buffer.alloc(sector);
  boot.set([0xeb, 0x58, 0x90]);
  boot.write('PRODNG  ', 3, 'latin1');
  boot.writeUInt16LE(sector, 11);
  boot.writeUInt8(facts.perCluster, 13);
  boot.writeUInt16LE(facts.reserved, 14);
  boot.writeUInt8(2, 16);
  boot.writeUInt8(0xf8, 21);
  // geometry of no disk, as every tool writes it
  boot.writeUInt16LE(63, 24);
  boot.writeUInt16LE(255, 26);
  boot.writeUInt32LE(facts.sectors, 32);
  boot.writeUInt32LE(facts.tableSectors, 36);
  boot.writeUInt32LE(2, 44);
  boot.writeUInt16LE(1, 48);
  boot.writeUInt16LE(6, 50);
  boot.writeUInt8(0x80, 64);
  boot.writeUInt8(0x29, 66);
  boot.writeUInt32LE(facts.serial >>> 0, 67);
  boot.write('NO NAME    ', 71, 'latin1');
  boot.write('FAT32   ', 82, 'latin1');
  boot.writeUInt16LE(0xaa55, 510);
  return boot;
}

function infoSector(free: number, next: number): Buffer {
  const info = Buffer.alloc(sector);
  info.writeUInt32LE(0x4161_5252, 0);
  info.writeUInt32LE(0x6141_7272, 484);
  info.writeUInt32LE(free, 488);
  info.writeUInt32LE(next, 492);
  info.writeUInt32LE(0xaa55_0000, 508);
  return info;
}

function directoryEntry(
  name: string,
  attributes: number,
  first: number,
  size: number,
  times: { date: number; time: number },
): Buffer {
  const entry = Buffer.alloc(32);
  const [base = '', extension = ''] = /^\.+$/.test(name) ? [name] : name.split('.');
  entry.write(base.padEnd(8) + extension.padEnd(3), 0, 'latin1');
  entry.writeUInt8(attributes, 11);
  for (const at of [14, 22]) entry.writeUInt16LE(times.time, at);
  for (const at of [16, 18, 24]) entry.writeUInt16LE(times.date, at);
  entry.writeUInt16LE(first >>> 16, 20);
  entry.writeUInt16LE(first & 0xffff, 26);
  entry.writeUInt32LE(size, 28);
  return entry;
}

/** FAT counts from 1980 in steps of two seconds, in no time zone: UTC here. */
function dosTime(seconds: number): { date: number; time: number } {
  const when = new Date(Math.max(seconds, 315_532_800) * 1000);
  const date = ((when.getUTCFullYear() - 1980) << 9) | ((when.getUTCMonth() + 1) << 5) | when.getUTCDate();
  const time =
    (when.getUTCHours() << 11) | (when.getUTCMinutes() << 5) | Math.floor(when.getUTCSeconds() / 2);
  return { date, time };
}
