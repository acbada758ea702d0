import type { TarEntry } from '../../archive/entry.ts';
import type { FileSlice } from '../../archive/segment.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import type { Component, ComponentEntry } from './component.ts';
import { relationNames } from './replaces.ts';
import { rootfsMode } from './rootfs-mode.ts';
import { usrMerged } from './usr-merge.ts';

/** The bytes of a regular file. Two paths with the same object are hard links of each other. */
export interface RootfsFile {
  size: number;
  content: FileSlice | Buffer;
}

export type RootfsNode = { component: Component | undefined; mode: number; mtime: number } & (
  | { type: 'directory' }
  | { type: 'symlink'; target: string }
  | { type: 'file'; file: RootfsFile }
);

/** A file whose permissions in the rootfs are not those of its package. */
export interface ChangedMode {
  /** Absolute in the jail. */
  path: string;
  package: string;
  /** As packed: the owners by name or number, and the permissions. */
  owner: string;
  from: number;
  to: number;
}

/** Links followed before a path counts as a loop: the kernel's own limit, path_resolution(7). */
const mostLinks = 40;

/**
 * A rootfs as a tree of paths that point into the components' tars. Paths are relative, usr-merged and free of
 * symbolic links in their folders, as they would be after unpacking.
 */
export class RootfsTree {
  readonly nodes = new Map<string, RootfsNode>();
  /** Paths that several components have, where `dpkgDecides`. */
  readonly contested = new Set<string>();
  readonly #dpkgDecides: boolean;

  /** @param dpkgDecides the packages are installed afterwards: a diversion may let two of them have one path */
  constructor(dpkgDecides = false) {
    this.#dpkgDecides = dpkgDecides;
  }

