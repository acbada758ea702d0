import { createHash } from 'node:crypto';
import { openDeb } from '../../archive/deb-reader.ts';
import { SliceReader } from '../../archive/slice-reader.ts';
import { lockedComponents } from '../../build/compose/components.ts';
import { composeRootfs } from '../../build/compose/compose.ts';
import type { RootfsNode } from '../../build/compose/rootfs-tree.ts';
import { readDeb822 } from '../../control/deb822.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { type Lock, type LockedPackage, packagesFor } from '../../lock/lock.ts';
import type { Archive } from '../../store/archive.ts';
import { ofPackage } from '../../store/of-package.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Paths } from '../../system/paths.ts';
import type { Progress } from '../../system/progress.ts';
import { type Check, checked, notPossible } from './check.ts';
import type { PackageContents } from './package-contents.ts';

export interface RootfsSources {
  paths: Paths;
  /** Where to fetch what the store lacks; none when it is to be done without. */
  archives: readonly Archive[];
  progress?: Progress;
  signal?: AbortSignal;
}

const piece = 2 ** 20;
/** .debs looked into at a time: each is a decompressor. */
const concurrency = 4;

/** Composes the rootfs of the locked packages again, and compares each of its files with that in the .deb. */
export async function checkRootfs(
  contents: PackageContents,
  lock: Lock,
  declaration: JailDeclaration,
  sources: RootfsSources,
): Promise<Check> {
  const store = await openStore(sources.paths);
  const packages = packagesFor(lock, 'rootfs');
  const why = await fetchMissing(packages, lock, store, sources);
  if (why !== undefined) return notPossible('rootfs', why);
  const findings = await misnamed(packages, store);
  let count = 0;
  let own = 0;
  try {
    const components = await lockedComponents(packages, store);
    const tree = await composeRootfs(components, declaration);
    const prefix = `usr/lib/prodng/jails/${contents.jailName ?? ''}/rootfs/`;
    const reader = new SliceReader();
    try {
      for (const [path, node] of tree.nodes) {
        if (node.component === undefined || (declaration.compose === 'install' && !path.startsWith('usr/')))
          continue;
        // a diversion, which a script made, says whose file it is
        if (tree.contested.has(path)) continue;
        count += 1;
        const fault = compareNode(contents, prefix, path, node, reader);
        if (fault !== undefined) findings.push(`/${path} of ${node.component.name}: ${fault}`);
      }
    } finally {
      reader.close();
    }
    for (const [path, { entry }] of contents.files)
      if (
        entry.type !== 'directory' &&
        path.startsWith(prefix) &&
        tree.nodes.get(path.slice(prefix.length))?.component === undefined
      )
        own += 1;
  } catch (error) {
    if (!(error instanceof ProdngError) || error.code !== 'COMPOSE') throw error;
    findings.push(`the locked packages cannot be composed: ${error.message}`);
  }
  const message = `${count} paths of ${packages.length} packages; ${own} files are the jail's own, which only a rebuild can tell`;
  return checked('rootfs', findings, message);
}

/** The reason when some are not to be had. */
async function fetchMissing(
  packages: readonly LockedPackage[],
  lock: Lock,
  store: Store,
  { archives, progress, signal }: RootfsSources,
): Promise<string | undefined> {
  const missing: LockedPackage[] = [];
  for (const item of packages) if (!(await store.has(item))) missing.push(item);
  const [first] = missing;
  if (first === undefined) return undefined;
  const what = `${missing.length} of ${packages.length} locked packages are not in the store (${first.name} ${first.version})`;
  if (archives.length === 0) return what;
  try {
    await store.fetchAll(missing, {
      archives,
      releases: lock.archives,
      ...(progress === undefined ? {} : { progress }),
      ...(signal === undefined ? {} : { signal }),
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof ProdngError)) throw error;
    return `${what}: ${error.message}`;
  }
}

/** What the lock calls otherwise than the .deb with that SHA-256 calls itself. */
async function misnamed(packages: readonly LockedPackage[], store: Store): Promise<string[]> {
  const findings: string[] = [];
  const queue = [...packages];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      const { name, version, architecture } = item;
      const locked = [name, version, architecture].join(' ');
      const path = store.debPath(item.sha256);
      const own = await ownName(path).catch((error: unknown) => {
        throw ofPackage(item, path, error);
      });
      if (own !== locked) findings.push(`the lock names ${locked}, its .deb is ${own}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return findings.toSorted();
}

async function ownName(path: string): Promise<string> {
  const deb = await openDeb(path);
  try {
    const [stanza] = readDeb822(await deb.control(), path).paragraphs;
    return ['Package', 'Version', 'Architecture'].map((field) => stanza?.get(field) ?? '?').join(' ');
  } finally {
    await deb.close();
  }
}

function compareNode(
  contents: PackageContents,
  prefix: string,
  path: string,
  node: RootfsNode,
  reader: SliceReader,
): string | undefined {
  const found = contents.files.get(prefix + path);
  if (found === undefined) return 'it is missing';
  // a hard link is its first name's file
  const file = found.entry.type === 'hardlink' ? contents.files.get(found.entry.linkPath) : found;
  if (file === undefined || file.entry.type !== node.type)
    return `it is a ${file?.entry.type ?? 'broken link'} here`;
  const { entry } = file;
  if (entry.uid !== 0 || entry.gid !== 0) return `it belongs to ${entry.uid}:${entry.gid}`;
  if (node.type === 'symlink')
    return entry.linkPath === node.target ? undefined : `it leads to ${entry.linkPath}`;
  if (entry.mode !== node.mode) return `its mode is ${entry.mode.toString(8)}, not ${node.mode.toString(8)}`;
  if (node.type !== 'file') return undefined;
  return file.sha256 === hashOf(node.file, reader) ? undefined : 'it has other bytes than in its .deb';
}

function hashOf(
  { size, content }: Extract<RootfsNode, { type: 'file' }>['file'],
  reader: SliceReader,
): string {
  const hash = createHash('sha256');
  if (Buffer.isBuffer(content)) return hash.update(content).digest('hex');
  for (let at = 0; at < size; at += piece) {
    const bytes = Buffer.allocUnsafe(Math.min(piece, size - at));
    reader.read(content, at, bytes);
    hash.update(bytes);
  }
  return hash.digest('hex');
}
