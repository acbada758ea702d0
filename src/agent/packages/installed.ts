import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { TreeLimits } from '../../archive/extract.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { UnpackedJail } from '../../jail/runtime/prepare-jail.ts';
import { openJailPackage, readJailControl } from '../../jail/storage/jail-package.ts';
import { rootfsPath, unpackJail } from '../../jail/storage/unpacked.ts';
import { syncFolder } from '../../system/atomic-file.ts';
import { silent } from '../../system/progress.ts';
import type { AgentPaths } from '../state/agent-paths.ts';
import type { InstalledVersion, JailState } from '../state/state-schema.ts';
import { isAside, leftAside, setAside } from './disposal.ts';
import { withPrivateCopy } from './private-copy.ts';

/** Decides whether a .deb may be installed at all. @throws ProdngError SIGNATURE, POLICY */
export type InstallPolicy = (deb: string) => Promise<void>;

/**
 * Unpacks a jail's .deb, once for all jails that are made of it, and never over anything.
 *
 * @throws ProdngError what openJailPackage, unpackJail and the admission throw
 */
export async function unpackVersion(
  deb: string,
  paths: AgentPaths,
  admit: InstallPolicy,
  most?: TreeLimits,
): Promise<{ name: string; installed: InstalledVersion }> {
  return withPrivateCopy(deb, incomingFolder(paths), async (copy) => {
    const jail = await openJailPackage(copy);
    try {
      await admit(copy);
      await unpackJail(jail, paths.jail, silent, most).catch((error: unknown) => {
        throw withLimits(error, deb, most);
      });
      const { name, version, sha256, control } = jail;
      return { name, installed: { version, sha256, control, installed: new Date().toISOString() } };
    } finally {
      await jail.close();
    }
  });
}

function withLimits(error: unknown, deb: string, most: TreeLimits | undefined): unknown {
  if (!(error instanceof ProdngError) || error.code !== 'ARCHIVE_TOO_LARGE' || most === undefined)
    return error;
  return new ProdngError(error.code, `${deb}: ${error.message}`, {
    hint: 'packages.entries and packages.bytes in agent.json say how much a package may have',
    cause: error,
  });
}

/** Of versions that were asked for before: a stanza is read once. */
const declared = new WeakMap<InstalledVersion, ReturnType<typeof readJailControl>>();

/** A version of a jail, as the runtime module takes it. @throws ProdngError when its kept control stanza is damaged */
export function unpackedJail(installed: InstalledVersion, name: string): UnpackedJail {
  const { version, sha256, control } = installed;
  const path = `${name} ${version}`;
  const known = declared.get(installed) ?? readJailControl(path, control);
  declared.set(installed, known);
  return { path, sha256, ...known };
}

export function rootfsOf({ name, sha256 }: UnpackedJail, paths: AgentPaths): string {
  return join(treesFolder(paths), sha256, rootfsPath(name));
}

/** @throws ProdngError INTERNAL when it is none of the jail's versions */
export function versionOf(state: JailState, sha256 = state.current): InstalledVersion {
  const found = state.versions.find((version) => version.sha256 === sha256);
  if (found !== undefined) return found;
  throw new ProdngError('INTERNAL', `${state.name}: no version ${sha256} is installed`);
}

/**
 * Sets aside the trees that no jail has among its versions, whole or half unpacked: nothing may be unpacking meanwhile.
 *
 * @param inUse SHA-256 of trees that are kept all the same
 * @returns the paths that they have now; they are to be removed
 */
export async function setTreesAside(
  paths: AgentPaths,
  states: Iterable<JailState>,
  inUse: ReadonlySet<string>,
): Promise<string[]> {
  const folder = treesFolder(paths);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const kept = new Set([...states].flatMap(({ versions }) => versions.map(({ sha256 }) => sha256)));
  const aside: string[] = [];
  for (const name of await readdir(folder)) {
    const tree = name.replace(/\.md5sums$/, '');
    if (kept.has(tree) || inUse.has(tree)) continue;
    const path = join(folder, name);
    // under its old name it would count as unpacked, or be in the way of the next attempt to unpack it
    aside.push(isAside(name) ? path : await setAside(path));
  }
  await syncFolder(folder);
  // a killed agent leaves it
  const incoming = incomingFolder(paths);
  if (existsSync(incoming)) await setAside(incoming);
  return [...aside, ...(await leftAside(dirname(incoming)))];
}

function incomingFolder(paths: AgentPaths): string {
  return join(paths.jail.cache, 'incoming');
}

/** Where trees are unpacked, each by the SHA-256 of its .deb. */
export function treesFolder(paths: AgentPaths): string {
  return join(paths.jail.cache, 'jails');
}
