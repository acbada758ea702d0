import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fstatSync, fsync, mkdirSync, openSync, write } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errnoOf, ProdngError } from '../error/prodng-error.ts';
import { makeFolderAt, moveAt, openBeneath, removeFolderAt, renameAt, unlinkAt } from '../kernel/at.ts';
import { removeTree } from '../system/remove-tree.ts';
import { outputFault } from './output-fault.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_DIRECTORY } = constants;
/** Without O_NOFOLLOW, which would make a link ENOTDIR: openBeneath follows none, and says ELOOP. */
const folderFlags = O_RDONLY | O_DIRECTORY;

export type OutputData = string | Uint8Array | AsyncIterable<Uint8Array>;

/** Writes bytes at an offset of a file; what lies between is a hole. */
export type WriteAt = (bytes: Uint8Array, offset: number) => Promise<void>;

/**
 * A folder that a command writes results to, held by a descriptor. Sources are hostile, and results often go beside or
 * into one: nothing here follows a symbolic link, opens a name that was there before for writing, or leaves the folder.
 */
export class OutputFolder {
  /** For messages only. */
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * Opens a folder by a path that the user gave. Symbolic links in that path are the user's and are followed.
   *
   * @param make whether to make it, with its parents, when it is missing
   * @throws ProdngError IO
   */
  static open(path: string, make = false): OutputFolder {
    try {
      if (make) mkdirSync(path, { recursive: true });
      return new OutputFolder(path, openSync(path, O_RDONLY | O_DIRECTORY));
    } catch (error) {
      throw outputFault(path, error, 'opened');
    }
  }

