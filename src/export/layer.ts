import { createHash } from 'node:crypto';
import { type Header, type Pack, pack } from 'tar-stream';
import type { TarEntry } from '../archive/entry.ts';
import { ProdngError } from '../error/prodng-error.ts';
import type { OutputFolder } from '../output/output-folder.ts';
import type { ContentsSink, PackageFile } from '../verify/checks/package-contents.ts';

/** The one layer of an image: an uncompressed tar, whose digest is the same whatever compresses it later. */
export interface Layer {
  /** Hex. */
  sha256: string;
  size: number;
}

/** The texts of a rootfs that say who its users are. */
export interface AccountFiles {
  passwd: string;
  group: string;
}

const inJail = /^usr\/lib\/prodng\/jails\/[^/]+\/rootfs\/(.+)$/;
const mostText = 2 ** 20;

/** The path of an entry in the rootfs; undefined for what is beside it. */
export function rootfsPath(path: string): string | undefined {
  return inJail.exec(path)?.[1];
}

/** Takes the rootfs out of a jail's .deb while that is read: its users and, when a file is named, its layer. */
export class RootfsSink implements ContentsSink {
  readonly accounts: AccountFiles = { passwd: '', group: '' };
  readonly #layer: LayerWriter | undefined;
  #text: keyof AccountFiles | undefined;
  #isInside = false;

  constructor(layer?: LayerWriter) {
    this.#layer = layer;
  }

  async entry(entry: TarEntry): Promise<void> {
    const path = rootfsPath(entry.path);
    this.#isInside = path !== undefined;
    this.#text = undefined;
    if (path === undefined) return;
    if ((path === 'etc/passwd' || path === 'etc/group') && entry.type === 'file' && entry.size <= mostText)
      this.#text = path === 'etc/passwd' ? 'passwd' : 'group';
    await this.#layer?.entry(path, entry);
  }

  async piece(bytes: Uint8Array): Promise<void> {
    if (!this.#isInside) return;
    if (this.#text !== undefined) this.accounts[this.#text] += Buffer.from(bytes).toString();
    this.#layer?.piece(bytes);
  }
}

/** Bytes that may wait to be written: tar-stream takes whole files, and tells nothing of a slow disk. */
const mostWaiting = 32 * 2 ** 20;

/** Writes a layer to a file. Equal trees give equal bytes. */
export class LayerWriter {
  readonly #pack: Pack = pack();
  readonly #written: Promise<Layer>;
  #header: (Partial<Header> & { name: string }) | undefined;
  #pieces: Buffer[] = [];
  #waiting = 0;
  #wake: () => void = () => {};

  /** @param name of the file in the folder */
  constructor(folder: OutputFolder, name: string) {
    this.#written = writeOut(folder, name, this.#pack, (size) => {
      this.#waiting -= size;
      this.#wake();
    });
    // reported by end(), which may never be called
    this.#written.catch(() => this.#wake());
  }

  async entry(path: string, entry: TarEntry): Promise<void> {
    await this.#endFile();
    const { type, mode, uid, gid, mtime, size } = entry;
    const kind = kinds[type];
    if (kind === undefined) throw refused(path, `a ${type}, which no layer of an image may have`);
    if (path.slice(path.lastIndexOf('/') + 1).startsWith('.wh.'))
      throw refused(path, 'in a layer that name removes another file: OCI image specification, whiteouts');
    const linkname = type === 'hardlink' ? rootfsPath(entry.linkPath) : entry.linkPath;
    if (linkname === undefined)
      throw refused(path, `a hard link to ${entry.linkPath}, outside of the rootfs`);
    this.#header = {
      name: type === 'directory' ? `${path}/` : path,
      type: kind,
      mode,
      uid,
      gid,
      size,
      mtime: new Date(mtime * 1000),
      ...(linkname === '' ? {} : { linkname }),
    };
  }

  /** Keeps a copy: the bytes are only valid until we return. */
  piece(bytes: Uint8Array): void {
    this.#pieces.push(Buffer.from(bytes));
  }

  async end(): Promise<Layer> {
    await this.#endFile();
    this.#pack.finalize();
    return await this.#written;
  }

  /** Lets go of the file, half-written. */
  async abandon(): Promise<void> {
    this.#pack.destroy();
    await this.#written.catch(() => {});
  }

  async #endFile(): Promise<void> {
    const header = this.#header;
    if (header === undefined) return;
    const content = Buffer.concat(this.#pieces);
    this.#header = undefined;
    this.#pieces = [];
    this.#waiting += content.length;
    await new Promise<void>((done, fail) =>
      this.#pack.entry(header, content, (error) => (error ? fail(error) : done())),
    );
    if (this.#waiting <= mostWaiting) return;
    const caughtUp = new Promise<void>((resolve) => {
      this.#wake = () => {
        if (this.#waiting <= mostWaiting) resolve();
      };
    });
    await Promise.race([caughtUp, this.#written]);
  }
}

const kinds: Readonly<Record<TarEntry['type'], 'file' | 'directory' | 'symlink' | 'link' | undefined>> = {
  file: 'file',
  directory: 'directory',
  symlink: 'symlink',
  hardlink: 'link',
  character: undefined,
  block: undefined,
  fifo: undefined,
};

async function writeOut(
  folder: OutputFolder,
  name: string,
  bytes: Pack,
  onWritten: (size: number) => void,
): Promise<Layer> {
  const hash = createHash('sha256');
  let size = 0;
  const counted = async function* () {
    for await (const chunk of packed(bytes)) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
      onWritten(chunk.length);
    }
  };
  await folder.write(name, counted(), 0o644, false);
  return { sha256: hash.digest('hex'), size };
}

/** The bytes of a tar while it is made. */
export async function* packed(tar: Pack): AsyncGenerator<Buffer> {
  for await (const chunk of tar) if (Buffer.isBuffer(chunk)) yield chunk;
}

function refused(path: string, why: string): ProdngError {
  return new ProdngError('ENTRY_REFUSED', `${path}: ${why}`, { hint: 'leave the file out with Jail-Prune' });
}

/**
 * The SHA-256 over a rootfs's tree: a line for each entry, sorted by path, of path, type, permission bits, owner and
 * the SHA-256 of the content or the target of a link. It is the same for the .deb and in every engine.
 */
export function treeDigest(files: ReadonlyMap<string, PackageFile>): string {
  const lines: string[] = [];
  for (const [full, { entry, sha256 }] of files) {
    const path = rootfsPath(full);
    if (path === undefined) continue;
    lines.push(treeLine(path, entry, contentOf(files, entry, sha256)));
  }
  return createHash('sha256').update(lines.sort().join('')).digest('hex');
}

/** A hard link is the file that it is a name of. */
function contentOf(files: ReadonlyMap<string, PackageFile>, entry: TarEntry, sha256: string): string {
  if (entry.type === 'hardlink') return files.get(entry.linkPath)?.sha256 ?? '';
  return entry.type === 'symlink' ? entry.linkPath : entry.type === 'file' ? sha256 : '';
}

function treeLine(path: string, { type, mode, uid, gid }: TarEntry, content: string): string {
  const kind = type === 'directory' ? 'd' : type === 'symlink' ? 'l' : 'f';
  const bits = type === 'symlink' ? '777' : mode.toString(8);
  return `${path}\0${kind} ${bits} ${uid}:${gid} ${content}\n`;
}
