import { SliceReader } from '../../archive/slice-reader.ts';
import { type Lock, packagesFor } from '../../lock/lock.ts';
import { parentOf, type RootfsTree } from '../compose/rootfs-tree.ts';
import { licencesOf } from './licences.ts';
import type { SbomPackage } from './sbom.ts';

/** The longest copyright file of Debian (of the kernel, of browsers) has 2 MB. */
const longestCopyright = 4 * 1024 * 1024;
const mostLinks = 10;

/** What the SBOM says of the rootfs's packages, from the lock and from the copyright files in the rootfs itself. */
export function rootfsPackages(lock: Lock, tree: RootfsTree): SbomPackage[] {
  const archives = new Map(lock.archives.map((archive) => [archive.name, archive]));
  const embedded = new Set<string>();
  for (const { component } of tree.nodes.values()) if (component !== undefined) embedded.add(component.name);
  const reader = new SliceReader();
  try {
    return packagesFor(lock, 'rootfs').map(({ name, version, architecture, sha256, source, archive }) => ({
      name,
      version,
      architecture,
      sha256,
      ...(source === undefined ? {} : { source }),
      origin: archives.get(archive)?.origin ?? 'debian',
      codename: archives.get(archive)?.codename ?? '',
      licences: licencesOf(copyrightOf(tree, name, reader)),
      embedded: embedded.has(name),
    }));
  } finally {
    reader.close();
  }
}

/** The copyright file of a package, empty when there is none. Links lead to that of its sister packages. */
function copyrightOf(tree: RootfsTree, name: string, reader: SliceReader): string {
  let path = `usr/share/doc/${name}/copyright`;
  for (let links = 0; links < mostLinks; links++) {
    path = tree.resolve(path);
    const node = tree.nodes.get(path);
    if (node?.type === 'symlink') {
      const { target } = node;
      path = target.startsWith('/') ? target.slice(1) : `${parentOf(path)}/${target}`;
      continue;
    }
    if (node?.type !== 'file' || node.file.size > longestCopyright) return '';
    const { content, size } = node.file;
    if (Buffer.isBuffer(content)) return content.toString('utf8');
    const bytes = Buffer.alloc(size);
    reader.read(content, 0, bytes);
    return bytes.toString('utf8');
  }
  return '';
}
