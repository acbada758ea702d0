import { SliceReader } from '../../archive/slice-reader.ts';
import type { RootfsTree } from './rootfs-tree.ts';

const shipped = 'usr/share/ca-certificates/';
const folder = 'etc/ssl/certs';
const newline = Buffer.from('\n');

/**
 * Adds what the maintainer script of ca-certificates makes: a link for each certificate that packages ship in
 * /usr/share/ca-certificates, and the bundle of all, update-ca-certificates(8). Its rule is data: all of them, in the
 * order of their paths, as the package's question is answered by default. The links by hash are not made: OpenSSL
 * and GnuTLS of Debian read the bundle.
 *
 * @param tree a rootfs in which the files of all packages lie; a bundle that is there stays
 * @throws ProdngError IO
 */
export function addCertificates(tree: RootfsTree): void {
  const bundle = `${folder}/ca-certificates.crt`;
  const paths = [...tree.nodes.keys()]
    .filter((path) => path.startsWith(shipped) && path.endsWith('.crt'))
    .sort();
  if (paths.length === 0 || tree.nodes.has(tree.resolve(bundle))) return;
  const reader = new SliceReader();
  const parts: Buffer[] = [];
  try {
    for (const path of paths) {
      const node = tree.nodes.get(path);
      if (node?.type !== 'file') continue;
      const bytes = contentOf(node.file, reader);
      parts.push(bytes);
      if (bytes.at(-1) !== newline[0]) parts.push(newline);
      tree.addLink(`${tree.resolve(folder)}/${linkName(path)}`, `/${path}`);
    }
  } finally {
    reader.close();
  }
  tree.addFile(bundle, Buffer.concat(parts));
}

function contentOf(
  { size, content }: { size: number; content: Buffer | { path: string; offset: number; size: number } },
  reader: SliceReader,
): Buffer {
  if (Buffer.isBuffer(content)) return content;
  const bytes = Buffer.alloc(size);
  reader.read(content, 0, bytes);
  return bytes;
}

/** `A_B.pem` of `mozilla/A B.crt`. */
function linkName(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1, -'.crt'.length);
  return `${name.replaceAll(' ', '_').replace(/[()]/g, '=').replaceAll(',', '_')}.pem`;
}
