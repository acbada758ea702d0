import type { ElfFault, ElfFile } from './elf/elf-types.ts';

/** One path of a rootfs. */
export interface RootfsNode {
  /** Absolute in the jail, normalised. */
  path: string;
  type: 'file' | 'directory' | 'symlink' | 'character' | 'block' | 'fifo';
  /** 0 to 0o7777. */
  mode: number;
  /** Bytes. */
  size: number;
  /** Seconds. */
  mtime: number;
  /** Of a symlink. */
  target: string;
  /** What a regular file is; absent for everything that lint does not inspect. */
  what?: FileFacts;
}

/** What the first bytes of a file say. */
export type FileFacts =
  | { kind: 'elf'; elf: ElfFile }
  | { kind: 'broken-elf'; fault: ElfFault }
  | { kind: 'script'; line: string }
  | { kind: 'gzip'; time: number }
  | { kind: 'pyc'; flags: number; time: number }
  | { kind: 'private-key' };

/** Where a path leads once its links are followed. */
export type Resolved = { node: RootfsNode } | { missing: string } | { loop: string };

const mostLinks = 40;

/** The file tree of a jail, as path_resolution(7) sees it from inside. */
export class Rootfs {
  readonly nodes: ReadonlyMap<string, RootfsNode>;
  /** Whole contents of the few files that checks read, by their path. */
  readonly contents: ReadonlyMap<string, Buffer>;
  #children: Map<string, RootfsNode[]> | undefined;

  constructor(nodes: ReadonlyMap<string, RootfsNode>, contents: ReadonlyMap<string, Buffer>) {
    this.nodes = nodes;
    this.contents = contents;
  }

  /**
   * Follows a path, and every link in it, within the rootfs.
   *
   * @param follow whether a link at the very end is followed as well
   */
  resolve(path: string, follow = true): Resolved {
    let parts = path.split('/').filter((part) => part !== '' && part !== '.');
    let current = '';
    let links = 0;
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index] ?? '';
      if (part === '..') {
        current = current.slice(0, Math.max(0, current.lastIndexOf('/')));
        continue;
      }
      const next = `${current}/${part}`;
      const node = this.nodes.get(next);
      const isLast = index === parts.length - 1;
      if (node === undefined) return { missing: next };
      if (node.type !== 'symlink' || (isLast && !follow)) {
        if (!isLast && node.type !== 'directory') return { missing: next };
        current = next;
        continue;
      }
      links += 1;
      if (links > mostLinks) return { loop: next };
      const target = node.target.split('/').filter((word) => word !== '' && word !== '.');
      parts = [...target, ...parts.slice(index + 1)];
      if (node.target.startsWith('/')) current = '';
      index = -1;
    }
    const node = this.nodes.get(current === '' ? '/' : current);
    return node === undefined ? { missing: current || '/' } : { node };
  }

  /** The node that a path leads to, or undefined. */
  at(path: string): RootfsNode | undefined {
    const resolved = this.resolve(path);
    return 'node' in resolved ? resolved.node : undefined;
  }

  /** Content of one of the files that are kept, links followed. */
  content(path: string): Buffer | undefined {
    const node = this.at(path);
    return node === undefined ? undefined : this.contents.get(node.path);
  }

  /** What lies directly in a folder, by its own path. */
  children(path: string): readonly RootfsNode[] {
    this.#children ??= this.#indexChildren();
    return this.#children.get(path) ?? [];
  }

  #indexChildren(): Map<string, RootfsNode[]> {
    const children = new Map<string, RootfsNode[]>();
    for (const node of this.nodes.values()) {
      if (node.path === '/') continue;
      const parent = node.path.slice(0, node.path.lastIndexOf('/')) || '/';
      const siblings = children.get(parent);
      if (siblings === undefined) children.set(parent, [node]);
      else siblings.push(node);
    }
    return children;
  }
}
