import type { SegmentEntry, TarSegment } from '../../archive/segment.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { accountFiles } from './accounts.ts';
import { addCertificates } from './certificates.ts';
import type { Component } from './component.ts';
import { pruner } from './prune.ts';
import { parentOf, RootfsTree } from './rootfs-tree.ts';
import { usrMerged, usrMergeLinks } from './usr-merge.ts';

/** A jail has no package manager, even if something depends on one. */
const packageManagers = new Set(['apt', 'apt-utils', 'aptitude', 'dpkg']);

const skeleton = [
  'dev',
  'etc',
  'proc',
  'root',
  'run',
  'sys',
  'tmp',
  'var/tmp',
  'var/lib',
  'var/cache',
  'var/log',
];
const stickyFolders = new Set(['tmp', 'var/tmp']);

const hosts = '127.0.0.1\tlocalhost\n::1\tlocalhost\n';
const nsswitch =
  'passwd: files\ngroup: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n';

/** What of a declaration decides on the files of a rootfs. */
type ComposeDeclaration = Pick<JailDeclaration, 'prune' | 'user' | 'filesystem' | 'compose'>;

/**
 * Composes a rootfs: the files of all components as if unpacked over each other, without what is pruned, with the
 * folders, accounts and mount points that a jail needs. Nothing is written: the tree points into the components.
 *
 * @param components the locked packages, and the built one
 * @param afterUnpacking lays what else there is above the components' files
 * @throws ProdngError COMPOSE when two packages have the same file, or one has what a rootfs must not hold; where
 *   maintainer scripts run (`Jail-Compose: install`) dpkg tells a conflict, because it knows diversions
 */
export async function composeRootfs(
  components: readonly Component[],
  declaration: ComposeDeclaration,
  afterUnpacking?: (tree: RootfsTree) => Promise<void>,
): Promise<RootfsTree> {
  const isPruned = pruner(declaration.prune);
  const kept = components
    .filter(({ name }) => !packageManagers.has(name))
    .map((component) => ({
      ...component,
      entries: component.entries.filter(({ path }) => !isPruned(usrMerged(path))),
    }));
  const tree = new RootfsTree(declaration.compose === 'install');
  // the links by which packages of old keep working; they decide where other packages' files lie
  for (const [path, target] of [
    ['var/run', '/run'],
    ['var/lock', '/run/lock'],
  ] as const)
    tree.addLink(path, target);
  for (const component of kept) await tree.addLinks(component);
  for (const component of kept) await tree.addFiles(component);
  await afterUnpacking?.(tree);
  addCertificates(tree);
  dropDanglingDocs(tree);
  for (const path of skeleton) tree.addFolder(tree.resolve(path), stickyFolders.has(path) ? 0o1777 : 0o755);
  for (const { path, target } of usrMergeLinks((folder) => tree.isDirectory(folder)))
    tree.addLink(path, target);
  addConfiguration(tree, declaration);
  return tree;
}

function addConfiguration(tree: RootfsTree, declaration: ComposeDeclaration): void {
  const { passwd, group } = accountFiles(declaration.user);
  tree.addFile('etc/passwd', passwd);
  tree.addFile('etc/group', group);
  tree.addFile('etc/hosts', hosts);
  tree.addFile('etc/nsswitch.conf', nsswitch);
  tree.addFile('etc/resolv.conf', '');
  // libc6 ships where its libraries are, and libc-bin, which few rootfs have, that it is to be read
  if (tree.isDirectory('etc/ld.so.conf.d'))
    tree.addFile('etc/ld.so.conf', 'include /etc/ld.so.conf.d/*.conf\n');
  for (const mount of declaration.filesystem) {
    if (mount.kind !== 'ro') tree.addFolder(tree.resolve(mount.path.slice(1)));
  }
}

/** A link to documentation that was pruned leads nowhere; one to a folder with its copyright file stays. */
function dropDanglingDocs(tree: RootfsTree): void {
  for (const [path, node] of tree.nodes) {
    if (node.type !== 'symlink' || !path.startsWith('usr/share/doc/')) continue;
    const base = node.target.startsWith('/') ? node.target.slice(1) : `${parentOf(path)}/${node.target}`;
    if (!tree.nodes.has(tree.resolve(base))) tree.nodes.delete(path);
  }
}

/**
 * Lays a rootfs out for writing: all folders first, then one segment a component, so that a change in one of them
 * leaves the others' bytes as they are.
 *
 * @param prefix where the rootfs lies in the .deb: relative
 * @param mtime seconds: no time is later, and folders, which many packages share, have just this one
 * @param changing the component that changes with every build: it shares no compressed block with another
 */
export function rootfsSegments(
  tree: RootfsTree,
  prefix: string,
  mtime: number,
  changing?: string,
): TarSegment[] {
  const folders: SegmentEntry[] = [];
  const components = new Map<string, SegmentEntry[]>();
  const paths = new Map<object, string>();
  const sorted = [...tree.nodes].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [path, node] of sorted) {
    const place = `${prefix}/${path}`;
    const header = {
      path: place,
      mode: node.mode,
      uid: 0,
      gid: 0,
      uname: 'root',
      gname: 'root',
      mtime: node.type === 'directory' || node.component === undefined ? mtime : Math.min(node.mtime, mtime),
      size: 0,
      linkPath: '',
    };
    if (node.type === 'directory') {
      folders.push({ entry: { ...header, type: 'directory' } });
      continue;
    }
    const name = node.component?.name ?? 'prodng';
    const entries = components.get(name) ?? [];
    components.set(name, entries);
    if (node.type === 'symlink') {
      entries.push({ entry: { ...header, type: 'symlink', linkPath: node.target } });
      continue;
    }
    const first = paths.get(node.file);
    if (first !== undefined) {
      entries.push({ entry: { ...header, type: 'hardlink', linkPath: first } });
      continue;
    }
    paths.set(node.file, place);
    const { size, content } = node.file;
    entries.push({ entry: { ...header, type: 'file', size }, ...(size === 0 ? {} : { content }) });
  }
  const names = [...components.keys()].sort((a, b) => (a < b ? -1 : 1));
  return [
    { name: 'folders', entries: folders },
    ...names.map((name) => ({ name, entries: components.get(name) ?? [], apart: name === changing })),
  ];
}