  /** Files of components whose permissions changed, sorted by path: set-id programs, and files of other owners. */
  get changedModes(): ChangedMode[] {
    const changed: ChangedMode[] = [];
    for (const [path, { component }] of this.nodes) {
      const entry = component === undefined ? undefined : this.#changed.get(component)?.get(path);
      if (component === undefined || entry === undefined) continue;
      const { uname, uid, gname, gid, mode: from } = entry;
      const owner = `${uname || uid}:${gname || gid}`;
      changed.push({ path: `/${path}`, package: component.name, owner, from, to: rootfsMode(path, entry) });
    }
    return changed.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  readonly #changed = new Map<Component, Map<string, TarEntry>>();

  isDirectory(path: string): boolean {
    return this.nodes.get(path)?.type === 'directory';
  }

  /** Adds a folder and those above it where there is nothing yet. */
  addFolder(path: string, mode = 0o755): void {
    if (path === '' || path === '.') return;
    const there = this.nodes.get(path);
    if (there?.type === 'directory') return;
    if (there !== undefined)
      throw conflict(path, `a ${there.type} of ${owner(there)} is where a folder must be`);
    this.addFolder(parentOf(path));
    this.nodes.set(path, { type: 'directory', component: undefined, mode, mtime: 0 });
  }

  /** Adds a file of our own where there is none, with its folders. Nothing of a component is replaced. */
  addFile(path: string, content: string | Buffer): void {
    const resolved = this.resolve(path);
    if (this.nodes.has(resolved)) return;
    this.addFolder(parentOf(resolved));
    const bytes = Buffer.from(content);
    const file: RootfsFile = { size: bytes.length, content: bytes };
    this.nodes.set(resolved, { type: 'file', file, component: undefined, mode: 0o644, mtime: 0 });
  }

  /** Adds a symbolic link where there is nothing. */
  addLink(path: string, target: string): void {
    if (this.nodes.has(path)) return;
    this.addFolder(parentOf(path));
    this.nodes.set(path, { type: 'symlink', target, component: undefined, mode: 0o777, mtime: 0 });
  }

  /** The path with the symbolic links in its folders followed, within the root; the last part is not. */
  resolve(path: string, links = 0): string {
    if (links > mostLinks) throw new ProdngError('COMPOSE', `/${path}: too many symbolic links on the way`);
    const parts = usrMerged(path).split('/');
    let at = '';
    for (const [index, part] of parts.entries()) {
      if (part === '' || part === '.') continue;
      if (part === '..') {
        at = parentOf(at);
        continue;
      }
      const next = at === '' ? part : `${at}/${part}`;
      const node = this.nodes.get(next);
      if (node?.type === 'symlink' && index < parts.length - 1) {
        const base = node.target.startsWith('/') ? node.target.slice(1) : `${at}/${node.target}`;
        const rest = parts.slice(index + 1).join('/');
        return this.resolve(`${base}/${rest}`.replace(/^\/+/, ''), links + 1);
      }
      at = next;
    }
    return usrMerged(at);
  }

  /** Lays a component's symbolic links, which decide where the paths below them lie. Call for all before addFiles. */
  async addLinks(component: Component): Promise<void> {
    for (const entry of component.entries) {
      if (entry.type !== 'symlink') continue;
      await this.#put(usrMerged(entry.path), {
        component,
        mode: 0o777,
        mtime: entry.mtime,
        type: 'symlink',
        target: entry.linkPath,
      });
    }
  }

  /** Lays a component's folders and files. */
  async addFiles(component: Component): Promise<void> {
    const files = new Map<string, RootfsFile>();
    for (const entry of component.entries) {
      const { path, type } = entry;
      if (path === '.' || type === 'symlink') continue;
      const resolved = this.resolve(path);
      if (type === 'directory') {
        if (this.nodes.get(resolved)?.type === 'symlink') continue;
        this.addFolder(parentOf(resolved));
        await this.#put(resolved, { ...this.#common(resolved, entry, component), type: 'directory' });
        continue;
      }
      const file = contentOf(entry, component, files);
      files.set(path, file);
      this.addFolder(parentOf(resolved));
      await this.#put(resolved, { ...this.#common(resolved, entry, component), type: 'file', file });
    }
  }

  #common(path: string, entry: TarEntry, component: Component) {
    const mode = rootfsMode(path, entry);
    if (entry.type !== 'directory' && mode !== entry.mode) {
      const known = this.#changed.get(component) ?? new Map<string, TarEntry>();
      this.#changed.set(component, known.set(path, entry));
    }
    return { component, mode, mtime: entry.mtime };
  }

  async #put(path: string, node: RootfsNode): Promise<void> {
    const there = this.nodes.get(path);
    if (there === undefined || there.component === node.component) {
      this.nodes.set(path, node);
      return;
    }
    if (there.type === 'directory' && node.type === 'directory') return;
    if (there.type === 'symlink' && node.type === 'symlink' && there.target === node.target) return;
    if (there.component === undefined && there.type === 'directory') {
      throw conflict(path, `a folder is needed where ${owner(node)} has a ${node.type}`);
    }
    if (await replaces(node, there)) this.nodes.set(path, node);
    else if (await replaces(there, node)) return;
    else if (this.#dpkgDecides) this.contested.add(path);
    else throw conflict(path, `both ${owner(there)} and ${owner(node)} have it`);
  }
}

export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '' : path.slice(0, slash);
}

function contentOf(
  entry: ComponentEntry,
  component: Component,
  files: ReadonlyMap<string, RootfsFile>,
): RootfsFile {
  if (entry.type === 'hardlink') {
    const file = files.get(entry.linkPath);
    if (file !== undefined) return file;
    throw conflict(
      entry.path,
      `${component.name} has a hard link to ${entry.linkPath}, which is not before it`,
    );
  }
  if (entry.type !== 'file')
    throw conflict(entry.path, `${component.name} has a ${entry.type} there: a rootfs holds none`);
  return { size: entry.size, content: { path: component.tar, offset: entry.offset, size: entry.size } };
}

/** Debian Policy 7.6.1: a package may take over files of those it Replaces. */
async function replaces(a: RootfsNode, b: RootfsNode): Promise<boolean> {
  if (a.component === undefined || b.component === undefined) return false;
  return relationNames(await a.component.replaces()).has(b.component.name);
}

function owner(node: RootfsNode): string {
  return node.component?.name ?? 'prodng';
}

function conflict(path: string, why: string): ProdngError {
  return new ProdngError('COMPOSE', `/${path}: ${why}`, {
    hint: 'leave one of the packages out of Depends, or name the path in Jail-Prune',
  });
}
