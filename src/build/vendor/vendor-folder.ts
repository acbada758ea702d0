import { createHash } from 'node:crypto';
import { closeSync, createReadStream } from 'node:fs';
import { ProdngError, reasonOf } from '../../error/prodng-error.ts';
import type { OutputFolder } from '../../output/output-folder.ts';
import { manifestFile, vendoredLock } from './vendor-manifest.ts';

/** The folders of a vendor folder, and the form of the files that prodng puts there. */
const layout: readonly { folder: string; file: RegExp }[] = [
  { folder: 'debs', file: /^[\w+.~:%-]+\.deb$/ },
  { folder: 'sha256', file: /^[0-9a-f]{64}$/ },
  { folder: 'sha512', file: /^[0-9a-f]{128}$/ },
];

/**
 * A vendor folder to fill. It may lie in a repository of foreign origin: no link in it is followed, and what is removed
 * from it follows from its layout and from what is put there now, never from a manifest that was found.
 */
export class VendorFolder {
  readonly #folder: OutputFolder;
  readonly #put = new Set<string>();

  private constructor(folder: OutputFolder) {
    this.#folder = folder;
  }

  /**
   * Takes a folder, which is new, empty or an earlier vendor folder; the caller's no longer.
   *
   * @throws ProdngError TARGET_EXISTS for a folder of something else
   */
  static async take(folder: OutputFolder): Promise<VendorFolder> {
    const manifest = folder.openFile(manifestFile);
    if (manifest !== undefined) closeSync(manifest);
    const ours = [...layout.map((item) => item.folder), vendoredLock];
    const foreign = (await folder.names()).filter((name) => !ours.includes(name));
    if (manifest !== undefined || foreign.length === 0) return new VendorFolder(folder);
    folder.close();
    throw new ProdngError('TARGET_EXISTS', `${folder.path}: is not empty, and no vendor folder`, {
      hint: 'give a new folder with --output',
    });
  }

  get path(): string {
    return this.#folder.path;
  }

  /**
   * Copies a stored file, unless the same bytes are there already.
   *
   * @param path relative, `debs/NAME`
   * @throws ProdngError HASH_MISMATCH when the stored file is damaged, IO
   */
  async put(path: string, from: string, sha256: string): Promise<void> {
    this.#put.add(path);
    if ((await this.#digest(path)) === sha256) return;
    const parts = path.split('/');
    const name = parts.pop() ?? '';
    const folders: OutputFolder[] = [];
    try {
      let folder = this.#folder;
      for (const part of parts) {
        folder = folder.folder(part, true);
        folders.push(folder);
      }
      await folder.write(name, checkedBytes(from, sha256));
    } finally {
      for (const folder of folders) folder.close();
    }
  }

  /** Writes a text at the top. */
  async write(name: string, text: string): Promise<void> {
    await this.#folder.write(name, text);
  }

  /** Removes the files of the layout that were not put: those of an earlier lock. */
  async removeOthers(): Promise<void> {
    for (const { folder, file } of layout) await this.#removeIn(this.#folder, folder, file, folder);
  }

  close(): void {
    this.#folder.close();
  }

  async #removeIn(parent: OutputFolder, name: string, file: RegExp, path: string): Promise<void> {
    if (!(await parent.names()).includes(name)) return;
    const folder = parent.folder(name);
    try {
      for (const one of await folder.names()) {
        const place = `${path}/${one}`;
        // two archives with one file name: debs/SHA256/NAME
        if (path === 'debs' && /^[0-9a-f]{64}$/.test(one)) await this.#removeIn(folder, one, file, place);
        else if (file.test(one) && !this.#put.has(place)) folder.remove(one);
      }
    } finally {
      folder.close();
    }
    if (path.includes('/')) parent.removeEmptyFolder(name);
  }

  async #digest(path: string): Promise<string | undefined> {
    const fd = this.#folder.openFile(path);
    if (fd === undefined) return undefined;
    const hash = createHash('sha256');
    for await (const chunk of createReadStream('', { fd }) as AsyncIterable<Buffer>) hash.update(chunk);
    return hash.digest('hex');
  }
}

async function* checkedBytes(from: string, sha256: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(from, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      yield chunk;
    }
  } catch (error) {
    throw new ProdngError('IO', `${from}: cannot be read: ${reasonOf(error)}`, { cause: error });
  }
  const found = hash.digest('hex');
  if (found === sha256) return;
  throw new ProdngError('HASH_MISMATCH', `${from}: the stored file is damaged: SHA-256 ${found}`, {
    hint: 'remove it, and run the command again; check the disk when it happens again',
  });
}
