import { type FileHandle, open } from 'node:fs/promises';
import type { TarEntry, TarItem } from '../../archive/entry.ts';
import type { JailDeclaration } from '../../control/jail-declaration.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { withAccount } from './accounts.ts';
import { installedContent, isLeftOut } from './installed-files.ts';
import { pruner } from './prune.ts';
import { rootfsMode } from './rootfs-mode.ts';
import { parentOf, type RootfsFile, type RootfsNode, type RootfsTree } from './rootfs-tree.ts';
import { usrMerged, usrMergeLinks } from './usr-merge.ts';

export interface InstalledTreeOptions {
  /** Paths of packages that are installed but not in the rootfs: usr-merged. */
  elsewhere: ReadonlySet<string>;
  declaration: JailDeclaration;
  /** Seconds. */
  sourceDateEpoch: number;
  /** A file for the contents that no package has. */
  spool: string;
}

const topLinks = new Set(usrMergeLinks(() => true).map(({ path }) => path));
/** Mounted when a jail starts: links may lead there. */
const mounted = /^(?:proc|sys|dev|run|tmp)(?:\/|$)/;

/**
 * What maintainer scripts changed, laid over a tree of packages' files: an installed root is compared with it, and
 * only what differs is added, replaced or taken away. So files stay their packages' where no script touched them.
 */
export class InstalledTree {
  readonly #tree: RootfsTree;
  readonly #options: InstalledTreeOptions;
  readonly #isPruned: (path: string) => boolean;
  readonly #seen = new Set<string>();
  readonly #added = new Set<string>();
  #spooled = 0;

  constructor(tree: RootfsTree, options: InstalledTreeOptions) {
    this.#tree = tree;
    this.#options = options;
    this.#isPruned = pruner(options.declaration.prune);
  }

  /**
   * Lays an installed root over the tree.
   *
   * @throws ProdngError COMPOSE for what a rootfs must not hold, or what reading the root throws
   */
  async lay(entries: AsyncIterable<TarItem>): Promise<void> {
    const spool = await open(this.#options.spool, 'w');
    try {
      for await (const { entry, content } of entries) await this.#entry(entry, content, spool);
    } finally {
      await spool.close();
    }
    if (this.#seen.size === 0) throw new ProdngError('COMPOSE', 'the installed root is empty');
    this.#dropRemoved();
    this.#dropDangling();
  }

  async #entry(entry: TarEntry, content: AsyncIterable<Uint8Array>, spool: FileHandle): Promise<void> {
    const path = usrMerged(entry.path);
    if (path === '.' || topLinks.has(entry.path)) return;
    this.#seen.add(path);
    if (isLeftOut(path, entry.type === 'directory') || this.#isPruned(path)) return;
    const there = this.#tree.nodes.get(path);
    if (there === undefined && this.#options.elsewhere.has(path)) return;
    const mode = rootfsMode(path, entry);
    switch (entry.type) {
      case 'directory':
        if (there?.type === 'directory') there.mode = mode;
        else if (there === undefined) this.#tree.addFolder(path, mode);
        return;
      case 'symlink':
        if (there?.type !== 'symlink' || there.target !== entry.linkPath)
          this.#put(path, { ...made, mode: 0o777, type: 'symlink', target: entry.linkPath });
        return;
      case 'file':
        return await this.#file(path, mode, there, await allOf(content), spool);
      case 'hardlink':
        return this.#hardlink(path, usrMerged(entry.linkPath), mode);
      default:
        throw new ProdngError(
          'COMPOSE',
          `/${path}: a maintainer script made a ${entry.type}: a rootfs holds none`,
          {
            hint: 'name the path in Jail-Prune, and declare what the service needs in Jail-Filesystem',
          },
        );
    }
  }

  async #file(
    path: string,
    mode: number,
    there: RootfsNode | undefined,
    bytes: Buffer,
    spool: FileHandle,
  ): Promise<void> {
    const { sourceDateEpoch, declaration } = this.#options;
    const wanted = withAccount(path, installedContent(path, bytes, sourceDateEpoch), declaration.user);
    if (there?.type === 'file' && (await hasContent(there.file, wanted))) {
      there.mode = mode;
      return;
    }
    await spool.write(wanted);
    const content = { path: this.#options.spool, offset: this.#spooled, size: wanted.length };
    this.#spooled += wanted.length;
    this.#put(path, { ...made, mode, type: 'file', file: { size: wanted.length, content } });
  }

  /** Its content came with the first of the links. */
  #hardlink(path: string, first: string, mode: number): void {
    const there = this.#tree.nodes.get(path);
    const target = this.#tree.nodes.get(first);
    if (target?.type !== 'file' || (there?.type === 'file' && there.file === target.file)) return;
    this.#put(path, { ...made, mode, type: 'file', file: target.file });
  }

  #put(path: string, node: RootfsNode): void {
    this.#tree.addFolder(parentOf(path));
    this.#tree.nodes.set(path, node);
    this.#added.add(path);
  }

  /** What a package has and the installed root has not, a script has taken away. */
  #dropRemoved(): void {
    for (const [path, node] of this.#tree.nodes) {
      if (node.component === undefined || mounted.test(path)) continue;
      if (node.type === 'directory' ? false : !this.#seen.has(path) || isLeftOut(path, false))
        this.#tree.nodes.delete(path);
    }
  }

  /** Links that scripts made to files of packages that are not in the rootfs: alternatives of awk, of a pager. */
  #dropDangling(): void {
    for (const path of this.#added) {
      const node = this.#tree.nodes.get(path);
      if (node?.type === 'symlink' && !this.#leadsSomewhere(path)) this.#tree.nodes.delete(path);
    }
  }

  #leadsSomewhere(path: string, links = 0): boolean {
    const at = this.#tree.resolve(path);
    if (at === '' || mounted.test(at)) return true;
    const node = this.#tree.nodes.get(at);
    if (node?.type !== 'symlink') return node !== undefined;
    if (links > 40) return false;
    const { target } = node;
    return this.#leadsSomewhere(
      target.startsWith('/') ? target.slice(1) : `${parentOf(at)}/${target}`,
      links + 1,
    );
  }
}

/** Of no package, and as old as the folders that prodng makes. */
const made = { component: undefined, mtime: 0 } as const;

async function allOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

async function hasContent({ size, content }: RootfsFile, wanted: Buffer): Promise<boolean> {
  if (size !== wanted.length) return false;
  if (Buffer.isBuffer(content)) return content.equals(wanted);
  const file = await open(content.path, 'r');
  try {
    const bytes = Buffer.alloc(size);
    for (let done = 0; done < size; ) {
      const { bytesRead } = await file.read(bytes, done, size - done, content.offset + done);
      if (bytesRead === 0) return false;
      done += bytesRead;
    }
    return bytes.equals(wanted);
  } finally {
    await file.close();
  }
}