  /**
   * Opens a folder beneath this one; no component of `name` may be a symbolic link.
   *
   * @param make whether to make the folder when it is missing; `name` must be one component then
   * @throws ProdngError IO
   */
  folder(name: string, make = false): OutputFolder {
    const path = `${this.path}/${name}`;
    try {
      if (make) makeFolderIfMissing(this.#fd, oneName(name));
      return new OutputFolder(path, openBeneath(this.#fd, name, folderFlags));
    } catch (error) {
      throw outputFault(path, error, 'opened');
    }
  }

  /**
   * The folder of a descriptor, which stays the caller's.
   *
   * @param path for messages
   */
  static of(fd: number, path: string): OutputFolder {
    return new OutputFolder(path, openBeneath(fd, '.', folderFlags));
  }

  /** Opens a folder beneath this one as `folder` does, and makes each folder on the way that is missing. */
  folders(path: string): OutputFolder {
    let folder = OutputFolder.of(this.#fd, this.path);
    for (const name of path.split('/').filter((part) => part !== '' && part !== '.')) {
      const parent = folder;
      try {
        folder = parent.folder(name, true);
      } finally {
        parent.close();
      }
    }
    return folder;
  }

  /** A path that leads to this folder while it is open, for programs too. */
  get place(): string {
    return `/proc/${process.pid}/fd/${this.#fd}`;
  }

  /** The names in this folder, sorted. */
  async names(): Promise<string[]> {
    return (await readdir(`/proc/self/fd/${this.#fd}`)).sort();
  }

  /**
   * Opens a regular file beneath this folder for reading, without following any symbolic link and without waiting for
   * the writer of a fifo.
   *
   * @returns a descriptor that the caller closes; undefined when there is no such file, or it is not a regular one
   */
  openFile(name: string): number | undefined {
    let fd: number;
    try {
      fd = openBeneath(this.#fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return undefined;
      throw outputFault(`${this.path}/${name}`, error, 'read');
    }
    if (fstatSync(fd).isFile()) return fd;
    closeSync(fd);
    return undefined;
  }

  /**
   * Writes a file: under a random name, with fsync, then rename and fsync of the folder. A reader, or a machine that
   * loses power, sees the old file or the new one. Whatever had the name before is replaced, never written through.
   *
   * @param mode permission bits, regardless of the umask
   * @param durable false to leave out both fsync: the caller syncs the file system before the folder gets its name
   * @throws ProdngError IO; what the iterable throws
   */
  async write(name: string, data: OutputData, mode = 0o644, durable = true): Promise<void> {
    const append = async (write: WriteAt): Promise<void> => {
      let at = 0;
      for await (const chunk of chunksOf(data)) {
        await write(chunk, at);
        at += chunk.length;
      }
    };
    await this.fill(name, append, mode, durable);
  }

  /**
   * Writes a file as `write` does, in any order and with holes, as disk images have them.
   *
   * @param fill is given a function that writes to the new, empty file
   * @throws ProdngError IO; what `fill` throws
   */
  async fill(
    name: string,
    fill: (write: WriteAt) => Promise<void>,
    mode = 0o644,
    durable = true,
  ): Promise<void> {
    oneName(name);
    const path = `${this.path}/${name}`;
    const temporary = temporaryName();
    const fd = this.#create(temporary, path);
    try {
      try {
        await fill((bytes, offset) => writeWhole(fd, bytes, offset, path));
        await atPath(path, async () => {
          fchmodSync(fd, mode);
          if (durable) await promisify(fsync)(fd);
        });
      } finally {
        closeSync(fd);
      }
      await atPath(path, () => this.#publish(temporary, name, durable));
    } catch (error) {
      this.#removeIfThere(temporary);
      throw error;
    }
  }

  /**
   * Creates a file that grows while others read it, such as a log: it has its name from the beginning, in place of
   * whatever had the name before.
   *
   * @returns a descriptor to write to, that the caller closes
   * @throws ProdngError IO
   */
  create(name: string): number {
    oneName(name);
    const path = `${this.path}/${name}`;
    const temporary = temporaryName();
    const fd = this.#create(temporary, path);
    try {
      fchmodSync(fd, 0o644);
      renameAt(this.#fd, temporary, name);
      return fd;
    } catch (error) {
      closeSync(fd);
      this.#removeIfThere(temporary);
      throw outputFault(path, error, 'written');
    }
  }

  /** Removes a file, or a symbolic link itself; nothing happens when there is none. Never a folder. */
  remove(name: string): void {
    oneName(name);
    try {
      unlinkAt(this.#fd, name);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw outputFault(`${this.path}/${name}`, error, 'removed');
    }
  }

  /** Moves an entry to another folder, in place of what has the name there. */
  move(name: string, folder: OutputFolder, newName: string): void {
    try {
      moveAt(this.#fd, oneName(name), folder.#fd, oneName(newName));
    } catch (error) {
      throw outputFault(`${folder.path}/${newName}`, error, 'written');
    }
  }

  /** Removes an entry with all that is in it, if it is there; of a symbolic link the link itself. */
  async removeTree(name: string): Promise<void> {
    await removeTree(`${this.place}/${oneName(name)}`);
  }

  /** Removes a folder if it is empty. */
  removeEmptyFolder(name: string): void {
    oneName(name);
    try {
      removeFolderAt(this.#fd, name);
    } catch (error) {
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST', 'ENOTDIR'].includes(errnoOf(error) ?? ''))
        throw outputFault(`${this.path}/${name}`, error, 'removed');
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #create(temporary: string, path: string): number {
    try {
      return openBeneath(this.#fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    } catch (error) {
      throw outputFault(path, error, 'written');
    }
  }

  async #publish(temporary: string, name: string, durable: boolean): Promise<void> {
    renameAt(this.#fd, temporary, name);
    if (durable) await promisify(fsync)(this.#fd);
  }

  #removeIfThere(temporary: string): void {
    try {
      unlinkAt(this.#fd, temporary);
    } catch {
      // the error that led here says more
    }
  }
}

function makeFolderIfMissing(directory: number, name: string): void {
  try {
    makeFolderAt(directory, name, 0o755);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Short, so that it fits wherever the name itself does. */
function temporaryName(): string {
  return `.prodng-${randomBytes(9).toString('hex')}.tmp`;
}

function oneName(name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\0]/.test(name)) return name;
  throw new ProdngError('INTERNAL', `${JSON.stringify(name)}: not the name of a file in a folder`);
}

async function* chunksOf(data: OutputData): AsyncGenerator<Uint8Array> {
  if (typeof data === 'string') yield Buffer.from(data);
  else if (data instanceof Uint8Array) yield data;
  else yield* data;
}

async function writeWhole(fd: number, chunk: Uint8Array, offset: number, path: string): Promise<void> {
  await atPath(path, async () => {
    for (let done = 0; done < chunk.length; )
      done += (await promisify(write)(fd, chunk, done, chunk.length - done, offset + done)).bytesWritten;
  });
}

async function atPath(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw outputFault(path, error, 'written');
  }
}
