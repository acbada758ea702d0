import type { ElfFile } from '../elf/elf-types.ts';
import type { Rootfs, RootfsNode } from '../rootfs.ts';
import { parseLinkerCache } from './linker-cache.ts';

/** A library that the loader would not find. */
export interface MissingLibrary {
  name: string;
  /** The file that needs it. */
  neededBy: string;
}

export interface LoaderOptions {
  /** LD_LIBRARY_PATH, split. */
  libraryPath: readonly string[];
  /** `x86_64-linux-gnu` */
  triplet: string | undefined;
}

interface LoadedObject {
  path: string;
  elf: ElfFile;
  /** What had it loaded: its DT_RPATH counts too. */
  parent: LoadedObject | undefined;
}

/** An ELF file of the rootfs, with links followed, or undefined. */
export function elfAt(rootfs: Rootfs, path: string): { path: string; elf: ElfFile } | undefined {
  const node = rootfs.at(path);
  return node?.what?.kind === 'elf' ? { path: node.path, elf: node.what.elf } : undefined;
}

/**
 * Finds all libraries of programs as the dynamic loader does, ld.so(8): DT_RPATH of the object and of what loaded it
 * unless it has a DT_RUNPATH, LD_LIBRARY_PATH, DT_RUNPATH, /etc/ld.so.cache, and Debian's default folders. musl's
 * loader has its own rules.
 */
export class LibraryLoader {
  readonly #rootfs: Rootfs;
  readonly #options: LoaderOptions;
  readonly #cache: ReadonlyMap<string, readonly string[]>;

  constructor(rootfs: Rootfs, options: LoaderOptions) {
    this.#rootfs = rootfs;
    this.#options = options;
    const cache = rootfs.content('/etc/ld.so.cache');
    this.#cache = (cache && parseLinkerCache(cache)) ?? new Map<string, string[]>();
  }

  /** What is loaded with a program or library, itself included, and what is missing. */
  load(node: RootfsNode): { loaded: ReadonlySet<string>; missing: MissingLibrary[] } {
    const missing: MissingLibrary[] = [];
    const loaded = new Set<string>();
    const names = new Set<string>();
    const what = node.what;
    if (what?.kind !== 'elf') return { loaded, missing };
    const isMusl = /\/ld-musl-/.test(what.elf.interpreter ?? '');
    const queue: LoadedObject[] = [{ path: node.path, elf: what.elf, parent: undefined }];
    loaded.add(node.path);
    // the loader itself is in the process already, whatever folder it is in
    const loader = what.elf.interpreter === undefined ? undefined : elfAt(this.#rootfs, what.elf.interpreter);
    if (loader?.elf.soname !== undefined) names.add(loader.elf.soname);
    for (let object = queue.shift(); object !== undefined; object = queue.shift()) {
      if (object.elf.soname !== undefined) names.add(object.elf.soname);
      for (const name of object.elf.needed) {
        if (names.has(name) || (isMusl && /^lib(?:c|pthread|rt|m|dl|util|xnet)\./.test(name))) continue;
        names.add(name);
        const found = this.#find(name, object, isMusl);
        if (found === undefined) missing.push({ name, neededBy: object.path });
        else if (!loaded.has(found.path)) {
          loaded.add(found.path);
          queue.push({ ...found, parent: object });
        }
      }
    }
    return { loaded, missing };
  }

  #find(name: string, object: LoadedObject, isMusl: boolean): { path: string; elf: ElfFile } | undefined {
    const fits = (path: string): { path: string; elf: ElfFile } | undefined => {
      const found = elfAt(this.#rootfs, path);
      const { elf } = object;
      return found?.elf.machine === elf.machine && found.elf.bits === elf.bits ? found : undefined;
    };
    if (name.includes('/')) return fits(this.#expand(name, object.path));
    for (const folder of this.#folders(object, isMusl)) {
      const found = fits(`${folder}/${name}`);
      if (found !== undefined) return found;
    }
    if (!isMusl) {
      for (const path of this.#cache.get(name) ?? []) {
        if (
          object.elf.noDefaultLibraries &&
          this.#defaults(false).some((folder) => path.startsWith(`${folder}/`))
        )
          continue;
        const found = fits(path);
        if (found !== undefined) return found;
      }
    }
    if (object.elf.noDefaultLibraries) return undefined;
    for (const folder of this.#defaults(isMusl)) {
      const found = fits(`${folder}/${name}`);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  *#folders(object: LoadedObject, isMusl: boolean): Iterable<string> {
    // musl takes DT_RPATH and DT_RUNPATH for the same, inherited either way, after LD_LIBRARY_PATH
    if (isMusl) yield* this.#options.libraryPath;
    if (isMusl || object.elf.runpath.length === 0) {
      for (let each: LoadedObject | undefined = object; each !== undefined; each = each.parent) {
        const { rpath, runpath } = each.elf;
        const paths = isMusl ? [...runpath, ...rpath] : runpath.length === 0 ? rpath : [];
        for (const path of paths) yield this.#expand(path, each.path);
      }
    }
    if (isMusl) return;
    yield* this.#options.libraryPath;
    for (const path of object.elf.runpath) yield this.#expand(path, object.path);
  }

  /** $ORIGIN, $LIB and $PLATFORM, ld.so(8). */
  #expand(path: string, object: string): string {
    const { triplet } = this.#options;
    const origin = object.slice(0, object.lastIndexOf('/'));
    return path
      .replace(/\$(?:ORIGIN\b|\{ORIGIN\})/g, origin)
      .replace(/\$(?:LIB\b|\{LIB\})/g, triplet === undefined ? 'lib' : `lib/${triplet}`)
      .replace(/\$(?:PLATFORM\b|\{PLATFORM\})/g, triplet?.split('-')[0] ?? '');
  }

  #defaults(isMusl: boolean): string[] {
    if (isMusl) return ['/lib', '/usr/local/lib', '/usr/lib'];
    const { triplet } = this.#options;
    return [...(triplet === undefined ? [] : [`/lib/${triplet}`, `/usr/lib/${triplet}`]), '/lib', '/usr/lib'];
  }
}
