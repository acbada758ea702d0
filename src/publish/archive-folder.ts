import { closeSync, constants, fchmodSync, fstatSync, fsync, openSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { errnoOf, ProdngError, reasonOf } from '../error/prodng-error.ts';
import { exchangeAt, linkAt, makeFolderAt, moveNewAt, openBeneath, openFolderBeneath } from '../kernel/at.ts';
import { type OutputData, OutputFolder } from '../output/output-folder.ts';

const OPEN_FOLDER = constants.O_RDONLY | constants.O_DIRECTORY;

/**
 * The folder of a package archive. Every path is relative to it and is walked component by component beneath its
 * descriptor: a symbolic link in it leads nowhere. Files are written by OutputFolder.
 */
export class ArchiveFolder {
  readonly path: string;
  readonly #fd: number;

  private constructor(path: string, fd: number) {
    this.path = path;
    this.#fd = fd;
  }

  /**
   * @param make whether to make a folder that is not there
   * @throws ProdngError IO
   */
  static async open(path: string, make: boolean): Promise<ArchiveFolder> {
    try {
      if (make) await mkdir(path, { recursive: true });
      return new ArchiveFolder(path, openSync(path, OPEN_FOLDER));
    } catch (error) {
      throw new ProdngError('IO', `${path}: cannot be opened as an archive: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  /**
   * Runs `work` with a path of the host that leads to a folder of the archive, through its descriptor.
   *
   * @param make whether to make the folders that are not there, mode 0755
   * @throws SystemError: ENOENT, ELOOP or ENOTDIR for a symbolic link, ...
   */
  async within<T>(folder: string, make: boolean, work: (place: string) => Promise<T>): Promise<T> {
    // not /proc/self: programs that we run get these paths too
    return await this.#inside(folder, make, (fd) => work(`/proc/${process.pid}/fd/${fd}`));
  }

  /** The names in a folder, sorted; none when it is not there. */
  async list(folder: string): Promise<string[]> {
    try {
      return (await this.within(folder, false, (place) => readdir(place))).sort();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  /** The bytes of a regular file; undefined when there is none. */
  async read(path: string): Promise<Buffer | undefined> {
    const file = this.open(path);
    if (file === undefined) return undefined;
    try {
      return await readFile(`/proc/self/fd/${file}`);
    } finally {
      closeSync(file);
    }
  }

  /**
   * A descriptor of a regular file that the caller closes; undefined when there is none.
   *
   * @throws ProdngError PUBLISH for anything else of that name
   */
  open(path: string): number | undefined {
    try {
      const fd = openBeneath(this.#fd, path, constants.O_RDONLY | constants.O_NONBLOCK);
      if (fstatSync(fd).isFile()) return fd;
      closeSync(fd);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      if (!['ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) throw error;
    }
    throw new ProdngError('PUBLISH', `${this.path}/${path}: not a regular file`, {
      hint: 'restore the archive from a copy; nothing was changed',
    });
  }

  /** Writes a file of mode 0644 in one step: a reader sees the old bytes or the new ones. */
  async write(path: string, data: OutputData): Promise<void> {
    await this.#write(path, data, true);
  }

  /** As `write`, without syncing: for a folder that is synced as a whole before it is published. */
  async fill(path: string, data: OutputData): Promise<void> {
    await this.#write(path, data, false);
  }

  /** Renames an entry; it replaces nothing. @throws SystemError EEXIST */
  async move(from: string, to: string): Promise<void> {
    await this.#between(from, to, moveNewAt);
  }

  /** Gives a file a second name, without syncing. @throws SystemError EEXIST */
  async link(from: string, to: string): Promise<void> {
    await this.#between(from, to, linkAt, false);
  }

  /** Swaps two entries in one step. @throws ProdngError HOST_LACKS where the file system cannot */
  async swap(from: string, to: string): Promise<void> {
    try {
      await this.#between(from, to, exchangeAt);
    } catch (error) {
      if (!['EINVAL', 'ENOSYS', 'EOPNOTSUPP'].includes(errnoOf(error) ?? '')) throw error;
      throw new ProdngError(
        'HOST_LACKS',
        `${this.path}: its file system cannot swap two folders in one step`,
        {
          hint: 'publish on ext4, xfs, btrfs or tmpfs, and copy the result from there',
          cause: error,
        },
      );
    }
  }

  /** Removes an entry with all that is in it, if it is there. */
  async remove(path: string): Promise<void> {
    const [folder, name] = split(path);
    try {
      await this.#output(folder, false, (output) => output.removeTree(name));
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') throw error;
    }
  }

  async #write(path: string, data: OutputData, durable: boolean): Promise<void> {
    const [folder, name] = split(path);
    await this.#output(folder, true, (output) => output.write(name, data, 0o644, durable));
  }

  async #output(folder: string, make: boolean, work: (output: OutputFolder) => Promise<void>): Promise<void> {
    await this.#inside(folder, make, async (fd) => {
      const output = OutputFolder.of(fd, folder === '' ? this.path : `${this.path}/${folder}`);
      try {
        await work(output);
      } finally {
        output.close();
      }
    });
  }

  async #between(
    from: string,
    to: string,
    work: (fromFolder: number, from: string, folder: number, name: string) => void,
    durable = true,
  ): Promise<void> {
    const [fromFolder, fromName] = split(from);
    const [toFolder, toName] = split(to);
    await this.#inside(fromFolder, false, (one) =>
      this.#inside(toFolder, true, async (other) => {
        work(one, fromName, other, toName);
        if (durable) await syncFolder(other);
      }),
    );
  }

  async #inside<T>(folder: string, make: boolean, work: (fd: number) => Promise<T>): Promise<T> {
    const fd = this.#enter(folder, make);
    try {
      return await work(fd);
    } finally {
      closeSync(fd);
    }
  }

  #enter(folder: string, make: boolean): number {
    if (!make) return this.#openFolder(folder);
    try {
      return this.#openFolder(folder);
    } catch (error) {
      // of a link on the way, the message names the link: the folders before it are tried first
      if (folder === '' || (errnoOf(error) !== 'ENOENT' && !(error instanceof ProdngError))) throw error;
    }
    const [parent, name] = split(folder);
    const fd = this.#enter(parent, true);
    try {
      makeFolderAt(fd, name, 0o755);
      const made = openBeneath(fd, name, OPEN_FOLDER);
      fchmodSync(made, 0o755);
      closeSync(made);
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
    } finally {
      closeSync(fd);
    }
    return this.#openFolder(folder);
  }

  #openFolder(folder: string): number {
    try {
      return openFolderBeneath(this.#fd, folder === '' ? '.' : folder);
    } catch (error) {
      if (!['ELOOP', 'ENOTDIR'].includes(errnoOf(error) ?? '')) throw error;
      throw new ProdngError(
        'PUBLISH',
        `${this.path}/${folder}: a symbolic link or a file where a folder belongs`,
        {
          hint: 'prodng follows no links in an archive: put the folder itself there, or mount it',
          cause: error,
        },
      );
    }
  }
}

/** Makes a rename survive a loss of power. The descriptor is of O_PATH, which cannot be synced itself. */
async function syncFolder(folder: number): Promise<void> {
  const fd = openBeneath(folder, '.', OPEN_FOLDER);
  try {
    await promisify(fsync)(fd);
  } finally {
    closeSync(fd);
  }
}

function split(path: string): [string, string] {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? ['', path] : [path.slice(0, slash), path.slice(slash + 1)];
}
