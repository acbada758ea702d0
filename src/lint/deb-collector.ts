import { createHash, type Hash } from 'node:crypto';
import type { TarEntry } from '../archive/entry.ts';
import { ByteSearch } from './byte-search.ts';
import { watchedFunctions } from './capability-functions.ts';
import type { DebModel } from './deb-model.ts';
import { KeptBytes } from './elf/kept-bytes.ts';
import { parseElf } from './elf/parse-elf.ts';
import { type FileFacts, Rootfs, type RootfsNode } from './rootfs.ts';

const jailsFolder = 'usr/lib/prodng/jails';
const mostContent = 2 ** 20;

/** Files of a rootfs that checks read. */
const contentPaths = new Set([
  '/etc/passwd',
  '/etc/group',
  '/etc/ld.so.preload',
  '/etc/ld.so.cache',
  '/etc/machine-id',
  '/var/lib/dbus/machine-id',
  '/etc/hostname',
  '/etc/shadow',
]);

export interface CollectedDeb {
  deb: DebModel;
  rootfs: Rootfs;
  overrides?: { path: string; text: string };
}

/** Builds the model of a .deb while its entries stream by; of contents it keeps only what checks need. */
export class DebCollector {
  readonly #entries: TarEntry[] = [];
  readonly #nodes = new Map<string, RootfsNode>();
  readonly #contents = new Map<string, Buffer>();
  readonly #md5 = new Map<string, string>();
  readonly #kept = new KeptBytes();
  readonly #buildPath: ByteSearch;
  readonly #withBuildPath = new Set<string>();
  readonly #hostName: ByteSearch;
  readonly #withHostName = new Set<string>();
  readonly #name: string;
  readonly #extraContents: Set<string>;
  #foundFolder: string | undefined;
  /** The rootfs of that folder. */
  #prefix = '';
  #entry: TarEntry | undefined;
  /** In the rootfs, as the jail sees it. */
  #path: string | undefined;
  #hash: Hash = createHash('md5');
  #lockText: string | undefined;
  #overrides: { path: string; text: string } | undefined;

  /** @param command the jail's argv: the files that it names are kept to find their imports */
  constructor(name: string, command: readonly string[]) {
    this.#name = name;
    this.#buildPath = new ByteSearch(buildPathsOf(name));
    this.#hostName = new ByteSearch(hostNamesOf(name));
    this.#extraContents = new Set(command.filter((word) => word.startsWith('/')));
  }

  begin(entry: TarEntry): void {
    this.#entry = entry;
    this.#entries.push(entry);
    const path = this.#jailPath(entry.path);
    this.#path = path;
    if (path !== undefined && entry.type !== 'file') this.#addNode(path, entry);
    if (entry.type !== 'file') return;
    this.#hash = createHash('md5');
    this.#kept.begin(entry.size);
    this.#buildPath.begin();
    this.#hostName.begin();
  }

