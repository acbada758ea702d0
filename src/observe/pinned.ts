import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '../error/prodng-error.ts';
import { attachPinned, attachPinnedNow, BpfMap, BpfObject } from '../kernel/bpf.ts';
import { layouts } from './layout.ts';
import {
  type Attached,
  allPrograms,
  always,
  cannotObserve,
  type LoadedPrograms,
  mapsOf,
  meansOf,
  ofCalls,
  ofCapabilities,
} from './loaded.ts';
import { objectFile } from './object-file.ts';

/**
 * A folder that is being filled: what a process left there that was killed meanwhile is removed. Names in a bpffs have
 * no dots.
 */
const unfinished = '_new';

/**
 * The programs and maps pinned in a folder of a bpffs: they go on without the process that has loaded them, and the
 * next one finds them there. Those of another version of ProdNG lie in a folder of another name.
 *
 * @param folder in a bpffs
 * @returns undefined when there are none of this version
 * @throws ProdngError HOST_LACKS when the object file is missing; SystemError
 */
export function openPinned(folder: string): LoadedPrograms | undefined {
  const own = join(folder, versionOf(objectFile()));
  if (!existsSync(own)) return undefined;
  const maps = mapsOf((name) => BpfMap.pinned(join(own, name), layouts[name]));
  const capabilities = ofCapabilities.find((name) => existsSync(linkOf(own, name))) ?? 'on_capability';
  return {
    maps,
    isPinned: true,
    means: meansOf(capabilities),
    attachCalls: () => ofCalls.map((name) => attachedCall(own, name)),
    close() {
      for (const map of Object.values(maps)) map.close();
    },
  };
}

/**
 * Loads the programs and pins them in a folder, whole or not at all. What other versions have pinned there is removed,
 * and counts no more. The event loop goes on meanwhile.
 *
 * @throws ProdngError HOST_LACKS with the kernel's answer
 */
export async function loadPinned(folder: string): Promise<LoadedPrograms> {
  const path = objectFile();
  const failures: string[] = [];
  for (const capabilities of ofCapabilities)
    try {
      const object = await BpfObject.loadInThread(path, allPrograms, [...always, ...ofCalls, capabilities]);
      try {
        await pinAll(object, capabilities, folder, versionOf(path));
      } finally {
        object.close();
      }
      const programs = openPinned(folder);
      if (programs !== undefined) return programs;
    } catch (error) {
      failures.push(`${capabilities}: ${messageOf(error)}`);
    }
  throw cannotObserve(failures);
}

/** Ends what is pinned in a folder: nothing is counted any more. */
export function removePinned(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Attaches the programs of system calls ahead of attachCalls, which then takes no time. */
export async function attachPinnedCalls(folder: string): Promise<void> {
  const own = join(folder, versionOf(objectFile()));
  for (const name of ofCalls)
    if (!existsSync(linkOf(own, name))) await attachPinned(programOf(own, name), linkOf(own, name));
}

async function pinAll(object: BpfObject, capabilities: string, folder: string, own: string): Promise<void> {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true, force: true });
  const filled = join(folder, `${own}${unfinished}`);
  mkdirSync(filled, { mode: 0o700 });
  for (const name of Object.keys(layouts)) object.pinMap(name, join(filled, name));
  for (const name of [...always, ...ofCalls, capabilities]) object.pinProgram(name, programOf(filled, name));
  for (const name of [...always, capabilities])
    await attachPinned(programOf(filled, name), linkOf(filled, name));
  renameSync(filled, join(folder, own));
}

function attachedCall(own: string, name: string): Attached {
  const link = linkOf(own, name);
  if (!existsSync(link)) attachPinnedNow(programOf(own, name), link);
  return { release: () => rmSync(link, { force: true }) };
}

function programOf(own: string, name: string): string {
  return join(own, `program_${name}`);
}

function linkOf(own: string, name: string): string {
  return join(own, `link_${name}`);
}

const versions = new Map<string, string>();

/** Of the object file, by its bytes: a map of another layout must not be read. */
function versionOf(path: string): string {
  const known = versions.get(path);
  if (known !== undefined) return known;
  const version = createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16);
  versions.set(path, version);
  return version;
}
