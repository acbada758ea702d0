import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { openDeb } from '../../archive/deb-reader.ts';
import { errnoOf, ProdngError } from '../../error/prodng-error.ts';
import { openBeneath } from '../../kernel/at.ts';
import { pidsOf } from '../collect/processes.ts';
import { listTree } from '../collect/walk-tree.ts';
import { isReadable, parseMaps } from '../memory/memory-map.ts';
import type { EvidenceSubject } from '../subject.ts';
import { memoryTarget, type ScanTarget } from './yara.ts';

/** Bytes of one file of an archive, and of one piece of memory. */
const most = 512 * 2 ** 20;
const piece = 32 * 2 ** 20;

/**
 * The files of a .deb, control files too. Nothing is unpacked to disk.
 *
 * @throws ProdngError what openDeb throws, ARCHIVE_TOO_LARGE for a file that is too large to be scanned
 */
export async function* debTargets(path: string): AsyncGenerator<ScanTarget> {
  const deb = await openDeb(path);
  try {
    for (const [name, bytes] of await deb.controlFiles())
      yield memoryTarget(`${path}: DEBIAN/${name}`, [bytes]);
    for await (const { entry, content } of deb.data()) {
      if (entry.type !== 'file' || entry.size === 0) continue;
      if (entry.size > most)
        throw new ProdngError('ARCHIVE_TOO_LARGE', `${path}: ${entry.path}: too large to be scanned`);
      const pieces: Uint8Array[] = [];
      for await (const chunk of content) pieces.push(chunk);
      yield memoryTarget(`${path}: ${entry.path}`, pieces);
    }
  } finally {
    await deb.close();
  }
}

/** The files of a jail: its tree, and its volumes as it sees them. */
export function* jailTargets({ name, rootfs, volumes, run }: EvidenceSubject): Generator<ScanTarget> {
  yield* treeTargets(rootfs, `${name}: `);
  for (const { path, place, image } of volumes) {
    if (run !== undefined)
      yield* treeTargets(join(`/proc/${run.pid}/root`, path), `${name}: volume ${path}: `);
    else if (!image) yield* treeTargets(place, `${name}: volume ${path}: `);
  }
}

function* treeTargets(root: string, prefix: string): Generator<ScanTarget> {
  let top: number;
  try {
    top = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (error) {
    // a volume that is not made yet holds nothing
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  try {
    for (const { path, type, size } of listTree(root)) {
      if (type !== 'file' || size === 0) continue;
      try {
        const fd = openBeneath(top, path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        yield { name: `${prefix}${path}`, fd, size: fstatSync(fd).size };
      } catch (error) {
        // it went while the jail runs
        if (errnoOf(error) !== 'ENOENT') throw error;
      }
    }
  } finally {
    closeSync(top);
  }
}

/** The memory of a jail's processes, in pieces that overlap: not by yara itself, which would stop them one by one. */
export function* memoryTargets({ name, run }: EvidenceSubject): Generator<ScanTarget> {
  if (run === undefined) return;
  for (const pid of pidsOf(run)) yield* processTargets(name, pid);
}

const overlap = 2 ** 16;

function* processTargets(name: string, pid: number): Generator<ScanTarget> {
  let memory: number;
  let maps: string;
  try {
    maps = readFileSync(`/proc/${pid}/maps`, 'utf8');
    memory = openSync(`/proc/${pid}/mem`, 'r');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes(errnoOf(error) ?? '')) return;
    throw error;
  }
  try {
    for (const mapping of parseMaps(maps).filter(isReadable)) {
      for (let at = mapping.start; at < mapping.end; at += BigInt(piece - overlap)) {
        const length = Number(mapping.end - at < BigInt(piece) ? mapping.end - at : BigInt(piece));
        const bytes = readMemory(memory, at, length);
        const where = mapping.name === '' ? 'anonymous' : mapping.name;
        if (bytes.length > 0)
          yield memoryTarget(`${name}: memory of ${pid} at ${at.toString(16)} (${where})`, [bytes]);
        // what cannot be read here has no more to read: a reservation that was never touched
        if (bytes.length < length || length < piece) break;
      }
    }
  } finally {
    closeSync(memory);
  }
}

function readMemory(memory: number, position: bigint, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  try {
    return bytes.subarray(0, readSync(memory, bytes, 0, length, position));
  } catch {
    return bytes.subarray(0, 0);
  }
}
