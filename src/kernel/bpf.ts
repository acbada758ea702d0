import { closeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { lastError, libraryFunction, libraryFunctionInThread, systemError } from './libc.ts';

// libbpf 1.x, of Debian's libbpf1: answers a negative error number, or a null pointer and errno.

const libbpf = (prototype: string) => libraryFunction('libbpf.so.1', prototype);
const setPrint = libbpf('uintptr_t libbpf_set_print(uintptr_t print)');
const objectOpen = libbpf('uintptr_t bpf_object__open_file(const char *path, uintptr_t options)');
const objectLoad = libbpf('int bpf_object__load(uintptr_t object)');
const objectClose = libbpf('void bpf_object__close(uintptr_t object)');
const findProgram = libbpf('uintptr_t bpf_object__find_program_by_name(uintptr_t object, const char *name)');
const setAutoload = libbpf('int bpf_program__set_autoload(uintptr_t program, bool load)');
const attachProgram = libbpf('uintptr_t bpf_program__attach(uintptr_t program)');
const linkDestroy = libbpf('int bpf_link__destroy(uintptr_t link)');
const findMap = libbpf('uintptr_t bpf_object__find_map_by_name(uintptr_t object, const char *name)');
const mapFd = libbpf('int bpf_map__fd(uintptr_t map)');
const setMaxEntries = libbpf('int bpf_map__set_max_entries(uintptr_t map, uint32_t entries)');
const mapLookup = libbpf('int bpf_map_lookup_elem(int fd, const void *key, void *value)');
const mapUpdate = libbpf(
  'int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)',
);
const mapDelete = libbpf('int bpf_map_delete_elem(int fd, const void *key)');
const mapNext = libbpf('int bpf_map_get_next_key(int fd, const void *key, void *next)');
const objectGet = libbpf('int bpf_obj_get(const char *path)');
const objectPin = libbpf('int bpf_obj_pin(int fd, const char *path)');
const programFd = libbpf('int bpf_program__fd(uintptr_t program)');
const loadInThread = libraryFunctionInThread('libbpf.so.1', 'int bpf_object__load(uintptr_t object)');
const rawOpenInThread = libraryFunctionInThread(
  'libbpf.so.1',
  'int bpf_raw_tracepoint_open(const char *name, int program)',
);
const rawOpen = libbpf('int bpf_raw_tracepoint_open(const char *name, int program)');

const ENOENT = 2;

/** How many entries of a map are read before others get their turn. */
const slice = 512;

/** A BPF object file: opened, then loaded into the kernel with the programs that were chosen. */
export class BpfObject {
  readonly #object: number;

  private constructor(object: number) {
    this.#object = object;
  }

  /**
   * @param programs those to load; the others of the file are left out
   * @param sizes other numbers of entries than the file's, by map
   * @throws SystemError when the kernel refuses one of the programs or maps; Error without libbpf
   */
  static load(
    path: string,
    all: readonly string[],
    programs: readonly string[],
    sizes: Readonly<Record<string, number>> = {},
  ): BpfObject {
    const object = BpfObject.#open(path, all, programs, sizes);
    try {
      check('bpf_object__load', objectLoad(object.#object));
      return object;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** As load. The event loop goes on meanwhile: the kernel takes some 250 ms. */
  static async loadInThread(
    path: string,
    all: readonly string[],
    programs: readonly string[],
  ): Promise<BpfObject> {
    const object = BpfObject.#open(path, all, programs, {});
    try {
      check('bpf_object__load', await loadInThread(object.#object));
      return object;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  static #open(
    path: string,
    all: readonly string[],
    programs: readonly string[],
    sizes: Readonly<Record<string, number>>,
  ): BpfObject {
    // it would write to standard error
    setPrint(0);
    const opened = objectOpen(path, 0);
    if (opened === 0) throw lastError(`bpf_object__open_file ${path}`);
    const object = new BpfObject(opened);
    try {
      for (const name of all)
        check('bpf_program__set_autoload', setAutoload(object.#program(name), programs.includes(name)));
      for (const [name, entries] of Object.entries(sizes))
        check('bpf_map__set_max_entries', setMaxEntries(object.#map(name), entries));
      return object;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** Attaches a program to what its section names, until the link is let go of. */
  attach(name: string): BpfLink {
    const link = attachProgram(this.#program(name));
    if (link === 0) throw lastError(`bpf_program__attach ${name}`);
    return new BpfLink(link);
  }

  /** A map of the object, which owns its descriptor. */
  map(name: string, sizes: EntrySizes): BpfMap {
    return new BpfMap(mapFd(this.#map(name)), sizes);
  }

  /** Keeps a map beyond this process, until the file is removed. */
  pinMap(name: string, path: string): void {
    check(`bpf_obj_pin ${path}`, objectPin(mapFd(this.#map(name)), path));
  }

  /** Keeps a program, for attachPinned. */
  pinProgram(name: string, path: string): void {
    check(`bpf_obj_pin ${path}`, objectPin(programFd(this.#program(name)), path));
  }

  /** Gives up our descriptors; what is attached or pinned goes on. */
  close(): void {
    objectClose(this.#object);
  }

  #program(name: string): number {
    const program = findProgram(this.#object, name);
    if (program === 0) throw lastError(`no BPF program ${name}`);
    return program;
  }

  #map(name: string): number {
    const map = findMap(this.#object, name);
    if (map === 0) throw lastError(`no BPF map ${name}`);
    return map;
  }
}

/** An attached program. */
export class BpfLink {
  readonly #link: number;

  constructor(link: number) {
    this.#link = link;
  }

  /** Detaches it. */
  release(): void {
    linkDestroy(this.#link);
  }
}

/**
 * Attaches a pinned program to the BTF tracepoint or function of its section. It stays attached until the file of the
 * link is removed, whatever becomes of this process.
 *
 * @throws SystemError when the kernel refuses it
 */
export async function attachPinned(program: string, link: string): Promise<void> {
  const fd = check(`bpf_obj_get ${program}`, objectGet(program));
  try {
    pinLink(await rawOpenInThread(null, fd), program, link);
  } finally {
    closeSync(fd);
  }
}

/** As attachPinned, in this thread. */
export function attachPinnedNow(program: string, link: string): void {
  const fd = check(`bpf_obj_get ${program}`, objectGet(program));
  try {
    pinLink(rawOpen(null, fd), program, link);
  } finally {
    closeSync(fd);
  }
}

function pinLink(opened: number, program: string, link: string): void {
  const fd = check(`bpf_raw_tracepoint_open ${program}`, opened);
  try {
    check(`bpf_obj_pin ${link}`, objectPin(fd, link));
  } finally {
    closeSync(fd);
  }
}

/** In bytes. */
export interface EntrySizes {
  key: number;
  value: number;
}

/** A map in the kernel, of fixed keys and values. */
export class BpfMap {
  readonly #fd: number;
  readonly #sizes: EntrySizes;

  constructor(fd: number, sizes: EntrySizes) {
    this.#fd = fd;
    this.#sizes = sizes;
  }

  /** A map that was pinned; the caller closes it. */
  static pinned(path: string, sizes: EntrySizes): BpfMap {
    return new BpfMap(check(`bpf_obj_get ${path}`, objectGet(path)), sizes);
  }

  /** The value of a key, or undefined when it has none. */
  lookup(key: Buffer): Buffer | undefined {
    const value = Buffer.alloc(this.#sizes.value);
    const result = mapLookup(this.#fd, key, value);
    if (result === -ENOENT) return undefined;
    check('bpf_map_lookup_elem', result);
    return value;
  }

  update(key: Buffer, value: Buffer): void {
    check('bpf_map_update_elem', mapUpdate(this.#fd, key, value, 0));
  }

  /** Does nothing when there is no such key. */
  delete(key: Buffer): void {
    const result = mapDelete(this.#fd, key);
    if (result !== -ENOENT) check('bpf_map_delete_elem', result);
  }

  /** All keys: those that come or go meanwhile may be among them or not. None is given twice unless some are deleted. */
  *keys(): Generator<Buffer> {
    let last: Buffer | null = null;
    for (;;) {
      const next = Buffer.alloc(this.#sizes.key);
      const result = mapNext(this.#fd, last, next);
      if (result === -ENOENT) return;
      check('bpf_map_get_next_key', result);
      yield next;
      last = next;
    }
  }

  /** The keys that begin with a number. Others get their turn after each slice of the map. */
  async keysOf(first: number): Promise<Buffer[]> {
    const found: Buffer[] = [];
    let read = 0;
    for (const key of this.keys()) {
      read += 1;
      if (read % slice === 0) await nextTurn();
      if (key.readUInt32LE(0) === first) found.push(key);
    }
    return found;
  }

  /** Deletes all entries whose key begins with a number. */
  async deleteOf(first: number): Promise<void> {
    const doomed = await this.keysOf(first);
    for (const [index, key] of doomed.entries()) {
      if (index % slice === slice - 1) await nextTurn();
      this.delete(key);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function check(what: string, result: number): number {
  if (result < 0) throw systemError(what, -result);
  return result;
}