  update(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.#kept.update(piece);
    if (!this.#kept.isElf()) return;
    this.#buildPath.update(piece);
    this.#hostName.update(piece);
  }

  /** Ends a regular file, empty ones included. */
  endFile(): void {
    const entry = this.#entry;
    if (entry === undefined) return;
    this.#md5.set(entry.path, this.#hash.digest('hex'));
    const path = this.#path;
    if (path === undefined) {
      this.#keepOwnFile(entry);
      return;
    }
    const what = this.#facts(entry);
    const node = this.#addNode(path, entry);
    if (what !== undefined) node.what = what;
    if (this.#buildPath.found) this.#withBuildPath.add(path);
    if (this.#hostName.found) this.#withHostName.add(path);
    // which script a link of the command leads to is not known yet: scripts are small, all are kept
    const isWanted = contentPaths.has(path) || this.#extraContents.has(path) || what?.kind === 'script';
    if (isWanted && entry.size <= mostContent) this.#contents.set(path, this.#copy(entry.size));
  }

  finish(facts: Pick<DebModel, 'members' | 'compression' | 'controlFiles'>): CollectedDeb {
    const jailFolder = `${jailsFolder}/${this.#name}`;
    const folder = this.#entries.find(({ path }) => path === (this.#foundFolder ?? jailFolder));
    const deb: DebModel = {
      ...facts,
      jailFolder,
      entries: this.#entries,
      md5: this.#md5,
      withBuildPath: this.#withBuildPath,
      withHostName: this.#withHostName,
      epoch: folder?.mtime ?? this.#entries[0]?.mtime ?? 0,
      ...(this.#foundFolder === undefined ? {} : { foundFolder: this.#foundFolder }),
      ...(this.#lockText === undefined ? {} : { lockText: this.#lockText }),
    };
    return {
      deb,
      rootfs: new Rootfs(this.#nodes, this.#contents),
      ...(this.#overrides === undefined ? {} : { overrides: this.#overrides }),
    };
  }

  /** A path in the rootfs as the jail sees it, or undefined for everything else in the .deb. */
  #jailPath(path: string): string | undefined {
    if (this.#foundFolder === undefined) {
      if (!path.startsWith(`${jailsFolder}/`)) return undefined;
      const [name = ''] = path.slice(jailsFolder.length + 1).split('/', 1);
      this.#foundFolder = `${jailsFolder}/${name}`;
      this.#prefix = `${this.#foundFolder}/rootfs`;
    }
    if (path === this.#prefix) return '/';
    return path.startsWith(`${this.#prefix}/`) ? path.slice(this.#prefix.length) : undefined;
  }

  #addNode(path: string, entry: TarEntry): RootfsNode {
    const { type, mode, size, mtime, linkPath } = entry;
    const linked = type === 'hardlink' ? this.#nodes.get(this.#jailPath(linkPath) ?? '') : undefined;
    const node: RootfsNode =
      linked === undefined
        ? { path, type: type === 'hardlink' ? 'file' : type, mode, size, mtime, target: linkPath }
        : { ...linked, path };
    this.#nodes.set(path, node);
    const content = linked === undefined ? undefined : this.#contents.get(linked.path);
    if (content !== undefined) this.#contents.set(path, content);
    return node;
  }

  #keepOwnFile(entry: TarEntry): void {
    const name = entry.path.slice(entry.path.lastIndexOf('/') + 1);
    if (entry.size > mostContent * 16) return;
    if (name === 'jail.lock') this.#lockText = this.#copy(entry.size).toString();
    if (name === 'jail.lint-overrides' && entry.size <= mostContent)
      this.#overrides = { path: entry.path, text: this.#copy(entry.size).toString() };
  }

  #copy(size: number): Buffer {
    return Buffer.from(this.#kept.slice(0, size) ?? Buffer.alloc(0));
  }

  #facts({ size, mode }: TarEntry): FileFacts | undefined {
    if (this.#kept.isElf()) {
      const elf = parseElf(this.#kept, watchedFunctions);
      return 'fault' in elf ? { kind: 'broken-elf', fault: elf } : { kind: 'elf', elf };
    }
    const head = this.#kept.slice(0, Math.min(size, 256));
    if (head === undefined || head.length < 4) return undefined;
    if (head[0] === 0x23 && head[1] === 0x21 && (mode & 0o111) !== 0) {
      const newline = head.indexOf(10);
      return { kind: 'script', line: head.toString('utf8', 2, newline < 0 ? head.length : newline).trim() };
    }
    if (head[0] === 0x1f && head[1] === 0x8b && head.length >= 10)
      return { kind: 'gzip', time: head.readUInt32LE(4) };
    // a .pyc ends its magic number with CR LF: PEP 552
    if (head[2] === 0x0d && head[3] === 0x0a && head.length >= 16)
      return { kind: 'pyc', flags: head.readUInt32LE(4), time: head.readUInt32LE(8) };
    const text = head.toString('latin1');
    if (/^-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----/m.test(text)) return { kind: 'private-key' };
    return undefined;
  }
}

/** Where prodng builds: the source's folder, with and without its version. */
function buildPathsOf(name: string): string[] {
  return name === '' ? [] : [`/build/${name}/`, `/build/${name}-`];
}

/** What hostname(1) says where prodng builds: as a text of its own, or after the account. */
function hostNamesOf(name: string): string[] {
  return name === 'prodng' ? [] : ['\0prodng\0', 'builder@prodng'];
}
