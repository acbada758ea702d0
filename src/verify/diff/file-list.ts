import { createHash } from 'node:crypto';
import type { TarEntry, TarItem } from '../../archive/entry.ts';
import { ProdngError } from '../../error/prodng-error.ts';
import { shownPath } from './jail-path.ts';
import { type ListedFile, listedEntry, normalizeLinks } from './listed-file.ts';

/** An entry of an archive, without its time, and what names its content. */
export interface ContentEntry extends Omit<TarEntry, 'mtime'> {
  /** SHA-256 of a regular file, base64; empty otherwise. */
  content: string;
  /** Where the content begins in the plain data.tar, in bytes. */
  offset: number;
}

/** Reads and hashes the content of an entry. */
export async function contentEntry({ entry, contentOffset, content }: TarItem): Promise<ContentEntry> {
  const { mtime: _, ...rest } = entry;
  if (entry.type !== 'file') return { ...rest, content: '', offset: contentOffset };
  const hash = createHash('sha256');
  if (entry.size > 0) for await (const piece of content) hash.update(piece);
  return { ...rest, content: hash.digest('base64'), offset: contentOffset };
}

/** The paths of one archive, as they are met. */
export class FileList {
  readonly #path: string;
  readonly #files = new Map<string, ListedFile>();

  /** @param path of the .deb, for messages */
  constructor(path: string) {
    this.#path = path;
  }

  /** @throws ProdngError ENTRY_REFUSED for a duplicate path or a hard link to what did not come before */
  add(entry: ContentEntry): void {
    const shown = shownPath(entry.path);
    if (this.#files.has(shown)) throw this.#refused(shown, 'duplicate path');
    const listed = listedEntry(entry);
    if (entry.type === 'file') Object.assign(listed, { content: entry.content, offset: entry.offset });
    if (entry.type === 'hardlink') this.#followLink(listed, shown, shownPath(entry.linkPath));
    this.#files.set(shown, listed);
  }

  /** All of them, once there are no more. */
  finish(): Map<string, ListedFile> {
    normalizeLinks(this.#files);
    return this.#files;
  }

  #followLink(listed: ListedFile, shown: string, target: string): void {
    const first = this.#files.get(target);
    if (first === undefined || first.type !== 'file')
      throw this.#refused(shown, `a hard link to ${target}, which is no file before it`);
    const { size, content } = first;
    Object.assign(listed, { size, content, linkedTo: first.linkedTo ?? target });
  }

  #refused(shown: string, why: string): ProdngError {
    return new ProdngError('ENTRY_REFUSED', `${this.#path}: ${shown}: ${why}`);
  }
}
